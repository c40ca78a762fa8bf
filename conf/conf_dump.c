/* SPDX-License-Identifier: Apache-2.0 */
/* conf_dump(): the whole configuration as YAML, along the schema. */
#include <stdbool.h>

#include "conf/conf.h"
#include "conf/conf_schema.h"

#define INDENT 2

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
