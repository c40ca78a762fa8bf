/* SPDX-License-Identifier: Apache-2.0 */
/* bench/histogram: percentiles are known to within 0.2 %, in memory that does not grow. */
#include "bench/log_histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define VALUES 20000

/* histogram.h: 0 where nothing was recorded. */
static void test_histogram_that_is_empty_has_zeros(void **state)
{
	struct log_histogram histogram;

	(void)state;
	log_histogram_init(&histogram);
	assert_int_equal(log_histogram_percentile(&histogram, 0), 0);
	assert_int_equal(log_histogram_percentile(&histogram, 50), 0);
	assert_int_equal(log_histogram_percentile(&histogram, 100), 0);
	log_histogram_finish(&histogram);
}

/* histogram.h: nearest rank; values up to 1023 have a bucket each. */
static void test_histogram_is_exact_for_small_values(void **state)
{
	struct log_histogram histogram;

	(void)state;
	log_histogram_init(&histogram);
	for (uint64_t i = 0; i < 1000; i++) {
		log_histogram_record(&histogram, (i * 337) % 1000 + 1); /* 1 to 1000, each once */
	}
	assert_int_equal(histogram.count, 1000);
	assert_int_equal(log_histogram_percentile(&histogram, 0), 1);
	assert_int_equal(log_histogram_percentile(&histogram, 0.1), 1);
	assert_int_equal(log_histogram_percentile(&histogram, 0.11), 2);
	assert_int_equal(log_histogram_percentile(&histogram, 50), 500);
	assert_int_equal(log_histogram_percentile(&histogram, 50.01), 501);
	assert_int_equal(log_histogram_percentile(&histogram, 99), 990);
	assert_int_equal(log_histogram_percentile(&histogram, 99.9), 999);
	assert_int_equal(log_histogram_percentile(&histogram, 100), 1000);
	log_histogram_finish(&histogram);
}

/* histogram.h: at each edge of its buckets, the value found is at most 0.2 % too high. */
static void test_histogram_knows_every_size_to_two_thousandths(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 42; bit++) {
		for (int64_t around = -2; around <= 2; around++) {
			uint64_t value = (uint64_t)((int64_t)(UINT64_C(1) << bit) + around);
			struct log_histogram histogram;
			uint64_t found;

			if (value > LOG_HISTOGRAM_MAX) {
				continue;
			}
			log_histogram_init(&histogram);
			log_histogram_record(&histogram, 0);
			log_histogram_record(&histogram, value);
			log_histogram_record(&histogram, LOG_HISTOGRAM_MAX);
			found = log_histogram_percentile(&histogram, 200.0 / 3);
			assert_in_range(found, value, value + value / 500);
			log_histogram_finish(&histogram);
		}
	}
}

/* histogram.h: what is larger than its largest value counts as that, and is not lost. */
static void test_histogram_keeps_what_is_too_large(void **state)
{
	struct log_histogram histogram;

	(void)state;
	log_histogram_init(&histogram);
	log_histogram_record(&histogram, 5);
	log_histogram_record(&histogram, LOG_HISTOGRAM_MAX + 1);
	log_histogram_record(&histogram, UINT64_MAX);
	assert_int_equal(histogram.count, 3);
	assert_int_equal(log_histogram_percentile(&histogram, 1), 5);
	assert_int_equal(log_histogram_percentile(&histogram, 100), LOG_HISTOGRAM_MAX);
	log_histogram_finish(&histogram);
}

static int compare(const void *left_pointer, const void *right_pointer)
{
	const uint64_t *left = left_pointer, *right = right_pointer;

	return (*left > *right) - (*left < *right);
}

/* The same percentiles as of the sorted values themselves, to 0.2 %, whatever they are. */
static void test_histogram_agrees_with_sorting(void **state)
{
	static const double percents[] = {0.01, 1, 10, 50, 90, 95, 99, 99.9, 99.99, 100};
	static uint64_t values[VALUES];
	unsigned seed = (unsigned)time(NULL);
	struct log_histogram histogram;

	(void)state;
	print_message("seed %u\n", seed);
	log_histogram_init(&histogram);
	for (size_t i = 0; i < VALUES; i++) {
		uint64_t value = (uint64_t)rand_r(&seed) << 11 | (uint64_t)rand_r(&seed);

		values[i] = value >> (unsigned)rand_r(&seed) % 40;
		log_histogram_record(&histogram, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		size_t rank = (size_t)(percents[i] * VALUES / 100 + 0.999999);
		uint64_t exact = values[rank - 1];

		assert_in_range(log_histogram_percentile(&histogram, percents[i]), exact,
		                exact + exact / 500);
	}
	log_histogram_finish(&histogram);
}

/* histogram.h: of two that are merged, the figures are those of all their values. */
static void test_histogram_merged_has_the_values_of_both(void **state)
{
	struct log_histogram low, high, empty;

	(void)state;
	log_histogram_init(&low);
	log_histogram_init(&high);
	log_histogram_init(&empty);
	for (uint64_t i = 1; i <= 50; i++) {
		log_histogram_record(&low, i);
		log_histogram_record(&high, i + 50);
	}
	log_histogram_merge(&high, &low);
	log_histogram_merge(&high, &empty);
	assert_int_equal(high.count, 100);
	assert_int_equal(high.min, 1);
	assert_int_equal(high.max, 100);
	assert_int_equal(log_histogram_percentile(&high, 50), 50);
	assert_int_equal(log_histogram_percentile(&high, 99), 99);
	assert_int_equal(low.count, 50);
	log_histogram_finish(&low);
	log_histogram_finish(&high);
	log_histogram_finish(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_histogram_that_is_empty_has_zeros),
	    cmocka_unit_test(test_histogram_is_exact_for_small_values),
	    cmocka_unit_test(test_histogram_knows_every_size_to_two_thousandths),
	    cmocka_unit_test(test_histogram_keeps_what_is_too_large),
	    cmocka_unit_test(test_histogram_agrees_with_sorting),
	    cmocka_unit_test(test_histogram_merged_has_the_values_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
