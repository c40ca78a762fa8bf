/* SPDX-License-Identifier: Apache-2.0 */
/* test/bench/tally: the benchmark's figures are worth what this counts. */
#include "test/bench/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES 100

/* Gives a tally in which all changes were sent, each at time 1. */
static struct tally tally_of(uint32_t clients, uint32_t changes)
{
	struct tally tally;

	tally_init(&tally, clients, changes);
	for (uint32_t i = 0; i < changes; i++) {
		tally_sent(&tally, i, 1);
	}
	return tally;
}

/* tally.h: a change is complete with the last client; then nothing is lost. */
static void test_tally_completes_a_change_with_its_last_client(void **state)
{
	struct tally tally = tally_of(2, 1);

	(void)state;
	tally_delivered(&tally, 1, 0, BYTES, 5);
	assert_int_equal(tally.completed, 0);
	assert_int_equal(tally_lost(&tally), 1);
	tally_delivered(&tally, 0, 0, BYTES, 9);
	assert_int_equal(tally.completed, 1);
	assert_int_equal(tally_lost(&tally), 0);
	assert_int_equal(tally.deliveries, 2);
	assert_int_equal(tally.bytes, 2 * BYTES);
	assert_int_equal(tally_latency(&tally, 0).max_ns, 8);
	tally_finish(&tally);
}

/* tally.h: what never came is lost, also in a gap that later serials jump over. */
static void test_tally_counts_every_missing_delivery(void **state)
{
	struct tally tally = tally_of(3, 20);

	(void)state;
	for (uint32_t serial = 0; serial < 20; serial++) {
		tally_delivered(&tally, 0, serial, BYTES, 2);
		if (serial != 7) {
			tally_delivered(&tally, 1, serial, BYTES, 2);
		}
	}
	assert_int_equal(tally_lost(&tally), 1 + 20);
	assert_int_equal(tally.completed, 0);
	assert_int_equal(tally.reordered, 0);
	tally_finish(&tally);
}

/* tally.h: a second copy is a duplicate, and does not stand in for another client's. */
static void test_tally_takes_a_second_copy_for_a_duplicate(void **state)
{
	struct tally tally = tally_of(2, 2);

	(void)state;
	tally_delivered(&tally, 0, 0, BYTES, 2);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(tally.duplicates, 1);
	assert_int_equal(tally.deliveries, 1);
	assert_int_equal(tally.completed, 0);
	tally_finish(&tally);
}

/* tally.h: reordered is what comes behind a higher serial, client by client. */
static void test_tally_sees_the_order_of_each_client(void **state)
{
	struct tally tally = tally_of(2, 3);

	(void)state;
	tally_delivered(&tally, 0, 2, BYTES, 2);
	tally_delivered(&tally, 1, 0, BYTES, 2);
	tally_delivered(&tally, 1, 1, BYTES, 2);
	assert_int_equal(tally.reordered, 0);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	assert_int_equal(tally.reordered, 2);
	assert_int_equal(tally_lost(&tally), 1);
	tally_finish(&tally);
}

/* tally.h: a serial that is out of range, or not sent yet, is strange and nothing else. */
static void test_tally_finds_serials_strange_that_were_not_sent(void **state)
{
	struct tally tally;

	(void)state;
	tally_init(&tally, 1, 8);
	tally_sent(&tally, 0, 1);
	tally_delivered(&tally, 0, 8, BYTES, 2);
	tally_delivered(&tally, 0, UINT32_MAX, BYTES, 2);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	assert_int_equal(tally.strange, 3);
	assert_int_equal(tally.deliveries, 0);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(tally.strange, 3);
	assert_int_equal(tally.deliveries, 1);
	tally_finish(&tally);
}

/* tally.h: percentiles by nearest rank, over times that come in any order. */
static void test_tally_percentiles_are_times_that_happened(void **state)
{
	struct tally tally = tally_of(1, 100);
	struct tally_latency latency;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		/* Times 1 to 100, each once, not in order. */
		tally_delivered(&tally, 0, i, BYTES, 1 + (i * 37) % 100 + 1);
	}
	latency = tally_latency(&tally, 0);
	assert_int_equal(latency.p50_ns, 50);
	assert_int_equal(latency.p95_ns, 95);
	assert_int_equal(latency.p99_ns, 99);
	assert_int_equal(latency.max_ns, 100);
	tally_finish(&tally);
}

/* tally.h: changes before `first`, which warmed the server up, have no part; nor lost ones. */
static void test_tally_percentiles_are_of_the_changes_asked_for(void **state)
{
	struct tally tally = tally_of(1, 4);

	(void)state;
	assert_int_equal(tally_latency(&tally, 0).max_ns, 0);
	tally_delivered(&tally, 0, 0, BYTES, 1001);
	tally_delivered(&tally, 0, 1, BYTES, 11);
	tally_delivered(&tally, 0, 3, BYTES, 21);
	assert_int_equal(tally_latency(&tally, 0).max_ns, 1000);
	assert_int_equal(tally_latency(&tally, 1).max_ns, 20);
	assert_int_equal(tally_latency(&tally, 1).p50_ns, 10);
	tally_finish(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tally_completes_a_change_with_its_last_client),
	    cmocka_unit_test(test_tally_counts_every_missing_delivery),
	    cmocka_unit_test(test_tally_takes_a_second_copy_for_a_duplicate),
	    cmocka_unit_test(test_tally_sees_the_order_of_each_client),
	    cmocka_unit_test(test_tally_finds_serials_strange_that_were_not_sent),
	    cmocka_unit_test(test_tally_percentiles_are_times_that_happened),
	    cmocka_unit_test(test_tally_percentiles_are_of_the_changes_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
