/* SPDX-License-Identifier: Apache-2.0 */
/* server/status: the figures of the whole server. */
#include "server/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

/* status.h: a source keeps its figures, also when it is gone and comes back. */
static void test_status_keeps_the_figures_of_a_source(void **state)
{
	struct status status = {0};
	struct source_stats *one, *other;
	char name[] = "one";
	size_t at = 0;

	(void)state;
	status_init(&status, 1);
	one = status_source(&status, "redis", name);
	memset(name, 'x', 3); /* it is copied */
	other = status_source(&status, "redis", "other");
	assert_int_equal(status.source_count, 2);
	metric_add(&one->published, 7);
	metric_set(&one->is_gone, 1);
	assert_ptr_equal(status_next_source(&status, &at), other);
	assert_null(status_next_source(&status, &at));
	assert_ptr_equal(status_source(&status, "redis", "one"), one);
	assert_int_equal(metric_read(&one->is_gone), 0);
	at = 0;
	assert_ptr_equal(status_next_source(&status, &at), one);
	assert_int_equal(metric_read(&one->published), 7);
	assert_ptr_not_equal(status_source(&status, "replay", "one"), one);
	assert_ptr_equal(status_source(&status, "redis", "other"), other);
	assert_int_equal(status.source_count, 3);
	status_finish(&status);
}

/* status.h: there is an end to names. */
static void test_status_has_room_for_so_many_sources(void **state)
{
	struct status status = {0};

	(void)state;
	status_init(&status, 1);
	for (unsigned i = 0; i < STATUS_SOURCES_MAX; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_non_null(status_source(&status, "redis", name));
	}
	assert_null(status_source(&status, "redis", "one more"));
	assert_non_null(status_source(&status, "redis", "n7"));
	status_finish(&status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_sums_the_workers),
	    cmocka_unit_test(test_status_tells_the_longest_queue),
	    cmocka_unit_test(test_status_keeps_the_figures_of_a_source),
	    cmocka_unit_test(test_status_has_room_for_so_many_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
