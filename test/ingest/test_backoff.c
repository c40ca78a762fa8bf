/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/backoff: waits that double and differ. */
#include "ingest/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of many draws of the n-th wait (from 0): the least and the longest. */
static void draw(uint32_t min_ms, unsigned n, uint32_t *least, uint32_t *longest)
{
	*least = UINT32_MAX;
	*longest = 0;
	for (int i = 0; i < 2000; i++) {
		struct backoff backoff = {0};
		uint32_t wait_ms = 0;

		backoff_init(&backoff);
		backoff_set_min(&backoff, min_ms);
		for (unsigned j = 0; j <= n; j++) {
			wait_ms = backoff_next_ms(&backoff);
		}
		*least = wait_ms < *least ? wait_ms : *least;
		*longest = wait_ms > *longest ? wait_ms : *longest;
	}
}

/*
 * Draws lie in the span and, of 2,000, some in each end's tenth: that none does has a
 * probability of 0.9^2000.
 */
static void assert_span(uint32_t min_ms, unsigned n, uint32_t from_ms, uint32_t to_ms)
{
	uint32_t least, longest;
	uint32_t tenth = (to_ms - from_ms) / 10;

	draw(min_ms, n, &least, &longest);
	assert_in_range(least, from_ms, from_ms + tenth);
	assert_in_range(longest, to_ms - tenth, to_ms);
}

/* backoff.h: 0.2-0.4 s, 0.4-0.8 s ... 5-10 s, and no longer. */
static void test_waits_double_up_to_the_longest(void **state)
{
	(void)state;
	assert_span(0, 0, 200, 400);
	assert_span(0, 1, 400, 800);
	assert_span(0, 2, 800, 1600);
	assert_span(0, 5, 5000, 10000);
	assert_span(0, 40, 5000, 10000);
}

/* backoff.h: a peer raises the least wait, within bounds; jitter stays. */
static void test_peer_raises_the_least_wait(void **state)
{
	(void)state;
	assert_span(199, 0, 200, 400);
	assert_span(3000, 0, 3000, 6000);
	assert_span(3000, 1, 5000, 10000);
	assert_span(3000, 9, 5000, 10000);
	assert_span(20000, 5, 20000, 40000);
	assert_span(30001, 0, 30000, 60000);
	assert_span(UINT32_MAX, 40, 30000, 60000);
}

/* backoff.h: the least wait can be asked for, and lowered again. */
static void test_least_wait_follows_the_peer(void **state)
{
	struct backoff backoff = {0};

	(void)state;
	backoff_init(&backoff);
	assert_int_equal(backoff_min_ms(&backoff), BACKOFF_MIN_MS);
	backoff_set_min(&backoff, 700);
	assert_int_equal(backoff_min_ms(&backoff), 700);
	backoff_set_min(&backoff, 0);
	assert_int_equal(backoff_min_ms(&backoff), BACKOFF_MIN_MS);
	backoff_reset(&backoff);
	assert_in_range(backoff_next_ms(&backoff), 200, 400);
}

/* backoff.h: after a reset it begins with the shortest wait again. */
static void test_reset_begins_again(void **state)
{
	struct backoff backoff = {0};

	(void)state;
	backoff_init(&backoff);
	for (int i = 0; i < 20; i++) {
		(void)backoff_next_ms(&backoff);
	}
	assert_in_range(backoff_next_ms(&backoff), 5000, 10000);
	backoff_reset(&backoff);
	assert_in_range(backoff_next_ms(&backoff), 200, 400);
	assert_in_range(backoff_next_ms(&backoff), 400, 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_waits_double_up_to_the_longest),
	    cmocka_unit_test(test_peer_raises_the_least_wait),
	    cmocka_unit_test(test_least_wait_follows_the_peer),
	    cmocka_unit_test(test_reset_begins_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
