/* SPDX-License-Identifier: Apache-2.0 */
/* server/status: the figures of the whole server. */
#include "server/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* status.h: the sum of all workers' metrics, whatever stood in `total` before. */
static void test_status_sums_the_workers(void **state)
{
	struct worker_stats workers[3] = {0};
	struct status status = {.workers = workers, .worker_count = 3};
	struct metrics total;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		metric_add(&workers[i].metrics.irc_clients, i + 1);
	}
	for (int round = 0; round < 2; round++) {
		status_sum(&status, &total);
		assert_int_equal(metric_read(&total.irc_clients), 6);
	}
}

/* status.h: what is queued is what the worker has not yet broadcast that is most behind. */
static void test_status_tells_the_longest_queue(void **state)
{
	struct worker_stats workers[3] = {0};
	struct status status = {.workers = workers, .worker_count = 3};

	(void)state;
	assert_int_equal(status_queued(&status), 0);
	for (size_t i = 0; i < 3; i++) {
		metric_add(&workers[i].handed_over, 100);
		metric_add(&workers[i].metrics.changes_received, 100 - 10 * i);
	}
	assert_int_equal(status_queued(&status), 20);
	/* Read in the moment between the two, a worker seems ahead: that is no queue. */
	metric_add(&workers[2].metrics.changes_received, 21);
	assert_int_equal(status_queued(&status), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_sums_the_workers),
	    cmocka_unit_test(test_status_tells_the_longest_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
