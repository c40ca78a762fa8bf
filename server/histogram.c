/* SPDX-License-Identifier: Apache-2.0 */
#include "server/histogram.h"

/*
 * 1, 2.5 and 5 of each power of ten: a quantile that is read off is wrong by a factor of 2.5 at
 * most, and by less where it matters, around a tenth of a second.
 */
const struct histogram_ladder histogram_durations = {
    .bounds = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
               1000000, 2500000, 10000000},
    .per_second = 1000000,
};

/* Fine where the feed usually is, below 10 s; then what people count time by. */
const struct histogram_ladder histogram_lags = {
    .bounds = {100, 250, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000, 300000, 900000,
               3600000, 86400000},
    .per_second = 1000,
};

void histogram_add(struct histogram *histogram, const struct histogram_ladder *ladder,
                   uint64_t value)
{
	size_t bucket = 0;

	while (bucket < HISTOGRAM_BOUNDS && value > ladder->bounds[bucket]) {
		bucket++;
	}
	metric_add(&histogram->buckets[bucket], 1);
	metric_add(&histogram->sum, value);
}
