/* SPDX-License-Identifier: Apache-2.0 */
/* server/watchdog: fed for as long as every loop turns. */
#include "server/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WATCHDOG_MS 300
#define ROUNDS      4

struct kennel {
	uv_loop_t loop;
	uv_timer_t life; /* beats for the workers, and ends the loop */
	struct status status;
	struct notify notify;
	int manager;
	size_t beating; /* workers */
	unsigned left;
	struct watchdog *watchdog;
};

static void on_life(uv_timer_t *timer)
{
	struct kennel *kennel = timer->data;

	for (size_t i = 0; i < kennel->beating; i++) {
		metric_add(&kennel->status.workers[i].beat_ms, 20);
	}
	if (--kennel->left == 0) {
		uv_close((uv_handle_t *)timer, NULL);
		watchdog_close(kennel->watchdog);
	}
}

/* Let so much time pass with so many of two workers alive; returns how often the dog was fed. */
static unsigned count_feedings(size_t beating, uint64_t watchdog_ms, bool leaves_workers)
{
	struct kennel kennel = {.beating = beating, .left = WATCHDOG_MS * ROUNDS / 20};
	unsigned count = 0;
	char text[64];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(uv_loop_init(&kennel.loop), 0);
	status_init(&kennel.status, 2);
	/* A connected pair: sent to whom it is connected to. */
	kennel.notify = (struct notify){.descriptor = pair[0], .watchdog_ms = watchdog_ms};
	kennel.watchdog = watchdog_create(&kennel.loop, &kennel.notify, &kennel.status);
	if (leaves_workers) {
		watchdog_leave_workers(kennel.watchdog);
	}
	assert_int_equal(uv_timer_init(&kennel.loop, &kennel.life), 0);
	kennel.life.data = &kennel;
	assert_int_equal(uv_timer_start(&kennel.life, on_life, 20, 20), 0);
	(void)uv_run(&kennel.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&kennel.loop), 0);
	while (recv(pair[1], text, sizeof(text), MSG_DONTWAIT) > 0) {
		assert_memory_equal(text, "WATCHDOG=1", 10);
		count++;
	}
	status_finish(&kennel.status);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return count;
}

/* sd_watchdog_enabled(3): twice in its time at the least. */
static void test_watchdog_is_fed_while_all_loops_turn(void **state)
{
	(void)state;
	assert_true(count_feedings(2, WATCHDOG_MS, false) >= 2 * (ROUNDS - 1));
}

/* watchdog.h: one loop that hangs is enough to let it starve. */
static void test_watchdog_starves_when_one_loop_hangs(void **state)
{
	(void)state;
	assert_int_equal(count_feedings(1, WATCHDOG_MS, false), 0);
}

/* watchdog.h: workers that end stand still, and are not waited for. */
static void test_watchdog_does_not_wait_for_those_that_end(void **state)
{
	(void)state;
	assert_true(count_feedings(0, WATCHDOG_MS, true) >= 2 * (ROUNDS - 1));
}

/* watchdog.h: without a service manager that waits for it there is none. */
static void test_watchdog_that_nobody_waits_for_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(count_feedings(2, 0, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_watchdog_is_fed_while_all_loops_turn),
	    cmocka_unit_test(test_watchdog_starves_when_one_loop_hangs),
	    cmocka_unit_test(test_watchdog_does_not_wait_for_those_that_end),
	    cmocka_unit_test(test_watchdog_that_nobody_waits_for_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
