/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/clock: two times, read together. */
#include "server/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

/* clock.h: wall_ms is Unix time in milliseconds, not in seconds and not since boot. */
static void test_clock_reads_unix_time_in_milliseconds(void **state)
{
	struct clock clock;
	uint64_t before = (uint64_t)time(NULL);
	uint64_t after;

	(void)state;
	clock_update(&clock);
	after = (uint64_t)time(NULL);
	/* time(2) may be a tick of the kernel's coarse clock behind. */
	assert_in_range(clock.wall_ms / 1000, before, after + 1);
}

/* clock.h: now_ms is monotonic and counts real milliseconds. */
static void test_clock_moves_on_by_the_time_that_passed(void **state)
{
	const struct timespec pause = {.tv_sec = 0, .tv_nsec = 20000000};
	struct clock first;
	struct clock second;

	(void)state;
	clock_update(&first);
	(void)nanosleep(&pause, NULL);
	clock_update(&second);
	/* 19: both readings are cut to whole milliseconds; a minute for a machine that stalls. */
	assert_in_range(second.now_ms - first.now_ms, 19, 60000);
}

/* clock.h: the time stands still until the next update, which is what makes a turn consistent. */
static void test_clock_stands_still_between_updates(void **state)
{
	struct clock clock;
	struct clock copy;
	struct clock later;

	(void)state;
	clock_update(&clock);
	copy = clock;
	do {
		clock_update(&later);
	} while (later.now_ms == copy.now_ms);
	assert_int_equal(clock.now_ms, copy.now_ms);
	assert_int_equal(clock.wall_ms, copy.wall_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clock_reads_unix_time_in_milliseconds),
	    cmocka_unit_test(test_clock_moves_on_by_the_time_that_passed),
	    cmocka_unit_test(test_clock_stands_still_between_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
