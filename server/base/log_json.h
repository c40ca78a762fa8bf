/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_LOG_JSON_H
#define SERVER_BASE_LOG_JSON_H

#include "server/base/log.h"
#include "server/base/log_line.h"

/*
 * The JSON form of a record: one object with the names of the Elastic Common Schema, dotted and
 * flat, so that what reads logs needs no rules for ours.  What the schema has no name for stands
 * under `rcstreamd.`.
 *
 * Threads: any; no state.
 */
#define LOG_JSON_ECS_VERSION "8.11.0"

/* What is said, and by whom.  Lent. */
struct log_record {
	const char *level;             /* "info" */
	const struct log_scope *scope; /* NULL: the program itself */
	const char *id;                /* "irc.connected" */
	const char *text;              /* the sentence; may be a peer's */
};

/*
 * Write the record to a line that is empty, with its newline, in LOG_LINE_MAX bytes.  What must
 * give way is the end of the sentence; a field that takes too much is left out.
 */
void log_json_write(struct log_line *line, const struct log_record *record);

#endif
