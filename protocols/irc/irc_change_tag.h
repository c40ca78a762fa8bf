/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_CHANGE_TAG_H
#define PROTOCOLS_IRC_IRC_CHANGE_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: the value of the tag that carries the structured change: compact JSON, an
 * object with those members of RCFeed that a program needs when the line was cut, escaped
 * as tags want it.  What is not known is left out.
 *
 * Threads: any; no state.
 */

/*
 * Bytes of a value.  What else may be in the 4094 of a server's tags: "rcstreamd.alt/change=",
 * "time=" and 31 bytes, "msgid=" and 37, "batch=" and 20, three semicolons: 129.
 */
#define IRC_CHANGE_TAG_MAX 3900

/*
 * Lends the value, of at most IRC_CHANGE_TAG_MAX bytes, for as long as the change lives.
 * Made once for all workers and all clients.  Empty when there is none.
 */
struct text irc_change_tag_value(struct change *change);

/*
 * Add the value, in at most `length_max` bytes.  One too long is made shorter: the
 * comment is cut at a character boundary, then that of the log entry, then other members
 * are cut or go; the member "cut" lists the names of all of these.
 * False, with nothing added, when not even the numbers fit, or the change has no object.
 */
bool irc_change_tag_append(struct buffer *out, const struct change *change, size_t length_max);

#endif
