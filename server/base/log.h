/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_LOG_H
#define SERVER_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The log: one line a record on standard output, plain text, JSON (log_json.h) or text for
 * systemd's journal, which has a time of its own and takes the level from the line's beginning.
 *
 *   log_info(&session->log, "irc.registered", "nick %s", session->nick);
 *
 * First the scope, which says who speaks; second a stable id, `area.noun`, to
 * search and alert on; third a sentence fragment.  Text from peers may stand in
 * the arguments as it is: control characters, line and paragraph separators and
 * bidirectional controls are escaped as the line is written, and bytes that are
 * not UTF-8 are replaced.
 *
 * Levels: error, someone must act; warn, degraded but going on; info, a start, a
 * stop, a source up or down, and of the clients so many lines a second
 * (server/net/client_log.h); debug, all there is.  Nothing per change above debug.
 *
 * Threads: any; a record is one write(2) of at most LOG_LINE_MAX bytes.
 */
#define LOG_LINE_MAX 4096

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Auto: journal where standard output is the journal, else plain. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_PLAIN, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };

/* A value that machines find by its name: in JSON only, so the sentence tells people, too. */
struct log_field {
	const char *name; /* of ECS, or under "rcstreamd."; a constant */
	const char *text; /* may be a peer's; NULL: it is a number */
	uint64_t number;
};

/* Who speaks.  Lent for each call. */
struct log_scope {
	const char *name;               /* "irc", "feeder", "rc2udp" */
	const char *peer;               /* "192.0.2.1:4711"; may be NULL */
	uint64_t id;                    /* of the connection, worker or session; 0 for none */
	const struct log_field *fields; /* the last has no name; NULL: none */
};

/* Set the level and the form.  Called by main() before any thread starts, and on reload. */
void log_configure(enum log_level level, enum log_format format);

/* Whether this descriptor is the journal's stream that the service manager gave. */
bool log_is_journal(int descriptor);

/* Read "debug", "info", "warn" or "error"; false, and nothing set, for any other word. */
bool log_level_parse(const char *word, enum log_level *level);

/* Read "auto", "plain", "json" or "journal"; false, and nothing set, for any other word. */
bool log_format_parse(const char *word, enum log_format *format);

/* Lends the word of a level. */
const char *log_level_name(enum log_level level);

/* Lends what a line of this level begins with in the journal, "<6>" (sd-daemon(3)). */
const char *log_level_priority(enum log_level level);

/* Lends the word of a form. */
const char *log_format_name(enum log_format format);

/* Whether a record of this level would be written. */
bool log_is_on(enum log_level level);

/*
 * Whether a record can be written without waiting for whoever reads the log.  With several threads
 * it is likely and not certain: another one may be faster.
 */
bool log_has_room(void);

/* Write a record whatever the level; use the macros below.  NULL `scope` is the program itself. */
void log_write(enum log_level level, const struct log_scope *scope, const char *id,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#define log_at(level, scope, id, ...) \
	(log_is_on(level) ? log_write(level, scope, id, __VA_ARGS__) : (void)0)
#define log_debug(scope, id, ...) log_at(LOG_LEVEL_DEBUG, scope, id, __VA_ARGS__)
#define log_info(scope, id, ...)  log_at(LOG_LEVEL_INFO, scope, id, __VA_ARGS__)
#define log_warn(scope, id, ...)  log_at(LOG_LEVEL_WARN, scope, id, __VA_ARGS__)
#define log_error(scope, id, ...) log_at(LOG_LEVEL_ERROR, scope, id, __VA_ARGS__)

#endif
