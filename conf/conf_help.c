/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"

#define COLUMNS 80

/* What a reload does with a new value, in the table of the manual. */
static const char *const reload_words[] = {
    [CONF_RELOAD_LIVE] = "yes",
    [CONF_RELOAD_SOURCE] = "source",
    [CONF_RELOAD_START] = "no",
};

/* --help */

static void help_option(const struct conf_option *option, struct buffer *out)
{
	buffer_printf(out, "  %s: ", option->key);
	option->type->want(option, out);
	if (!conf_schema_is_required(option)) {
		buffer_printf(out, "; default %s", conf_schema_default(option));
	}
	buffer_append_byte(out, '\n');
	conf_text_fold(out, "      ", option->help, COLUMNS);
}

static void help_section(const struct conf_section *section, struct buffer *out)
{
	struct buffer title = {0};

	if (section->kind == CONF_KIND_ROOT) {
		buffer_append_text(&title, "At the top of the file:");
	} else {
		buffer_printf(&title, "%s%s: %s%s",
		              section->kind == CONF_KIND_INGEST ? "ingest, type " : "",
		              section->path, section->help, conf_schema_note(section));
	}
	buffer_append_byte(&title, '\0');
	conf_text_fold(out, "", title.bytes, COLUMNS);
	buffer_finish(&title);
	for (size_t i = 0; i < section->option_count; i++) {
		help_option(&section->options[i], out);
	}
}

void conf_help_options(struct buffer *out)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		if (i > 0) {
			buffer_append_byte(out, '\n');
		}
		help_section(&conf_schema_sections[i], out);
	}
}

/* docs/configuration.md */

static const char markdown_head[] =
    "<!-- Printed by `conf_docs markdown` from conf/options.def: change that. -->\n"
    "# Configuration\n"
    "\n"
    "`rcstreamd -c FILE` reads one YAML file; `--check-config` tells what is wrong with it,\n"
    "`--dump-config` prints it with every default filled in. `conf/rcstreamd.yaml` is a file\n"
    "to start from. Without `-c`, the IRC and HTTP front-ends and the sources `rc2udp` and\n"
    "`rcfeed-udp` run with their defaults, on loopback only.\n"
    "\n"
    "Every fault of a file is told at once, a line each, and nothing is started:\n"
    "\n"
    "```\n"
    "rcstreamd.yaml:14:17: irc.ping_timeout: \"soon\" is not a duration (want seconds, 5 to "
    "86400)\n"
    "rcstreamd.yaml:15:3: irc.motdd: is not a key here (did you mean motd?)\n"
    "```\n"
    "\n"
    "The file is YAML 1.1 in UTF-8: one document of at most 1 MiB, nested at most 16 deep,\n"
    "each key once, without anchors, aliases and tags. A section with nothing behind its key\n"
    "(`irc:`) has all its defaults. A front-end whose section is absent is off, so an empty\n"
    "file is a server that neither hears nor says anything.\n"
    "\n"
    "SIGHUP has the file read again. What a new value does then is told under *Reload*: **yes**,\n"
    "it holds at once; **source**, that source is stopped and started anew, and no other; **no**,\n"
    "it is kept for the next start, and the log names it. A section that comes or goes waits for\n"
    "the next start too. [operations.md](operations.md#reload) has more.\n"
    "\n"
    "How values are written:\n"
    "\n"
    "* **true or false**: these two words; `yes`, `no`, `on` and `off` are refused.\n"
    "* **seconds**: a whole number, or one with `s`, `m` or `h` behind it: `90`, `90s`, `3m`;\n"
    "  where it says so, with `ms` too: `250ms`.\n"
    "* **bytes**: a whole number, or one with `KiB`, `MiB` or `GiB` behind it: `65536`, `64KiB`.\n"
    "* **addresses**: `\"host:port\"`. The host is an IPv4 address, an IPv6 address in brackets\n"
    "  or `localhost`; no other name is resolved. Port 0 takes any free one. A single address\n"
    "  stands for a list of one. Each is bound once: two front-ends, or two sources, with the\n"
    "  same address are a fault. Sources of datagrams also take `\"unix:path\"`, a socket in the\n"
    "  file system: one that a dead process left is replaced, one in use refused.\n"
    "* **networks**: an address, or one with the length of its prefix: `192.0.2.0/24`,\n"
    "  `2001:db8::/32`. Bits behind the prefix are ignored.\n"
    "* **lines of text**: a list; a single line stands for a list of one.\n"
    "* **text** may need quotes where YAML would see more in it, as in `\"#channel\"`.\n";

static const char markdown_ingest[] =
    "\n"
    "## `ingest`\n"
    "\n"
    "Where changes come from: a list of entries, any number up to 256, in any mix. Each has\n"
    "these keys and those of its type.\n";

static const char markdown_rules[] =
    "\n"
    "## Rules between options\n"
    "\n"
    "* `channel_names`: a wiki has no white space in it; a channel is `#` and 1 to 49 letters,\n"
    "  digits, `_`, `.` and `-`.\n"
    "* `slow_client.outbox_soft` is at most `slow_client.outbox_max`.\n"
    "* `irc.server_name` has no white space, no control characters, no `!`, no `@` and no `:` in\n"
    "  front; `irc.network` no white space and no control characters.\n"
    "* `irc.bot_name` is a nickname: letters, digits and ``_-[]'`^{}|\\``.\n"
    "* `http.socketio.heartbeat_interval` is less than `http.socketio.heartbeat_timeout`.\n"
    "* A source with groups in `join` listens on `0.0.0.0`, `[::]` or one of the groups;\n"
    "  `interface` is given with `join` only.\n"
    "* `redis`, `redis-stream`: user and password are given once, in the `url` or beside it; a\n"
    "  `user` has a password. `tls_ca`, `tls_cert` and `tls_key` go with a `rediss://` URL,\n"
    "  the last two with one another. No pattern and no stream is named twice.\n"
    "* `redis-stream.start` is `$`, `0` or an id, such as `1700000000000-0`; a `state_file` is\n"
    "  that of one entry only.\n";

static void markdown_options(const struct conf_option *options, size_t count, struct buffer *out)
{
	buffer_append_text(
	    out, "\n| Key | Value | Default | Reload | Meaning |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		const struct conf_option *option = &options[i];

		buffer_printf(out, "| `%s` | ", option->key);
		option->type->want(option, out);
		if (conf_schema_is_required(option)) {
			buffer_append_text(out, " | none");
		} else {
			buffer_printf(out, " | `%s`", conf_schema_default(option));
		}
		buffer_printf(out, " | %s | %s |\n", reload_words[option->reload], option->help);
	}
}

static void markdown_section(const struct conf_section *section, struct buffer *out)
{
	if (section->kind == CONF_KIND_ROOT) {
		buffer_append_text(out, "\n## At the top\n");
	} else {
		buffer_printf(out, "\n%s `%s`\n\n%s%s\n",
		              section->kind == CONF_KIND_INGEST ? "###" : "##", section->path,
		              section->help, conf_schema_note(section));
	}
	markdown_options(section->options, section->option_count, out);
}

/* The sections of one kind of nesting: those of the file itself, or the types of `ingest`. */
static void for_sections(bool is_ingest,
                         void (*print)(const struct conf_section *section, struct buffer *out),
                         struct buffer *out)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		if ((section->kind == CONF_KIND_INGEST) == is_ingest) {
			print(section, out);
		}
	}
}

void conf_help_markdown(struct buffer *out)
{
	buffer_append_text(out, markdown_head);
	for_sections(false, markdown_section, out);
	buffer_append_text(out, markdown_ingest);
	markdown_options(conf_schema_entry_options, CONF_ENTRY_OPTIONS, out);
	for_sections(true, markdown_section, out);
	buffer_append_text(out, markdown_rules);
}

/* conf/rcstreamd.yaml */

static const char yaml_head[] =
    "# Printed by `conf_docs yaml` from conf/options.def.\n"
    "#\n"
    "# Every option of rcstreamd at its default, on loopback only: delete what you do not\n"
    "# change. A front-end whose section is absent is off. `rcstreamd -c FILE --check-config`\n"
    "# tells what is wrong with a file; docs/configuration.md has the limits.\n"
    "\n";

static const char yaml_ingest[] =
    "# Where changes come from: any number of entries, in any mix. Two of a type need a listen\n"
    "# address each, and are told apart by a name of your choice (name: ...). A change that\n"
    "# several bring is published once, unless an entry says deduplicate: false.\n"
    "ingest:\n";

/* Adds a comment, `before` being what stands in front of the lines it is about. */
static void yaml_comment(const char *before, const char *text, struct buffer *out)
{
	char hash[32];

	(void)snprintf(hash, sizeof(hash), "%s# ", before);
	conf_text_fold(out, hash, text, COLUMNS);
}

static void yaml_options(const struct conf_section *section, const char *before, struct buffer *out)
{
	for (size_t i = 0; i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];

		yaml_comment(before, option->help, out);
		buffer_printf(out, "%s%s: %s\n", before, option->key,
		              conf_schema_is_required(option) ? "..."
		                                              : conf_schema_default(option));
	}
}

/* A section that is off unless someone asks for it is a comment. */
static void yaml_section(const struct conf_section *section, const char *key, const char *before,
                         struct buffer *out)
{
	char deeper[32] = "";

	if (key != NULL) {
		const char *hash = section->kind == CONF_KIND_EXTRA ? "# " : "";

		buffer_append_byte(out, '\n');
		yaml_comment(before, section->help, out);
		buffer_printf(out, "%s%s%s:\n", before, hash, key);
		(void)snprintf(deeper, sizeof(deeper), "%s%s  ", before, hash);
	}
	yaml_options(section, deeper, out);
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *child = &conf_schema_sections[i];
		const char *child_key = conf_schema_child_key(child, section);

		if (child_key != NULL) {
			yaml_section(child, child_key, deeper, out);
		}
	}
}

/* An entry that cannot do without a key of the operator's is a comment. */
static void yaml_entry(const struct conf_section *section, struct buffer *out)
{
	bool is_comment = false;

	for (size_t i = 0; i < section->option_count; i++) {
		is_comment = is_comment || conf_schema_is_required(&section->options[i]);
	}
	buffer_append_byte(out, '\n');
	yaml_comment("  ", section->help, out);
	buffer_printf(out, "%s- type: %s\n", is_comment ? "  # " : "  ", section->path);
	yaml_options(section, is_comment ? "  #   " : "    ", out);
}

void conf_help_yaml(struct buffer *out)
{
	buffer_append_text(out, yaml_head);
	yaml_section(&conf_schema_sections[0], NULL, "", out);
	buffer_append_byte(out, '\n');
	buffer_append_text(out, yaml_ingest);
	for_sections(true, yaml_entry, out);
}
