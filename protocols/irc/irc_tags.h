/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_TAGS_H
#define PROTOCOLS_IRC_IRC_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/irc/irc_msgid.h"
#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * IRCv3 message tags, "@key=value;key=value " in front of a line: those of a
 * change, and those that a client sends.
 *
 * The time of a change is that of its arrival here, not MediaWiki's timestamp: it has
 * milliseconds, it goes with the order of the changes, one that came as a line has it too,
 * and history is asked for by it.  It stays what it was however long the line waits
 * in a queue.  When the change was made at the wiki is in the change tag.
 *
 * Threads: any; no state.
 */
struct irc_server;

#define IRC_TAGS_DATA_MAX 4094 /* bytes between '@' and space that a server may add */
#define IRC_TIME_MAX      32   /* "2026-01-31T12:00:00.000Z" and the NUL; years have more digits */

enum irc_tag {
	IRC_TAG_TIME = 1,   /* time: server-time */
	IRC_TAG_MSGID = 2,  /* msgid: message-tags */
	IRC_TAG_CHANGE = 4, /* IRC_CHANGE_NAME: the structured change */
	IRC_TAGS_ALL = 7
};

/*
 * Add "@time=...;msgid=... ", those of `tags` that the change has, and `batch=` before
 * them unless it is NULL; nothing when there are none.  At most IRC_TAGS_DATA_MAX bytes
 * of data.
 */
void irc_tags_append(struct buffer *out, const struct irc_server *server, struct change *change,
                     unsigned tags, const char *batch);

/* Writes a Unix time as server-time wants it, and lends it back. */
const char *irc_tags_time(char text[IRC_TIME_MAX], uint64_t unix_ms);

/* Add `value` as the value of a tag: what would end it is escaped. */
void irc_tags_escape(struct buffer *out, struct text value);

/*
 * Add the client-only tags, "+a=1;+b", of what a client has sent: all or, when a line could
 * not hold them or they are not UTF-8, none.
 */
void irc_tags_relay(struct buffer *out, struct text tags);

/*
 * Lends the value of a client's tag as it was sent, escapes and all.  `tags` is what
 * stands between '@' and the space.  Of several the last counts.  NULL bytes: it is not
 * there; one without a value is empty.
 */
struct text irc_tags_find(struct text tags, const char *key);

#endif
