/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_manual.h"

#include <stddef.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"

#define COLUMNS 90

static const char head[] =
    ".\\\" SPDX-License-Identifier: Apache-2.0\n"
    ".\\\" Printed by `conf_docs manual` from conf/options.def: change that.\n"
    ".Dd November 22, 2026\n"
    ".Dt RCSTREAMD.YAML 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm rcstreamd.yaml\n"
    ".Nd configuration of rcstreamd\n"
    ".Sh DESCRIPTION\n"
    "The file that\n"
    ".Xr rcstreamd 8\n"
    "reads with\n"
    ".Fl c .\n"
    "It is YAML 1.1 in UTF-8: one document of at most 1 MiB, nested at most 16 deep, each key\n"
    "once, without anchors, aliases and tags.\n"
    "Every fault of it is told at once, a line each, and nothing is started;\n"
    ".Ql rcstreamd -c FILE --check-config\n"
    "does no more than that.\n"
    ".Pp\n"
    "A front-end whose section is absent is off; a section with nothing behind its key has all\n"
    "its defaults.\n"
    "An empty file is a server that neither hears nor says anything.\n"
    ".Ss Values\n"
    ".Bl -tag -width Ds\n"
    ".It true or false\n"
    "These two words.\n"
    ".It seconds\n"
    "A whole number, or one with\n"
    ".Sq s ,\n"
    ".Sq m\n"
    "or\n"
    ".Sq h\n"
    "behind it; where it says so, with\n"
    ".Sq ms\n"
    "too.\n"
    ".It bytes\n"
    "A whole number, or one with\n"
    ".Sq KiB ,\n"
    ".Sq MiB\n"
    "or\n"
    ".Sq GiB\n"
    "behind it.\n"
    ".It addresses\n"
    "A host and a port in quotes, as in\n"
    ".Ql \\(dq[::1]:6667\\(dq ;\n"
    "the host is an IPv4 address, an IPv6 address in brackets or\n"
    ".Ql localhost .\n"
    "Port 0 takes any free one.\n"
    "Sources of datagrams also take\n"
    ".Ql \\(dqunix:path\\(dq .\n"
    ".It networks\n"
    "An address, or one with the length of its prefix.\n"
    ".El\n";

static const char ingest_head[] = ".Sh SOURCES\n"
				  ".Ic ingest\n"
				  "is a list of entries, any number up to 256, in any mix.\n"
				  "Each has these keys and those of its type.\n";

static const char tail[] =
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /etc/rcstreamd/rcstreamd.yaml\n"
    "Where the package has it.\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    "IRC and HTTP for all who can reach the machine, fed by the wikis behind a firewall:\n"
    ".Bd -literal -offset indent\n"
    "irc:\n"
    "  listen: \\(dq[::]:6667\\(dq\n"
    "http:\n"
    "  listen: \\(dq[::]:8080\\(dq\n"
    "ingest:\n"
    "  - {type: rc2udp, listen: \\(dq[::]:9390\\(dq}\n"
    "  - {type: rcfeed-udp, listen: \\(dq[::]:9391\\(dq}\n"
    ".Ed\n"
    ".Sh SEE ALSO\n"
    ".Xr rcstreamd 8\n";

/* --- text as roff takes it ------------------------------------------------ */

/* A backslash begins an escape; a dot or an apostrophe at a line's beginning a request. */
static void add_byte(char byte, bool is_first, struct buffer *out)
{
	if (is_first && (byte == '.' || byte == '\'')) {
		buffer_append_text(out, "\\&");
	}
	if (byte == '\\') {
		buffer_append_text(out, "\\e");
	} else {
		buffer_append_byte(out, byte);
	}
}

/* Lines of text, folded, and each sentence on a line of its own as mdoc(7) wants it. */
static void add_text(const char *text, struct buffer *out)
{
	struct buffer folded = {0};
	char before = '\n';

	conf_text_fold(&folded, "", text, COLUMNS);
	for (size_t i = 0; i < folded.length; i++) {
		char byte = folded.bytes[i];

		if (byte == ' ' && before == '.') {
			byte = '\n';
		}
		add_byte(byte, before == '\n', out);
		before = byte;
	}
	buffer_finish(&folded);
}

/* An argument of a macro, in its quotes. */
static void add_argument(const char *text, size_t length, struct buffer *out)
{
	buffer_append_byte(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"') {
			buffer_append_text(out, "\\(dq");
		} else {
			add_byte(text[i], false, out);
		}
	}
	buffer_append_byte(out, '"');
}

/* --- options ------------------------------------------------------------- */

static void add_limits(const struct conf_option *option, struct buffer *out)
{
	struct buffer limits = {0};

	option->type->want(option, &limits);
	buffer_append_text(out, ".Pq ");
	add_argument(limits.bytes, limits.length, out);
	if (!conf_schema_is_required(option)) {
		const char *value = conf_schema_default(option);

		buffer_append_text(out, "\ndefault\n.Li ");
		add_argument(value, strlen(value), out);
		buffer_append_text(out, " .");
	}
	buffer_append_byte(out, '\n');
	buffer_finish(&limits);
}

static void add_options(const struct conf_option *options, size_t count, struct buffer *out)
{
	buffer_append_text(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < count; i++) {
		buffer_printf(out, ".It Ic %s\n", options[i].key);
		add_limits(&options[i], out);
		buffer_append_text(out, ".br\n");
		add_text(options[i].help, out);
	}
	buffer_append_text(out, ".El\n");
}

static void add_section(const struct conf_section *section, struct buffer *out)
{
	if (section->kind == CONF_KIND_ROOT) {
		buffer_append_text(out, ".Sh KEYS\n.Ss The file itself\n");
	} else {
		buffer_printf(out, ".Ss %s\n", section->path);
		add_text(section->help, out);
		if (conf_schema_note(section)[0] != '\0') {
			add_text(conf_schema_note(section) + 1, out);
		}
	}
	add_options(section->options, section->option_count, out);
}

/* The sections of the file itself, or the types of `ingest`. */
static void add_sections(bool is_ingest, struct buffer *out)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		if ((section->kind == CONF_KIND_INGEST) == is_ingest) {
			add_section(section, out);
		}
	}
}

void conf_manual(struct buffer *out)
{
	buffer_append_text(out, head);
	add_sections(false, out);
	buffer_append_text(out, ingest_head);
	add_options(conf_schema_entry_options, CONF_ENTRY_OPTIONS, out);
	add_sections(true, out);
	buffer_append_text(out, tail);
}
