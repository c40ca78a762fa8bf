/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_schema.h"

#include <string.h>

#include "conf/conf_type_address.h"
#include "conf/conf_type_datagram.h"
#include "conf/conf_type_number.h"
#include "conf/conf_type_redis.h"
#include "conf/conf_type_text.h"
#include "conf/conf_type_tls.h"
#include "server/base/memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Who implements what options.def calls a type. */
#define TYPE_BOOL       conf_type_text_bool
#define TYPE_UNSIGNED   conf_type_number_unsigned
#define TYPE_AUTO       conf_type_number_auto
#define TYPE_SECONDS    conf_type_number_seconds
#define TYPE_MILLIS     conf_type_number_millis
#define TYPE_BYTES      conf_type_number_bytes
#define TYPE_RATE       conf_type_number_rate
#define TYPE_STRING     conf_type_text_string
#define TYPE_TEXT       conf_type_text_lines
#define TYPE_LOG_LEVEL  conf_type_text_log_level
#define TYPE_LOG_FORMAT conf_type_text_log_format
#define TYPE_ADDRESSES  conf_type_address_list
#define TYPE_SOCKETS    conf_type_datagram_sockets
#define TYPE_DATAGRAM   conf_type_datagram_address
#define TYPE_GROUPS     conf_type_datagram_groups
#define TYPE_MODE       conf_type_datagram_mode
#define TYPE_NETWORKS   conf_type_address_networks
#define TYPE_MAP        conf_type_text_map
#define TYPE_STRINGS    conf_type_text_strings
#define TYPE_REDIS_URL  conf_type_redis_url
#define TYPE_KEYPAIRS   conf_type_tls_certificates
#define TYPE_VERSION    conf_type_tls_version

/* First an array of options for each section: irc_options[] ... */
#define SECTION_BEGIN(section, path, kind, help) \
	static const struct conf_option section##_options[] = {
#define OPTION(section, key, type, default_text, min, max, reload, help) \
	{#key, &TYPE_##type,         default_text, min,                  \
	 max,  CONF_RELOAD_##reload, help,         offsetof(struct conf_##section, key)},
#define SECTION_END(section) \
	}                    \
	;
#include "conf/options.def"
#undef SECTION_BEGIN
#undef OPTION
#undef SECTION_END

/* ... then the sections, which point at them. */
#define OFFSET_ROOT(section)     offsetof(struct conf, section)
#define OFFSET_ALWAYS(section)   offsetof(struct conf, section)
#define OFFSET_OPTIONAL(section) offsetof(struct conf, section)
#define OFFSET_EXTRA(section)    offsetof(struct conf, section)
#define OFFSET_INGEST(section)   offsetof(struct conf_ingest, as.section)
#define SECTION_BEGIN(section, path, kind, help) \
	{path,                                   \
	 CONF_KIND_##kind,                       \
	 help,                                   \
	 section##_options,                      \
	 COUNT(section##_options),               \
	 OFFSET_##kind(section)},
#define OPTION(section, key, type, default_text, min, max, reload, help)
#define SECTION_END(section)
const struct conf_section conf_schema_sections[] = {
#include "conf/options.def"
};
#undef SECTION_BEGIN
#undef OPTION
#undef SECTION_END

const size_t conf_schema_section_count = COUNT(conf_schema_sections);

/* Not members of a section: struct conf_ingest holds both. */
const struct conf_option conf_schema_entry_options[CONF_ENTRY_OPTIONS] = {
    [CONF_ENTRY_TYPE] = {.key = "type",
                         .type = &conf_type_text_string,
                         .default_text = "",
                         .min = 1,
                         .max = 63,
                         .reload = CONF_RELOAD_SOURCE,
                         .help = "What the entry is, one of the types below. Required."},
    [CONF_ENTRY_NAME] = {.key = "name",
                         .type = &conf_type_text_string,
                         .default_text = "",
                         .min = 1,
                         .max = 63,
                         .reload = CONF_RELOAD_SOURCE,
                         .help =
                             "Its name in the log, the status and the metrics: letters, digits, "
                             "'_', '-' and '.'. When absent, the type; with -2, -3 and so on "
                             "behind it where that is taken."},
    [CONF_ENTRY_DEDUPLICATE] = {.key = "deduplicate",
                                .type = &conf_type_text_bool,
                                .default_text = "true",
                                .reload = CONF_RELOAD_SOURCE,
                                .help = "Whether a change that another entry with this set has "
                                        "brought already is left out; see `duplicates`."},
};

const struct conf_section *conf_schema_ingest(const char *type)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		if (section->kind == CONF_KIND_INGEST && strcmp(section->path, type) == 0) {
			return section;
		}
	}
	return NULL;
}

const char *conf_schema_child_key(const struct conf_section *section,
                                  const struct conf_section *parent)
{
	const char *last_dot = strrchr(section->path, '.');
	const char *key = last_dot != NULL ? last_dot + 1 : section->path;
	size_t parent_length = last_dot != NULL ? (size_t)(last_dot - section->path) : 0;

	if (section->kind == CONF_KIND_ROOT || section->kind == CONF_KIND_INGEST ||
	    parent->kind == CONF_KIND_INGEST || strlen(parent->path) != parent_length ||
	    memcmp(parent->path, section->path, parent_length) != 0) {
		return NULL;
	}
	return key;
}

bool conf_schema_is_required(const struct conf_option *option)
{
	return option->default_text[0] == '\0' && option->min > 0;
}

const char *conf_schema_default(const struct conf_option *option)
{
	return option->default_text[0] != '\0' ? option->default_text : "\"\"";
}

const char *conf_schema_note(const struct conf_section *section)
{
	return section->kind == CONF_KIND_OPTIONAL || section->kind == CONF_KIND_EXTRA
	           ? " Off when the section is absent."
	           : "";
}

static void add_name(struct conf_names *names, const char *name)
{
	require(names->count < CONF_NAMES_MAX);
	names->items[names->count++] = name;
}

void conf_schema_keys(const struct conf_section *section, struct conf_names *names)
{
	names->count = 0;
	if (section->kind == CONF_KIND_INGEST) {
		for (size_t i = 0; i < CONF_ENTRY_OPTIONS; i++) {
			add_name(names, conf_schema_entry_options[i].key);
		}
	}
	for (size_t i = 0; i < section->option_count; i++) {
		add_name(names, section->options[i].key);
	}
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const char *key = conf_schema_child_key(&conf_schema_sections[i], section);

		if (key != NULL) {
			add_name(names, key);
		}
	}
	if (section->kind == CONF_KIND_ROOT) {
		add_name(names, "ingest");
	}
}

void conf_schema_ingest_types(struct conf_names *names)
{
	names->count = 0;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		if (conf_schema_sections[i].kind == CONF_KIND_INGEST) {
			add_name(names, conf_schema_sections[i].path);
		}
	}
}
