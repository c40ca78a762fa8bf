/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HISTOGRAM_H
#define SERVER_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "server/metric.h"

/*
 * How often a value fell between which bounds.  A value is a whole number of the ladder's unit:
 * of microseconds for durations, of milliseconds for lags.
 *
 * Threads: as a metric's: one writer, any thread may read.  Buckets and sum are read one
 * after the other, so a sum may be of one value more or less than the buckets.
 */
#define HISTOGRAM_BOUNDS 15

struct histogram {
	metric buckets[HISTOGRAM_BOUNDS + 1]; /* not cumulative; the last is above every bound */
	metric sum;                           /* of all values */
};

struct histogram_ladder {
	uint32_t bounds[HISTOGRAM_BOUNDS]; /* a value on a bound belongs below it */
	uint32_t per_second;               /* units */
};

/* How long our own doings last: microseconds, from 100 us to 10 s. */
extern const struct histogram_ladder histogram_durations;

/* How late changes come: milliseconds, from 0.1 s to a day. */
extern const struct histogram_ladder histogram_lags;

/* Add a value. */
void histogram_add(struct histogram *histogram, const struct histogram_ladder *ladder,
                   uint64_t value);

#endif
