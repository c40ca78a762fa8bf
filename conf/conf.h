/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf_member.h"
#include "server/base/buffer.h"

/*
 * The configuration as structs, one for each section of conf/options.def, with a
 * member for each option.
 *
 *   file ── conf_load() ──> struct conf, immutable, shared by those that it is in force for
 *
 * Threads: immutable once loaded.
 */

/* struct conf_root, conf_log, conf_irc, ...; `present` tells an OPTIONAL section that is on. */
#define SECTION_BEGIN(section, path, kind, help) \
	struct conf_##section {                  \
		bool present;
#define OPTION(section, key, type, default_text, min, max, reload, help) CONF_TYPE_##type key;
#define SECTION_END(section) \
	}                    \
	;
#include "conf/options.def"
#undef SECTION_BEGIN
#undef OPTION
#undef SECTION_END

/* One entry of `ingest`. */
struct conf_ingest {
	const char *type; /* "rc2udp"; the path of its section */
	const char *name; /* `name:` of the entry, else the type, made unique by "-2", "-3" ... */
	bool deduplicate; /* what another such entry has brought is not published again */
	struct conf_mark mark;
	union {
		struct conf_rc2udp rc2udp;
		struct conf_rcfeed_udp rcfeed_udp;
		struct conf_eventstreams eventstreams;
		struct conf_redis redis;
		struct conf_redis_stream redis_stream;
		struct conf_replay replay;
	} as;
};

struct conf {
	_Atomic unsigned shares; /* beside the first; conf.c only */
	const char *file;        /* the name as given; NULL for the built-in defaults */
	struct conf_root root;
	struct conf_log log;
	struct conf_drain drain;
	struct conf_slow_client slow_client;
	struct conf_limits limits;
	struct conf_tls tls;
	struct conf_duplicates duplicates;
	struct conf_history history;
	struct conf_irc irc;
	struct conf_http http;
	struct conf_admin admin;
	struct conf_socketio socketio;
	struct conf_ingest *ingest;
	size_t ingest_count;
};

/* Gives the defaults: IRC, HTTP, rc2udp, rcfeed-udp on loopback; and a demo if not NULL. */
struct conf *conf_create_default(const char *demo_file);

/* Add a replay of the bundled sample (`demo_file`, copied), named "demo", to the sources. */
void conf_add_demo(struct conf *conf, const char *demo_file);

/*
 * Gives what `file` says, defaults filled in.  NULL when something is wrong: every
 * fault is then a line in `errors`, in the form
 *
 *   file:line:column: key: what was met, what was wanted
 *
 * with an unknown key naming the nearest known one.  At most CONF_FILE_MAX bytes
 * are read, nested no deeper than CONF_DEPTH_MAX.  YAML 1.1 (libyaml); duplicate
 * keys and aliases are faults.
 */
#define CONF_FILE_MAX  1048576
#define CONF_DEPTH_MAX 16
struct conf *conf_load(const char *file, struct buffer *errors);

/* The same from memory; `name` stands for the file in messages. */
struct conf *conf_parse(const char *name, const char *text, size_t length, struct buffer *errors);

/*
 * Shares it: whoever gets it ends it with conf_destroy(), on any thread.  A configuration that is
 * in force is replaced by another one, never changed.
 */
const struct conf *conf_share(const struct conf *conf);

/* Give up one's share; the last one's frees it all.  NULL does nothing. */
void conf_destroy(const struct conf *conf);

/* Add the whole configuration as YAML that conf_parse() reads back to the same. */
void conf_dump(const struct conf *conf, struct buffer *out);

/* Add the options for --help: a line or two each, by section. */
void conf_help(struct buffer *out);

#endif
