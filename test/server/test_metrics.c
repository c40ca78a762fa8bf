/* SPDX-License-Identifier: Apache-2.0 */
/* server/metrics: counters with one writer and any readers. */
#include "server/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* metrics.h: counters grow, gauges go both ways and can be set. */
static void test_metrics_count(void **state)
{
	struct metrics metrics = {0};

	(void)state;
	metric_add(&metrics.writes, 2);
	metric_add(&metrics.writes, 3);
	assert_int_equal(metric_read(&metrics.writes), 5);
	metric_add(&metrics.connections_open, 3);
	metric_subtract(&metrics.connections_open, 2);
	assert_int_equal(metric_read(&metrics.connections_open), 1);
	metric_set(&metrics.connections_open, 70);
	assert_int_equal(metric_read(&metrics.connections_open), 70);
}

/* metrics.h: the sum is member by member, the closed connections reason by reason. */
static void test_metrics_are_summed(void **state)
{
	struct metrics total = {0};
	struct metrics one = {0};

	(void)state;
	metric_add(&one.bytes_sent, 5);
	metric_add(&one.closed[CLOSE_PING_TIMEOUT], 1);
	metrics_sum(&total, &one);
	metrics_sum(&total, &one);
	assert_int_equal(metric_read(&total.bytes_sent), 10);
	assert_int_equal(metric_read(&total.closed[CLOSE_PING_TIMEOUT]), 2);
	assert_int_equal(metric_read(&total.closed[CLOSE_SHUTDOWN]), 0);
	assert_int_equal(metric_read(&total.bytes_received), 0);
}

/* metrics.def: of all workers' maxima the greatest counts. */
static void test_metrics_take_the_greatest_maximum(void **state)
{
	struct metrics total = {0};
	struct metrics workers[3] = {0};

	(void)state;
	metric_raise(&workers[0].irc_registered_max, 4);
	metric_raise(&workers[1].irc_registered_max, 7);
	metric_raise(&workers[1].irc_registered_max, 6);
	for (size_t i = 0; i < 3; i++) {
		metrics_sum(&total, &workers[i]);
	}
	assert_int_equal(metric_read(&total.irc_registered_max), 7);
}

struct seen {
	size_t rows;
	uint64_t writes;
};

static void on_row(void *context, const char *name, const char *help, uint64_t value)
{
	struct seen *seen = context;

	seen->rows++;
	/* Prometheus: names of [a-z_]; a help text is one line without a backslash. */
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
	assert_null(strpbrk(help, "\\\n"));
	assert_int_equal(help[strlen(help) - 1], '.');
	if (strcmp(name, "writes") == 0) {
		seen->writes = value;
	}
}

/* metrics.h: each row of metrics.def once, with its own value. */
static void test_metrics_are_visited_row_by_row(void **state)
{
	struct metrics metrics = {0};
	struct seen seen = {0};

	(void)state;
	metric_add(&metrics.writes, 7);
	metrics_each(&metrics, on_row, &seen);
	assert_int_equal(seen.rows, (sizeof(metrics) - sizeof(metrics.closed) -
	                             sizeof(metrics.clients) - sizeof(metrics.sent_bytes) -
	                             sizeof(metrics.fan_out) - sizeof(metrics.loop_lag)) /
	                                sizeof(metric));
	assert_int_equal(seen.writes, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_metrics_count),
	    cmocka_unit_test(test_metrics_are_summed),
	    cmocka_unit_test(test_metrics_take_the_greatest_maximum),
	    cmocka_unit_test(test_metrics_are_visited_row_by_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
