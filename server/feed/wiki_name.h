/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_WIKI_NAME_H
#define SERVER_FEED_WIKI_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "server/feed/change.h"

/*
 * The names of a wiki: its server name (RCFeed `server_name`, "en.wikipedia.org"),
 * its IRC channel ("#en.wikipedia") and its database name (RCFeed `wiki`, "enwiki").
 *
 * A channel is "#" and the server name without a final ".org".  Exceptions are
 * kept by database name: first those of the configuration (`channel_names`), then
 * Wikimedia's (wiki_channels.def, which knows their server names too).
 *
 * Threads: immutable once created.
 */
struct wiki_names;

#define WIKI_NAME_MAX    255 /* bytes of a server name: RFC 1035's limit of a name */
#define WIKI_CHANNEL_MAX 50  /* bytes of a channel with its "#": CHANNELLEN */

/* One exception of the configuration. */
struct wiki_name_exception {
	const char *wiki;    /* database name */
	const char *channel; /* with its "#" */
};

/*
 * Gives the names with `count` exceptions (copied) before the built-in ones.  Of
 * two for one wiki the first counts.
 */
struct wiki_names *wiki_names_create(const struct wiki_name_exception *exceptions, size_t count);

/* NULL does nothing. */
void wiki_names_destroy(struct wiki_names *names);

/*
 * Write the channel of a wiki with a valid server name to `channel`,
 * NUL-terminated.  `database` may have NULL bytes: a built-in exception is then
 * found by its server name.  False when no channel that could be joined comes out
 * of it; `channel` is then "#", which nobody can join.
 */
bool wiki_channel(const struct wiki_names *names, struct text server_name, struct text database,
                  char channel[WIKI_CHANNEL_MAX + 1]);

/*
 * Write the server name that a valid channel stands for, NUL-terminated: the
 * reverse of the exceptions where one is known, else the channel without its "#"
 * and with ".org" behind it, unless it ends in ".org" already.
 */
void wiki_server_name(const struct wiki_names *names, struct text channel,
                      char server_name[WIKI_NAME_MAX + 1]);

/*
 * Whether a client could join it: "#" and 1 to 49 of letters, digits, '_', '.'
 * and '-' (ASCII).
 */
bool wiki_channel_is_valid(const char *channel, size_t length);

/* Whether it could be a server name: 1 to 255 of letters, digits, '.', '-', '_', ':' and brackets.
 */
bool wiki_server_name_is_valid(const char *name, size_t length);

#endif
