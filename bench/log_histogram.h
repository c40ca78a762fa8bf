/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOG_HISTOGRAM_H
#define BENCH_LOG_HISTOGRAM_H

#include <stdint.h>

/*
 * How often which value came, in constant memory (136 KiB): buckets of width 1 up to
 * 1023, and 512 of them for each power of two above, so that a value is known to within
 * 0.2 %, whatever its size.  Meant for times in nanoseconds, from some to an hour.
 *
 * Threads: the caller's.
 */
#define LOG_HISTOGRAM_MAX ((UINT64_C(1) << 42) - 1) /* larger values count as this */

struct log_histogram {
	uint64_t *counts; /* by bucket */
	uint64_t count;
	uint64_t min; /* exact; 0 while nothing was recorded */
	uint64_t max; /* exact */
};

/* Prepare an empty one. */
void log_histogram_init(struct log_histogram *histogram);

/* Free what it holds. */
void log_histogram_finish(struct log_histogram *histogram);

/* Count a value. */
void log_histogram_record(struct log_histogram *histogram, uint64_t value);

/* Count all that `from` has counted. */
void log_histogram_merge(struct log_histogram *histogram, const struct log_histogram *from);

/*
 * The value that `percent` of all do not exceed (nearest rank; 0 to 100): the highest of
 * its bucket, and never over the highest that came.  0 when nothing was recorded.
 */
uint64_t log_histogram_percentile(const struct log_histogram *histogram, double percent);

#endif
