/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_IRC_LINK_H
#define SERVER_FEED_IRC_LINK_H

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * The links to the target in the comment of a log entry: "[[TITLE]]" in JSON,
 * "[[^C02TITLE^C10]]" on IRC.  Only links that match to the byte are meant.
 *
 * Threads: any.
 */

/* Add `comment` with each link to `title` in its colours. */
void irc_link_colour(struct text comment, struct text title, struct buffer *out);

/* Add `comment` with each coloured link to `title` without them. */
void irc_link_uncolour(struct text comment, struct text title, struct buffer *out);

#endif
