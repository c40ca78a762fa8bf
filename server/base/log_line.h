/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_LOG_LINE_H
#define SERVER_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/log.h"

/*
 * A line of the log in the making.  What does not fit is left out, and all that comes behind it:
 * a line is cut, it has no holes.
 *
 * Threads: any; no state.
 */
struct log_line {
	char bytes[LOG_LINE_MAX];
	size_t length;
	size_t room;  /* that it may take, of LOG_LINE_MAX */
	bool is_full; /* something was left out */
};

/* Put bytes, all of them or none. */
void log_line_put(struct log_line *line, const char *bytes, size_t length);

/* The same with a text, as it is: a constant, or one that holds nothing of a peer's. */
void log_line_put_text(struct log_line *line, const char *text);

/* The same with a number. */
void log_line_put_number(struct log_line *line, uint64_t number);

/*
 * Put a text that may be a peer's, character by character: controls, separators and bidirectional
 * controls as \uXXXX, what is not UTF-8 as U+FFFD, a backslash doubled; with `is_json` quotes are
 * escaped, too, and it is the inside of a JSON string (RFC 8259 §7).
 */
void log_line_put_escaped(struct log_line *line, const char *text, bool is_json);

/* Put the time, in UTC with milliseconds (RFC 3339). */
void log_line_put_time(struct log_line *line);

#endif
