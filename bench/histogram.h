/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

/*
 * How often which value came, in constant memory (136 KiB): buckets of width 1 up to
 * 1023, and 512 of them for each power of two above, so that a value is known to within
 * 0.2 %, whatever its size.  Meant for times in nanoseconds, from some to an hour.
 *
 * Threads: the caller's.
 */
#define HISTOGRAM_MAX ((UINT64_C(1) << 42) - 1) /* larger values count as this */

struct histogram {
	uint64_t *counts; /* by bucket */
	uint64_t count;
	uint64_t min; /* exact; 0 while nothing was recorded */
	uint64_t max; /* exact */
};

/* Prepare an empty one. */
void histogram_init(struct histogram *histogram);

/* Free what it holds. */
void histogram_finish(struct histogram *histogram);

/* Count a value. */
void histogram_record(struct histogram *histogram, uint64_t value);

/* Count all that `from` has counted. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/*
 * The value that `percent` of all do not exceed (nearest rank; 0 to 100): the highest of
 * its bucket, and never over the highest that came.  0 when nothing was recorded.
 */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

#endif
