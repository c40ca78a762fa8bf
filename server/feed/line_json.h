/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_LINE_JSON_H
#define SERVER_FEED_LINE_JSON_H

#include "server/base/buffer.h"
#include "server/feed/change.h"
#include "server/feed/irc_line.h"

/*
 * RCFeed JSON for a change of which there is only the IRC line.
 *
 * Threads: any.
 */

/*
 * Add one object with every member that RCFeed has for any type, in RCFeed's
 * order: what `line` tells is filled in, all else is null and never guessed.  The
 * texts of the line are valid UTF-8; the object is ASCII on one line.
 *
 * Not told by any line: namespace, title_url, timestamp, log_id, log_params, wiki,
 * the lengths of an edit, and of a log entry also id, bot, comment and where the
 * wiki is.
 *
 * What a line tells of an edit's lengths is how they differ, for which RCFeed has no
 * member: it is handed on as `length_difference`, the last one and the only one that is
 * not RCFeed's.
 */
void line_json_write(const struct irc_line *line, struct text server_name, struct buffer *out);

/* How many bytes line_json_write() adds at most: it is some 100 fewer, for numbers have no width.
 */
size_t line_json_length_max(const struct irc_line *line, struct text server_name);

#endif
