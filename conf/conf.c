/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text ── conf_yaml ──> nodes ── conf_read, along conf_schema ──> struct conf
 *
 * Each step adds what it finds wrong to the same struct conf_faults, and the next
 * one goes on with what is left, so that one run tells all the faults of a file.
 */
#include "conf/conf.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_fault.h"
#include "conf/conf_help.h"
#include "conf/conf_read.h"
#include "conf/conf_schema.h"
#include "conf/conf_yaml.h"
#include "server/base/memory.h"

#define INDENT 2 /* of a dump */

/* Gives the configuration that a text of our own says. */
static struct conf *read_constant(const char *text)
{
	struct conf_faults faults = {.file = "built-in"};
	struct conf *conf = mem_new(struct conf);
	struct conf_node *root = conf_yaml_parse_constant(text);

	conf_read_root(conf, root, &faults);
	require(faults.count == 0);
	conf_yaml_destroy(root);
	conf_fault_finish(&faults);
	return conf;
}

struct conf *conf_create_default(const char *demo_file)
{
	struct conf *conf = read_constant("irc:\n"
	                                  "http:\n"
	                                  "ingest:\n"
	                                  "  - type: rc2udp\n"
	                                  "  - type: rcfeed-udp\n");

	if (demo_file != NULL) {
		conf_add_demo(conf, demo_file);
	}
	return conf;
}

/* The file's name comes from the system, not from YAML: it need not even be UTF-8. */
void conf_add_demo(struct conf *conf, const char *demo_file)
{
	struct conf *demo = read_constant("ingest:\n"
	                                  "  - type: replay\n"
	                                  "    file: demo\n"
	                                  "    rate: 5\n"
	                                  "    loop: true\n"
	                                  "    refresh: true\n");
	struct conf_ingest *entry = demo->ingest;

	free((char *)entry->name);
	entry->name = conf_read_free_name(conf, "demo");
	free((char *)entry->as.replay.file);
	entry->as.replay.file = mem_copy_text(demo_file, strlen(demo_file));
	conf->ingest = mem_resize(conf->ingest, (conf->ingest_count + 1) * sizeof(*conf->ingest));
	conf->ingest[conf->ingest_count++] = *entry;
	demo->ingest_count = 0; /* what the entry owns is conf's now */
	conf_destroy(demo);
}

static struct conf *read_text(const char *name, const char *text, size_t length,
                              struct conf_faults *faults)
{
	struct conf_node *root;
	struct conf *conf;

	if (length > CONF_FILE_MAX) {
		conf_fault_add(faults, (struct conf_mark){0},
		               "is too large (want at most %d bytes)", CONF_FILE_MAX);
		return NULL;
	}
	root = conf_yaml_parse(text, length, faults);
	if (root == NULL) {
		return NULL;
	}
	conf = mem_new(struct conf);
	conf->file = mem_copy_text(name, strlen(name));
	conf_read_root(conf, root, faults);
	conf_yaml_destroy(root);
	return conf;
}

struct conf *conf_parse(const char *name, const char *text, size_t length, struct buffer *errors)
{
	struct conf_faults faults = {.file = name};
	struct conf *conf = read_text(name, length > 0 ? text : "", length, &faults);

	if (faults.count > 0) {
		conf_fault_print(&faults, errors);
		conf_destroy(conf);
		conf = NULL;
	}
	conf_fault_finish(&faults);
	return conf;
}

/* Reads a byte more than is allowed at most, which tells conf_parse() that there is more. */
static bool read_file(const char *file, struct buffer *text)
{
	FILE *stream = fopen(file, "re");
	size_t length = 1;
	int error;

	if (stream == NULL) {
		return false;
	}
	while (length > 0 && text->length <= CONF_FILE_MAX) {
		char *room = buffer_reserve(text, BUFSIZ);

		length = fread(room, 1, BUFSIZ, stream);
		text->length += length;
	}
	error = ferror(stream) ? errno : 0;
	(void)fclose(stream);
	errno = error;
	return error == 0;
}

struct conf *conf_load(const char *file, struct buffer *errors)
{
	struct buffer text = {0};
	struct conf *conf = NULL;

	if (read_file(file, &text)) {
		conf = conf_parse(file, text.bytes, text.length, errors);
	} else {
		buffer_printf(errors, "%s: cannot be read: %s\n", file, strerror(errno));
	}
	buffer_finish(&text);
	return conf;
}

static void finish_section(const struct conf_section *section, void *object)
{
	for (size_t i = 0; i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];

		if (option->type->finish != NULL) {
			option->type->finish((char *)object + option->offset);
		}
	}
}

static struct conf *changeable(const struct conf *conf)
{
	return (struct conf *)conf;
}

const struct conf *conf_share(const struct conf *conf)
{
	(void)atomic_fetch_add(&changeable(conf)->shares, 1);
	return conf;
}

static void destroy(struct conf *conf)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		if (section->kind != CONF_KIND_INGEST) {
			finish_section(section, (char *)conf + section->offset);
		}
	}
	for (size_t i = 0; i < conf->ingest_count; i++) {
		struct conf_ingest *ingest = &conf->ingest[i];

		if (ingest->type != NULL) {
			const struct conf_section *section = conf_schema_ingest(ingest->type);

			finish_section(section, (char *)ingest + section->offset);
		}
		free((char *)ingest->name);
	}
	free(conf->ingest);
	free((char *)conf->file);
	free(conf);
}

void conf_destroy(const struct conf *conf)
{
	if (conf != NULL && atomic_fetch_sub(&changeable(conf)->shares, 1) == 0) {
		destroy(changeable(conf));
	}
}

static void dump_options(const struct conf_section *section, const void *object, int indent,
                         struct buffer *out)
{
	for (size_t i = 0; i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];

		buffer_printf(out, "%*s%s: ", indent, "", option->key);
		option->type->print((const char *)object + option->offset, out);
		buffer_append_byte(out, '\n');
	}
}

static bool is_present(const struct conf *conf, const struct conf_section *section)
{
	return *(const bool *)((const char *)conf + section->offset);
}

/* `indent` is that of the section's keys. */
static void dump_section(const struct conf *conf, const struct conf_section *section, int indent,
                         struct buffer *out)
{
	dump_options(section, (const char *)conf + section->offset, indent, out);
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *child = &conf_schema_sections[i];
		const char *key = conf_schema_child_key(child, section);

		if (key != NULL && is_present(conf, child)) {
			buffer_printf(out, "%*s%s:\n", indent, "", key);
			dump_section(conf, child, indent + INDENT, out);
		}
	}
}

static void dump_ingest(const struct conf_ingest *ingest, struct buffer *out)
{
	const struct conf_section *section = conf_schema_ingest(ingest->type);

	buffer_printf(out, "%*s- type: %s\n", INDENT, "", ingest->type);
	buffer_printf(out, "%*sname: \"%s\"\n", 2 * INDENT, "", ingest->name);
	buffer_printf(out, "%*sdeduplicate: %s\n", 2 * INDENT, "",
	              ingest->deduplicate ? "true" : "false");
	dump_options(section, (const char *)ingest + section->offset, 2 * INDENT, out);
}

void conf_dump(const struct conf *conf, struct buffer *out)
{
	dump_section(conf, &conf_schema_sections[0], 0, out);
	buffer_append_text(out, conf->ingest_count > 0 ? "ingest:\n" : "ingest: []\n");
	for (size_t i = 0; i < conf->ingest_count; i++) {
		dump_ingest(&conf->ingest[i], out);
	}
}

void conf_help(struct buffer *out)
{
	conf_help_options(out);
}
