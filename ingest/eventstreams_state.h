/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_EVENTSTREAMS_STATE_H
#define INGEST_EVENTSTREAMS_STATE_H

#include <stdbool.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: what `eventstreams` keeps in its state file,
 *
 *   rcstreamd state 1
 *   url https://stream.example.org/v2/stream/recentchange
 *   id [{"topic":"eqiad.mediawiki.recentchange","partition":0,"offset":17}]
 *
 * which belongs to one URL.
 *
 * Threads: any; no state.
 */

/* Add the content of the file.  Neither `url` nor `id` holds CR, LF or NUL. */
void eventstreams_state_make(struct buffer *out, const char *url, struct text id);

/*
 * Returns the id that `content` has for `url`, lent from it; NULL bytes, and `why` set to
 * constant words, for content that is cut off, changed, of another URL, or whose id no server
 * can have sent (sse_reader_id_is_valid()).
 */
struct text eventstreams_state_parse(struct text content, const char *url, const char **why);

#endif
