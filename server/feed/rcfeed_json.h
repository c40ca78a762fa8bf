/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_RCFEED_JSON_H
#define SERVER_FEED_RCFEED_JSON_H

#include <stddef.h>

#include "server/feed/change.h"
#include "server/feed/drop_reason.h"
#include "server/feed/wiki_name.h"

/*
 * Codec: RCFeed JSON (MediaWiki's JSONRCFeedFormatter, or an EventStreams
 * `recentchange` event) into a change.
 *
 * Threads: any.
 */
#define RCFEED_JSON_DEPTH_MAX 64

/*
 * Gives the change that one JSON object describes, with its IRC line where it has
 * one; NULL with `reason` set when it describes none.
 *
 * The change's JSON is the bytes as they came: keys, their order, numbers and
 * escapes stay; white space around the object goes, CR and LF between tokens
 * become spaces.  Wanted: valid UTF-8, one object with nothing behind it, nested
 * no deeper than RCFEED_JSON_DEPTH_MAX (checked before any parsing that recurses),
 * no key twice, integers of 64 bits, a string `server_name` that
 * wiki_server_name_is_valid().  \u0000 in a value is kept.  Other members may
 * be missing, null or of a wrong type: they are then as if null, and a change whose
 * line cannot be rendered for it goes to no IRC channel.  Nor does one whose
 * channel could not be joined: its channel is "#" (see wiki_channel()).  The types,
 * minor, bot and patrolled may be numbers as in MediaWiki 1.22.
 *
 * An event whose `meta.domain` is "canary" is none: Wikimedia sends them several times an
 * hour into every stream, quiet ones too, to see that they flow (DROP_CANARY).
 */
struct change *rcfeed_json_read(const struct wiki_names *names, const char *bytes, size_t length,
                                enum drop_reason *reason);

#endif
