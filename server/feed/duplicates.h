/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_DUPLICATES_H
#define SERVER_FEED_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/feed/change.h"

/*
 * The changes of late, to tell the one that another source has brought already.
 *
 *   change ──> duplicates_find() ──yes──> drop it, or join it to the first (joiner.h)
 *                    └──no──> duplicates_add(), publish
 *
 * Two are the same when they agree in the first of these that both have:
 *
 *   1. `meta.id`, the UUID of an EventStreams event
 *   2. the wiki and the rcid: `id` of the JSON, `rcid=` of a line's URL
 *   3. the wiki and the `log_id` of a log entry: not all have an rcid
 *   4. the wiki and the revisions of an edit or a new page: `revision` of the JSON,
 *      `diff=` and `oldid=` of a line's URL
 *   5. the channel and the line of a log entry, which has neither a number nor the wiki's
 *      name: of JSON, the one made of it, MediaWiki's to the byte but for an interwiki prefix
 *
 * A change with none of them is like no other.  A source that brings a change twice means
 * it: only what another one brought is a duplicate.
 *
 * Remembered are the last `entries_max` changes of the last `age_ms`.
 *
 * Threads: the caller's; the time is the caller's too.
 */
struct duplicates;

/* A longer `meta.id` is taken for none; a UUID has 36 bytes. */
#define DUPLICATES_META_ID_MAX 64

/* A log entry with a longer line is not told by it: what is kept of each has a bound. */
#define DUPLICATES_LINE_MAX 1024

/* The remembered change that another one is the same as. */
struct duplicates_match {
	uint64_t id; /* its change.id */
	bool is_from_line;
};

/* Gives a memory with room for `entries_max` changes, 1 or more. */
struct duplicates *duplicates_create(size_t entries_max, uint64_t age_ms);

/* NULL does nothing. */
void duplicates_destroy(struct duplicates *duplicates);

/*
 * Whether a source other than `source` has brought this change; `match` is set when it
 * has.  `source` is compared only.  `now_ms` never goes back.
 */
bool duplicates_find(struct duplicates *duplicates, const struct change *change, const void *source,
                     uint64_t now_ms, struct duplicates_match *match);

/* Remember a change that has its id; what is needed of it is copied. */
void duplicates_add(struct duplicates *duplicates, const struct change *change, const void *source,
                    uint64_t now_ms);

#endif
