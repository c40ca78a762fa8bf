/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_EVENTSTREAMS_META_H
#define INGEST_EVENTSTREAMS_META_H

#include <stdbool.h>
#include <stddef.h>

#include "ingest/recent_ids.h"
#include "server/feed/change.h"

/*
 * Codec: what the member `meta` of a Wikimedia event tells of the event itself, rather than of the
 * change in it (schema mediawiki/recentchange).
 *
 * Threads: any.
 */
struct eventstreams_meta {
	char id[RECENT_ID_BYTES_MAX]; /* `meta.id`, a UUID; not NUL-terminated */
	size_t id_length;             /* 0: there is none, or it is longer than that */

	/* `meta.domain` is "canary": made up each hour, to see that the stream is alive. */
	bool is_canary;
};

/*
 * Read it off a JSON object, which may be anything but nested deeper than
 * RCFEED_JSON_DEPTH_MAX: rcfeed_json_read() has seen to that.  What is not there is empty.
 */
void eventstreams_meta_read(struct text json, struct eventstreams_meta *meta);

#endif
