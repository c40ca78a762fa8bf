/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_IRC_CLEAN_H
#define SERVER_FEED_IRC_CLEAN_H

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * What MediaWiki does to titles, user names and comments before they go to IRC
 * (IRCColourfulRCFeedFormatter::cleanupForIRC).
 *
 * Threads: any.
 */

/*
 * Add the valid UTF-8 of `text` with its character references decoded once, then
 * each LF made a space and each CR dropped:
 *
 *   &name;          a character or two, if HTML or MediaWiki names any so
 *   &#9; &#x1F984;  the character, or U+FFFD for a number that XML forbids
 *
 * A reference without its semicolon, an unknown name and a lone "&" stay.  Takes
 * time in proportion to the text, whatever is in it.
 */
void irc_clean_text(struct text text, struct buffer *out);

#endif
