/* SPDX-License-Identifier: Apache-2.0 */
/* bench/report: figures for programs and for people. */
#include "bench/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define MIB (UINT64_C(1024) * 1024)

/* Two IRC clients and one of Socket.IO, two changes in 2 s; the last client misses one. */
static void make_run(struct options *options, struct load_result *result)
{
	const uint32_t clients[] = {2, 1};

	*options = (struct options){.groups = {{.protocol = &protocol_irc, .clients = 2},
	                                       {.protocol = &protocol_polling, .clients = 1}},
	                            .group_count = 2,
	                            .changes = 2,
	                            .rate = 1,
	                            .process = 4711};
	*result = (struct load_result){
	    .clients = 3,
	    .start = {.server = {.rss_bytes = 10 * MIB}},
	    .idle = {.server = {.rss_bytes = 10 * MIB + 4000}},
	    .before = {.server = {.cpu_ns = 1000000}, .reads = 10, .now_ns = 1000000000},
	    .ended = {.reads = 13, .now_ns = 3000000000, .own_cpu_ns = 500000000},
	    .after = {.server = {.cpu_ns = 1600000, .rss_bytes = 11 * MIB}},
	};
	tally_init(&result->tally, clients, 2, 2, 0);
	for (uint32_t serial = 0; serial < 2; serial++) {
		(void)tally_sent(&result->tally, 1000);
		tally_delivered(&result->tally, 0, serial, 100, 3000);
		tally_delivered(&result->tally, 1, serial, 100, 5000);
	}
	tally_delivered(&result->tally, 2, 0, 200, 9000);
}

static double number_at(const json_t *object, const char *first, const char *second)
{
	return json_number_value(json_object_get(json_object_get(object, first), second));
}

static void assert_near(double number, double expected)
{
	assert_true(number > expected * 0.999 && number < expected * 1.001);
}

/* report.h: what the server cost, for each delivery of the measured changes and each client. */
static void test_json_has_the_costs(void **state)
{
	struct load_result result;
	struct options options;
	json_t *report;

	(void)state;
	make_run(&options, &result);
	report = report_json(&options, &result);
	assert_near(number_at(report, "server", "cpu_us"), 600);
	assert_near(number_at(report, "server", "cpu_us_per_delivery"), 100); /* of 3 * 2 */
	assert_near(number_at(report, "server", "cores"), 0.0003);
	assert_near(number_at(report, "server", "rss_bytes_per_client"), 2000); /* all but one */
	assert_near(number_at(report, "server", "rss_bytes_at_end"), 11.0 * MIB);
	assert_near(json_number_value(json_object_get(report, "own_cores")), 0.25);
	assert_near(json_number_value(json_object_get(report, "deliveries_per_read")), 2);
	assert_near(json_number_value(json_object_get(report, "seconds")), 2);
	json_decref(report);
	options.process = 0;
	report = report_json(&options, &result);
	assert_true(json_is_null(json_object_get(report, "server")));
	json_decref(report);
	load_finish(&result);
}

/* report.h: each group has its own counts and times; good is what lost nothing. */
static void test_json_has_every_group(void **state)
{
	struct load_result result;
	struct options options;
	json_t *report, *irc, *polling;

	(void)state;
	make_run(&options, &result);
	result.is_complete = true;
	report = report_json(&options, &result);
	irc = json_array_get(json_object_get(report, "groups"), 0);
	polling = json_array_get(json_object_get(report, "groups"), 1);
	assert_true(json_is_false(json_object_get(report, "is_good")));
	assert_string_equal(json_string_value(json_object_get(irc, "protocol")), "irc");
	assert_int_equal(json_integer_value(json_object_get(irc, "deliveries")), 4);
	assert_int_equal(json_integer_value(json_object_get(irc, "lost")), 0);
	assert_int_equal(json_integer_value(json_object_get(polling, "lost")), 1);
	assert_near(number_at(irc, "latency_us", "p50"), 2);
	assert_near(number_at(irc, "latency_to_last_us", "p50"), 4);
	assert_near(number_at(polling, "latency_us", "max"), 8);
	assert_near(json_number_value(json_object_get(polling, "bytes_per_delivery")), 200);
	json_decref(report);
	tally_delivered(&result.tally, 2, 1, 200, 9000);
	report = report_json(&options, &result);
	assert_true(json_is_true(json_object_get(report, "is_good")));
	json_decref(report);
	load_finish(&result);
}

/* report.h: the table has a column for each group, and says why a run ended early. */
static void test_table_has_a_column_for_each_group(void **state)
{
	struct load_result result;
	struct options options;
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	make_run(&options, &result);
	error_set(&result.reason, "client 2 was hungry");
	report_table(file, &options, &result);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "          irc      polling\n"));
	assert_non_null(
	    strstr(text, "lost                                        0            1\n"));
	assert_non_null(
	    strstr(text, "ms to a client, p50                     0.002        0.008\n"));
	assert_non_null(strstr(text, "process 4711: 0.00 cores, 100.000 us of CPU a delivery\n"));
	assert_non_null(strstr(text, "(2000 bytes each)"));
	assert_non_null(strstr(text, "ended early: client 2 was hungry\n"));
	free(text);
	load_finish(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_has_the_costs),
	    cmocka_unit_test(test_json_has_every_group),
	    cmocka_unit_test(test_table_has_a_column_for_each_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
