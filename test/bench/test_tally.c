/* SPDX-License-Identifier: Apache-2.0 */
/* bench/tally: the figures are worth what this counts. */
#include "bench/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES 100

/* Gives a tally of one group in which all changes were sent, each at time 1. */
static struct tally tally_of(uint32_t clients, uint32_t changes)
{
	struct tally tally;

	tally_init(&tally, &clients, 1, changes, 0);
	for (uint32_t i = 0; i < changes; i++) {
		assert_int_equal(tally_sent(&tally, 1), i);
	}
	return tally;
}

static uint64_t lost_of(const struct tally *tally)
{
	return tally_lost(tally, &tally->groups[0]);
}

/* tally.h: a change is complete with the last client; then nothing is lost. */
static void test_tally_completes_a_change_with_its_last_client(void **state)
{
	struct tally tally = tally_of(2, 1);
	struct tally_group *group = &tally.groups[0];

	(void)state;
	tally_delivered(&tally, 1, 0, BYTES, 5);
	assert_int_equal(tally.completed, 0);
	assert_int_equal(lost_of(&tally), 1);
	assert_false(tally_is_good(&tally));
	tally_delivered(&tally, 0, 0, BYTES, 9);
	assert_int_equal(tally.completed, 1);
	assert_int_equal(lost_of(&tally), 0);
	assert_int_equal(group->deliveries, 2);
	assert_int_equal(group->bytes, 2 * BYTES);
	assert_true(tally_is_good(&tally));
	tally_finish(&tally);
}

/* tally.h: what never came is lost, also in a gap that later serials jump over. */
static void test_tally_counts_every_missing_delivery(void **state)
{
	struct tally tally = tally_of(3, 200);

	(void)state;
	for (uint32_t serial = 0; serial < 200; serial++) {
		tally_delivered(&tally, 0, serial, BYTES, 2);
		if (serial != 7 && (serial < 20 || serial > 150)) { /* 1, and 131: a whole reach */
			tally_delivered(&tally, 1, serial, BYTES, 2);
		}
	}
	assert_int_equal(lost_of(&tally), 1 + 131 + 200);
	assert_int_equal(tally.completed, 0);
	assert_int_equal(tally.groups[0].reordered, 0);
	assert_false(tally_is_good(&tally));
	tally_finish(&tally);
}

/* tally.h: a second copy is a duplicate, and does not stand in for another client's. */
static void test_tally_takes_a_second_copy_for_a_duplicate(void **state)
{
	struct tally tally = tally_of(2, 2);

	(void)state;
	tally_delivered(&tally, 0, 0, BYTES, 2);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(tally.groups[0].duplicates, 1);
	assert_int_equal(tally.groups[0].deliveries, 1);
	assert_int_equal(tally.completed, 0);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(tally.groups[0].duplicates, 2);
	assert_int_equal(tally.groups[0].reordered, 0);
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
	assert_int_equal(tally.groups[0].reordered, 0);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	assert_int_equal(tally.groups[0].reordered, 2);
	assert_int_equal(lost_of(&tally), 1);
	tally_delivered(&tally, 1, 2, BYTES, 2);
	assert_int_equal(lost_of(&tally), 0);
	assert_false(tally_is_good(&tally));
	tally_finish(&tally);
}

/* tally.h, TALLY_REACH: what is farther behind is neither a delivery nor called a duplicate. */
static void test_tally_tells_late_from_again_within_its_reach(void **state)
{
	struct tally tally = tally_of(1, TALLY_REACH + 1);
	struct tally_group *group = &tally.groups[0];

	(void)state;
	tally_delivered(&tally, 0, TALLY_REACH, BYTES, 2);
	tally_delivered(&tally, 0, 1, BYTES, 2); /* TALLY_REACH - 1 behind */
	assert_int_equal(group->reordered, 1);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	assert_int_equal(group->duplicates, 1);
	assert_int_equal(group->stale, 0);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(group->stale, 1);
	assert_int_equal(group->deliveries, 2);
	assert_int_equal(lost_of(&tally), TALLY_REACH - 1);
	tally_finish(&tally);
}

/* tally.h: a serial that is out of range, or not sent yet, is strange and nothing else. */
static void test_tally_finds_serials_strange_that_were_not_sent(void **state)
{
	const uint32_t clients = 1;
	struct tally tally;
	struct tally_group *group = &tally.groups[0];

	(void)state;
	tally_init(&tally, &clients, 1, 8, 0);
	assert_int_equal(tally_sent(&tally, 1), 0);
	tally_delivered(&tally, 0, 8, BYTES, 2);
	tally_delivered(&tally, 0, UINT32_MAX, BYTES, 2);
	tally_delivered(&tally, 0, 1, BYTES, 2);
	assert_int_equal(group->strange, 3);
	assert_int_equal(group->deliveries, 0);
	tally_delivered(&tally, 0, 0, BYTES, 2);
	assert_int_equal(group->strange, 3);
	assert_int_equal(group->deliveries, 1);
	assert_int_equal(lost_of(&tally), 0);
	assert_false(tally_is_good(&tally));
	tally_finish(&tally);
}

/* tally.h: groups are counted on their own; a change is complete when all of them have it. */
static void test_tally_keeps_groups_apart(void **state)
{
	const uint32_t clients[] = {2, 1};
	struct tally tally;

	(void)state;
	tally_init(&tally, clients, 2, 1, 0);
	(void)tally_sent(&tally, 1);
	tally_delivered(&tally, 2, 0, BYTES, 4);
	assert_int_equal(tally.groups[0].deliveries, 0);
	assert_int_equal(tally.groups[1].completed, 1);
	assert_int_equal(tally.completed, 0);
	assert_int_equal(tally_lost(&tally, &tally.groups[0]), 2);
	assert_int_equal(tally_lost(&tally, &tally.groups[1]), 0);
	tally_delivered(&tally, 0, 0, BYTES, 6);
	tally_delivered(&tally, 1, 0, BYTES, 11);
	assert_int_equal(tally.completed, 1);
	assert_int_equal(tally_deliveries(&tally), 3);
	assert_int_equal(log_histogram_percentile(&tally.groups[0].last, 100), 10);
	assert_int_equal(log_histogram_percentile(&tally.groups[1].last, 100), 3);
	assert_int_equal(log_histogram_percentile(&tally.last, 100), 10);
	assert_true(tally_is_good(&tally));
	tally_finish(&tally);
}

/* tally.h: a time for every delivery, and one for the last client of a change. */
static void test_tally_times_each_delivery_and_the_last(void **state)
{
	struct tally tally = tally_of(2, 2);
	struct tally_group *group = &tally.groups[0];

	(void)state;
	tally_delivered(&tally, 0, 0, BYTES, 11);
	tally_delivered(&tally, 1, 0, BYTES, 21);
	tally_delivered(&tally, 0, 1, BYTES, 31);
	assert_int_equal(group->each.count, 3);
	assert_int_equal(log_histogram_percentile(&group->each, 50), 20);
	assert_int_equal(group->last.count, 1);
	assert_int_equal(log_histogram_percentile(&group->last, 50), 20);
	assert_int_equal(group->each.min, 10);
	assert_int_equal(group->each.max, 30);
	tally_finish(&tally);
}

/* tally.h: changes before `timed_from`, which warm the server up, have no part in times. */
static void test_tally_times_the_changes_asked_for(void **state)
{
	const uint32_t clients = 1;
	struct tally tally;

	(void)state;
	tally_init(&tally, &clients, 1, 2, 1);
	(void)tally_sent(&tally, 1);
	(void)tally_sent(&tally, 1);
	tally_delivered(&tally, 0, 0, BYTES, 1001);
	assert_int_equal(tally.groups[0].each.count, 0);
	assert_int_equal(tally.completed, 1);
	tally_delivered(&tally, 0, 1, BYTES, 11);
	assert_int_equal(tally.groups[0].each.count, 1);
	assert_int_equal(tally.last.max, 10);
	tally_finish(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tally_completes_a_change_with_its_last_client),
	    cmocka_unit_test(test_tally_counts_every_missing_delivery),
	    cmocka_unit_test(test_tally_takes_a_second_copy_for_a_duplicate),
	    cmocka_unit_test(test_tally_sees_the_order_of_each_client),
	    cmocka_unit_test(test_tally_tells_late_from_again_within_its_reach),
	    cmocka_unit_test(test_tally_finds_serials_strange_that_were_not_sent),
	    cmocka_unit_test(test_tally_keeps_groups_apart),
	    cmocka_unit_test(test_tally_times_each_delivery_and_the_last),
	    cmocka_unit_test(test_tally_times_the_changes_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
