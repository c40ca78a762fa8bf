/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_metrics: rows of metrics.def as series; test_metrics.py has its parsers. */
#include "protocols/http/http_metrics.h"

#include "protocols/http/http_endpoint.h"
#include "server/wiki_counts.h"
#include "test/protocols/http/http_client.h"

const struct http_endpoint http_endpoints[] = {
    {.path = "/metrics",
     .start = http_metrics_start_public,
     .on_request = http_metrics_on_request,
     .destroy = http_metrics_destroy},
    {.path = NULL},
};

/* Gives the whole answer, NUL-terminated. */
static struct buffer ask(struct harness *harness)
{
	struct buffer got = {0};
	int client = harness_connect(harness);

	harness_send(harness, client, GET("/metrics"));
	assert_false(harness_read(harness, client, &got));
	buffer_append_byte(&got, '\0');
	close(client);
	harness_turn(harness);
	return got;
}

static void assert_has(const struct buffer *got, const char *line)
{
	if (strstr(got->bytes, line) == NULL) {
		fail_msg("no %s in\n%s", line, got->bytes);
	}
}

/* metrics.def: a worker's row is the sum of all workers; a maximum is the greatest. */
static void test_metrics_sum_workers(void **state)
{
	struct harness harness;
	struct worker_stats workers[2] = {0};
	struct buffer got;

	(void)state;
	harness_start(&harness);
	harness.status.workers = workers;
	harness.status.worker_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		metric_set(&workers[i].metrics.irc_deliveries, 3 + i);
		metric_set(&workers[i].metrics.irc_registered_max, 5 + i);
		metric_set(&workers[i].metrics.closed[CLOSE_KICKED], 1);
		metric_set(&workers[i].metrics.clients[CLIENT_IRC_WEBSOCKET], 2);
		histogram_add(&workers[i].metrics.fan_out, &histogram_durations, 100);
	}
	metric_set(&workers[1].handed_over, 9);
	got = ask(&harness);
	assert_has(&got, "\nrcstreamd_workers 2\n");
	assert_has(&got, "\nrcstreamd_deliveries_total{front_end=\"irc\"} 7\n");
	assert_has(&got, "\nrcstreamd_irc_registered_max 6\n");
	assert_has(&got, "\nrcstreamd_disconnects_total{reason=\"kicked\"} 2\n");
	assert_has(&got, "\nrcstreamd_clients{front_end=\"irc\",transport=\"websocket\"} 4\n");
	assert_has(&got, "\nrcstreamd_fan_out_duration_seconds_bucket{le=\"0.0001\"} 2\n");
	assert_has(&got, "\nrcstreamd_queued_changes 9\n");
	assert_has(&got, "\nrcstreamd_build_info{version=\"1.2.3\"} 1\n");
	buffer_finish(&got);
	harness_finish(&harness);
}

/* metrics.def: a source's row is a series for each; milliseconds are told as seconds. */
static void test_metrics_tell_each_source(void **state)
{
	struct harness harness;
	struct source_stats sources[2] = {{.type = "rc2udp", .name = "a"},
	                                  {.type = "redis", .name = "b"}};
	struct buffer got;

	(void)state;
	harness_start(&harness);
	harness.status.sources = sources;
	harness.status.source_count = 2;
	harness.status.wiki_counts = wiki_counts_create(1);
	wiki_counts_add(harness.status.wiki_counts, "w\"1", 3);
	metric_set(&sources[0].dropped[DROP_NO_TAB], 4);
	metric_set(&sources[1].dropped[DROP_JSON_SYNTAX], 5);
	metric_set(&sources[1].last_change_ms, 1700000000250);
	got = ask(&harness);
	assert_has(&got, "\nrcstreamd_source_dropped_total{source=\"a\",type=\"rc2udp\","
	                 "reason=\"no_tab\"} 4\n");
	assert_has(&got, "\nrcstreamd_source_last_change_timestamp_seconds{source=\"a\","
	                 "type=\"rc2udp\"} 0\n");
	assert_has(&got, "\nrcstreamd_source_last_change_timestamp_seconds{source=\"b\","
	                 "type=\"redis\"} 1700000000.250000\n");
	assert_has(&got, "\nircstream_errors_total{type=\"rc2udp-parsing\"} 4\n");
	assert_has(&got, "\nrcstreamd_wiki_changes_total{wiki=\"w\\\"1\"} 1\n");
	buffer_finish(&got);
	metric_set(&sources[0].is_gone, 1); /* no alert is to fire for it; what it counted stays */
	got = ask(&harness);
	assert_null(strstr(got.bytes, "source=\"a\""));
	assert_has(&got, "\nrcstreamd_source_up{source=\"b\",type=\"redis\"} 0\n");
	assert_has(&got, "\nircstream_errors_total{type=\"rc2udp-parsing\"} 4\n");
	buffer_finish(&got);
	wiki_counts_destroy(harness.status.wiki_counts);
	harness_finish(&harness);
}

/* options.def, admin: with an admin listener the public one has no metrics. */
static void test_metrics_leave_the_public_port(void **state)
{
	struct harness harness;
	struct buffer got;

	(void)state;
	harness_start(&harness);
	http_front_end.destroy(harness.http);
	harness.conf.admin.present = true;
	harness.http = http_front_end.start(&harness.env);
	got = ask(&harness);
	assert_memory_equal(got.bytes, "HTTP/1.1 404 ", 13);
	buffer_finish(&got);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_metrics_sum_workers),
	    cmocka_unit_test(test_metrics_tell_each_source),
	    cmocka_unit_test(test_metrics_leave_the_public_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
