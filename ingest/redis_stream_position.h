/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_POSITION_H
#define INGEST_REDIS_STREAM_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/redis_stream_id.h"

/*
 * How far one stream was read, and what was trimmed from it before it could be.
 *
 *    trimmed         kept                 to come
 *   ─────────────┬───────────────────────┬────────
 *                first              last │ generated
 *
 * While our id is at `first` or behind it, nothing is lost.  Before it, entries we never saw may
 * be gone; Redis 7 tells how many were ever added, which says how many those are, if all that
 * was removed was removed by trimming.  Without that number a gap is assumed.
 *
 * Threads: the caller's.
 */
struct redis_stream_position {
	bool is_known;             /* whether there is an id at all yet */
	bool has_entries;          /* whether `entries` is known */
	struct redis_stream_id id; /* of the last entry read */
	uint64_t entries;          /* ever added to the stream up to `id` */
};

/* What XINFO STREAM tells of a stream; all zero is one that does not exist. */
struct redis_stream_info {
	bool exists;
	bool has_first; /* it holds entries, the oldest with the id `first` */
	bool has_added; /* Redis 7 */
	struct redis_stream_id first;
	struct redis_stream_id last; /* generated, of an entry that may be gone */
	uint64_t length;
	uint64_t added; /* entries, ever */
};

struct redis_stream_gap {
	bool is_gap;
	bool is_counted;
	uint64_t lost; /* entries, when counted */
};

/*
 * Begin at `start`, NULL for what is added from now on.  What was trimmed before is nobody's
 * loss.
 */
void redis_stream_position_begin(struct redis_stream_position *position,
                                 const struct redis_stream_id *start,
                                 const struct redis_stream_info *info);

/* Go on where we were; returns what was lost meanwhile. */
struct redis_stream_gap redis_stream_position_resume(struct redis_stream_position *position,
                                                     const struct redis_stream_info *info);

/* Note that the next entry was read.  False, and nothing noted, when it is not behind ours. */
bool redis_stream_position_advance(struct redis_stream_position *position,
                                   struct redis_stream_id id);

#endif
