/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_OVERLAP_H
#define INGEST_REDIS_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * A server sends what is published once for every pattern that matches its channel, one right
 * behind the other.  So the same bytes on the same channel for a pattern that has not had them
 * yet are the same once more; for one that has had them, they were published again.
 *
 * Threads: the caller's.
 */
#define REDIS_OVERLAP_PATTERNS_MAX 64

/* All zero has seen nothing. */
struct redis_overlap {
	struct buffer last; /* channel and payload */
	size_t channel_length;
	uint64_t had_by; /* a bit for each pattern that has had it */
};

/*
 * Whether this is the first that is heard of it.  `pattern` counts from 0, below
 * REDIS_OVERLAP_PATTERNS_MAX.
 */
bool redis_overlap_is_first(struct redis_overlap *overlap, size_t pattern, struct text channel,
                            struct text payload);

/* Forget what was seen: a new connection. */
void redis_overlap_reset(struct redis_overlap *overlap);

/* Free what is kept. */
void redis_overlap_finish(struct redis_overlap *overlap);

#endif
