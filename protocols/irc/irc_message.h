/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_MESSAGE_H
#define PROTOCOLS_IRC_IRC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: the lines of IRC (RFC 2812 §2.3) both ways.
 *
 *   bytes ── irc_lines_next() ──> line ── irc_message_parse() ──> command, parameters
 *   text in a buffer ── irc_line_end() ──> one line that can hold nothing but itself
 *
 * Threads: any; no state but the caller's.
 */
#define IRC_LINE_MAX   512                /* bytes of a line, its CR LF included */
#define IRC_TEXT_MAX   (IRC_LINE_MAX - 2) /* without */
#define IRC_TAGS_MAX   4096               /* IRCv3 tags of a client, '@' and space included */
#define IRC_PARAMS_MAX 15

/* What is remembered between two calls of irc_lines_next().  All zero is the beginning. */
struct irc_lines {
	bool is_discarding; /* the tail of a line that was too long, up to its end */
	bool was_refused;   /* what was taken last began a line with too many tags: answer 417 */
};

/*
 * Lends the next line, without its end (CR, LF or both).  Returns how many bytes
 * it took; 0 when no whole line is there yet, which is never so with more than
 * IRC_TAGS_MAX + IRC_TEXT_MAX bytes.  `line` is empty when what was taken held
 * none.  One too long is cut at IRC_TEXT_MAX, tags not counted, at a character
 * boundary; the rest of it is taken and thrown away.  Tags are never cut: with more
 * than IRC_TAGS_MAX of them the whole line goes.
 */
size_t irc_lines_next(struct irc_lines *lines, const char *bytes, size_t length, struct text *line);

/* A line taken apart; the texts are NUL-terminated and point into `storage`. */
struct irc_message {
	struct text tags;    /* between '@' and space, as they came; part of the line, lent */
	const char *command; /* ASCII letters in upper case */
	const char *params[IRC_PARAMS_MAX];
	size_t param_count;
	bool was_repaired;                  /* it was not UTF-8: bad bytes are U+FFFD now */
	char storage[3 * IRC_TEXT_MAX + 1]; /* a bad byte becomes three */
};

/*
 * Take a line apart: the source is skipped, NUL bytes dropped, the fifteenth parameter
 * takes all that is left.  False when there is no command.  `line` is copied but for
 * its tags, which are not looked into.
 */
bool irc_message_parse(struct irc_message *message, struct text line);

/*
 * Make what was added to `out` since it had the length `start` a line to send: CR,
 * LF and NUL go, it is cut at a character boundary to fit IRC_LINE_MAX, and its
 * CR LF is added.
 */
void irc_line_end(struct buffer *out, size_t start);

#endif
