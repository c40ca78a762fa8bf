/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_SCHEMA_H
#define CONF_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/conf_type.h"

/*
 * conf/options.def as tables to walk: what the reader, the dump, --help and the
 * manual have in common.
 *
 *   section "irc" ─┬─ option "listen"       ── conf_type_address_list
 *                  └─ option "server_name"  ── conf_type_text_string
 *
 * Threads: constant.
 */
enum conf_reload { CONF_RELOAD_LIVE, CONF_RELOAD_SOURCE, CONF_RELOAD_START };

struct conf_option {
	const char *key;
	const struct conf_type *type;
	const char *default_text; /* as in YAML */
	double min;               /* what both bound, see options.def; a double holds all of them */
	double max;
	enum conf_reload reload; /* what a reload does with a new value, see options.def */
	const char *help;
	size_t offset; /* of the member, in the struct of the section */
};

enum conf_kind {
	CONF_KIND_ROOT,
	CONF_KIND_ALWAYS,
	CONF_KIND_OPTIONAL,
	CONF_KIND_EXTRA,
	CONF_KIND_INGEST
};

struct conf_section {
	const char *path; /* "http.socketio"; of an INGEST section its type */
	enum conf_kind kind;
	const char *help;
	const struct conf_option *options;
	size_t option_count;
	size_t offset; /* of the struct, in struct conf, or in struct conf_ingest */
};

/* In the order of options.def; the first is the root. */
extern const struct conf_section conf_schema_sections[];
extern const size_t conf_schema_section_count;

/* What every entry of `ingest` may hold besides the options of its type. */
enum { CONF_ENTRY_TYPE, CONF_ENTRY_NAME, CONF_ENTRY_DEDUPLICATE, CONF_ENTRY_OPTIONS };
extern const struct conf_option conf_schema_entry_options[CONF_ENTRY_OPTIONS];

/* Entries of `ingest`; each is a socket or a file, so a handful is usual. */
#define CONF_INGEST_MAX 256

/* Lends the section of a type of `ingest`, NULL when there is no such type. */
const struct conf_section *conf_schema_ingest(const char *type);

/* Lends the key of `section` inside `parent` ("socketio" in "http"), NULL when it is not a child.
 */
const char *conf_schema_child_key(const struct conf_section *section,
                                  const struct conf_section *parent);

/* Whether the key must be given: there is no default that fits. */
bool conf_schema_is_required(const struct conf_option *option);

/* Lends the default as people write it: an empty text in its quotes. */
const char *conf_schema_default(const struct conf_option *option);

/* Lends how the section behaves when its key is absent, a sentence with a blank in front; or "". */
const char *conf_schema_note(const struct conf_section *section);

/* A few names, lent by the schema. */
#define CONF_NAMES_MAX 32
struct conf_names {
	const char *items[CONF_NAMES_MAX];
	size_t count;
};

/* Sets `names` to the keys that a section may hold: options and child sections. */
void conf_schema_keys(const struct conf_section *section, struct conf_names *names);

/* Sets `names` to the types of `ingest`. */
void conf_schema_ingest_types(struct conf_names *names);

#endif
