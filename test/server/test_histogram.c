/* SPDX-License-Identifier: Apache-2.0 */
/* server/histogram: where a value falls. */
#include "server/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* histogram.h: a value on a bound belongs below it; the last bucket is above every bound. */
static void test_histogram_counts_a_value_once(void **state)
{
	struct histogram histogram = {0};
	const struct histogram_ladder *ladder = &histogram_durations;
	uint64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		histogram_add(&histogram, ladder, ladder->bounds[i]);
		histogram_add(&histogram, ladder, ladder->bounds[i] + 1);
		sum += 2 * (uint64_t)ladder->bounds[i] + 1;
	}
	assert_int_equal(metric_read(&histogram.buckets[0]), 1);
	for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++) {
		assert_int_equal(metric_read(&histogram.buckets[i]), 2);
	}
	assert_int_equal(metric_read(&histogram.buckets[HISTOGRAM_BOUNDS]), 1);
	assert_int_equal(metric_read(&histogram.sum), sum);
	histogram_add(&histogram, ladder, 0);
	assert_int_equal(metric_read(&histogram.buckets[0]), 2);
}

/* A search that stops at the first bound that is not below needs them to rise. */
static void test_histogram_bounds_rise(void **state)
{
	const struct histogram_ladder *ladders[] = {&histogram_durations, &histogram_lags};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 1; k < HISTOGRAM_BOUNDS; k++) {
			assert_true(ladders[i]->bounds[k - 1] < ladders[i]->bounds[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_histogram_counts_a_value_once),
	    cmocka_unit_test(test_histogram_bounds_rise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
