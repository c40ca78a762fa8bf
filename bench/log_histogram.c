/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/log_histogram.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "server/base/memory.h"

#define STEPS_BITS 9 /* of buckets in a power of two */
#define STEPS      (UINT64_C(1) << STEPS_BITS)
#define VALUE_BITS 42
#define BUCKETS    ((VALUE_BITS - STEPS_BITS + 1) * STEPS)

/* How far a value's lowest kept bit is from its lowest one. */
static unsigned shift_of(uint64_t value)
{
	return value < STEPS ? 0 : 63 - (unsigned)__builtin_clzll(value) - STEPS_BITS;
}

/* Below 2 * STEPS the value itself; then STEPS buckets for each further shift. */
static size_t bucket_of(uint64_t value)
{
	unsigned shift = shift_of(value);

	return (size_t)(shift * STEPS + (value >> shift));
}

static uint64_t highest_of(size_t bucket)
{
	uint64_t shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

	return ((bucket - shift * STEPS + 1) << shift) - 1;
}

void log_histogram_init(struct log_histogram *histogram)
{
	*histogram = (struct log_histogram){.counts = mem_zeroed(BUCKETS * sizeof(uint64_t))};
}

void log_histogram_finish(struct log_histogram *histogram)
{
	free(histogram->counts);
	*histogram = (struct log_histogram){0};
}

static void widen(struct log_histogram *histogram, uint64_t min, uint64_t max)
{
	if (histogram->count == 0 || min < histogram->min) {
		histogram->min = min;
	}
	if (max > histogram->max) {
		histogram->max = max;
	}
}

void log_histogram_record(struct log_histogram *histogram, uint64_t value)
{
	value = value > LOG_HISTOGRAM_MAX ? LOG_HISTOGRAM_MAX : value;
	widen(histogram, value, value);
	histogram->counts[bucket_of(value)]++;
	histogram->count++;
}

void log_histogram_merge(struct log_histogram *histogram, const struct log_histogram *from)
{
	if (from->count == 0) {
		return;
	}
	widen(histogram, from->min, from->max);
	for (size_t i = 0; i < BUCKETS; i++) {
		histogram->counts[i] += from->counts[i];
	}
	histogram->count += from->count;
}

uint64_t log_histogram_percentile(const struct log_histogram *histogram, double percent)
{
	/* As 99.9 % of 1000 is 999.0000000000001 in binary: a rank that is whole stays so. */
	uint64_t rank = (uint64_t)ceil(percent / 100 * (double)histogram->count - 1e-6);
	uint64_t passed = 0, value;
	size_t bucket = 0;

	if (histogram->count == 0) {
		return 0;
	}
	if (rank <= 1) {
		return histogram->min;
	}
	while (passed + histogram->counts[bucket] < rank) {
		passed += histogram->counts[bucket];
		bucket++;
	}
	value = highest_of(bucket);
	return value < histogram->max ? value : histogram->max;
}
