/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_BACKOFF_H
#define INGEST_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before a peer that failed is tried again: longer each time, and
 * never the same for all that lost it in the same moment.
 *
 * The n-th wait is drawn evenly from the upper half of a span that doubles from twice
 * the least wait up to the longest: 0.2-0.4 s, 0.4-0.8 s ... 5-10 s.
 *
 * Threads: the caller's.
 */
#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 10000

/* The most that a peer can raise the least wait to; the longest one is then twice as long. */
#define BACKOFF_RAISED_MAX_MS 30000

/* Initialised with backoff_init(); the members are backoff's own. */
struct backoff {
	uint32_t min_ms;
	uint32_t span_ms; /* of the next wait */
};

/* Start with the waits above. */
void backoff_init(struct backoff *backoff);

/*
 * A peer asks for a least wait: 0 and what is less than BACKOFF_MIN_MS mean that,
 * and nothing is more than BACKOFF_RAISED_MAX_MS.
 */
void backoff_set_min(struct backoff *backoff, uint32_t min_ms);

/* The least wait as it is now. */
uint32_t backoff_min_ms(const struct backoff *backoff);

/* The peer is well: the next wait is the shortest again. */
void backoff_reset(struct backoff *backoff);

/* The next wait, in milliseconds. */
uint32_t backoff_next_ms(struct backoff *backoff);

#endif
