/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_NAME_H
#define PROTOCOLS_IRC_IRC_NAME_H

#include <stdbool.h>

#include "protocols/irc/irc_message.h"
#include "server/feed/change.h"

/*
 * Codec: the names of IRC.  They compare without ASCII case (CASEMAPPING=ascii), come
 * in lists "a,b,c", and may be masks: '*' stands for any characters and '?' for one.
 *
 * Threads: any; no state but the caller's.
 */

/* A name of a list, NUL-terminated; as long as a line can hold. */
struct irc_name {
	char text[3 * IRC_TEXT_MAX + 1];
};

/*
 * Take the next name of "a,b,c", spaces around it dropped and empty ones passed over.
 * False when there is none.  `*list` lends its text and moves on.
 */
bool irc_name_next(const char **list, struct irc_name *name);

/* The character in lower case; only ASCII letters have another. */
char irc_name_fold(char character);

/* Whether two texts are the same without ASCII case. */
bool irc_name_equals(const char *left, const char *right);

/* Whether a text has a wildcard. */
bool irc_name_has_wildcard(const char *text);

/*
 * Whether it is a wildcard channel that a client may join: "#" and 1 to 49 of what
 * channels are made of, '*' and '?', of the latter one at least.
 */
bool irc_name_is_mask(struct text name);

/*
 * Whether a mask fits the whole name, without ASCII case; bytes are characters.  Time
 * is at most the product of the lengths.
 */
bool irc_name_matches(const char *mask, const char *name);

#endif
