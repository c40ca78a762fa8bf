/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include <jansson.h>

#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_status.h"
#include "server/net/address_limits.h"

const struct http_endpoint http_endpoints[] = {
    {.path = "/rcstream_status",
     .start = http_status_start_public,
     .on_request = http_status_on_request,
     .destroy = http_status_destroy},
    {.path = NULL},
};

/* Gives the body of the answer as JSON, and checks what stands before it. */
static json_t *ask(struct harness *harness)
{
	struct buffer got = {0};
	json_error_t error;
	json_t *object;
	const char *body;
	int client = harness_connect(harness);

	harness_send(harness, client, GET("/rcstream_status"));
	assert_false(harness_read(harness, client, &got));
	buffer_append_byte(&got, '\0');
	assert_non_null(strstr(got.bytes, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(got.bytes, "\r\nAccess-Control-Allow-Origin: *\r\n"));
	assert_non_null(strstr(got.bytes, "\r\nCache-Control: no-store\r\n"));
	body = strstr(got.bytes, "\r\n\r\n");
	assert_non_null(body);
	object = json_loads(body, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(object);
	buffer_finish(&got);
	close(client);
	harness_turn(harness);
	return object;
}

static json_int_t number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value)) {
		print_error("%s is no number\n", name);
	}
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* RCStream's status page had connected_clients and queue_size; docs/protocols/http.md the rest. */
static void test_status_sums_all_workers(void **state)
{
	struct harness harness;
	struct worker_stats workers[2] = {0};
	json_t *object;
	const json_t *clients;

	(void)state;
	harness_start(&harness);
	harness.status.workers = workers;
	harness.status.worker_count = 2;
	harness.net->clock.wall_ms = 1700000100900;
	harness.status.started_ms = 1700000000000;
	metric_add(&harness.status.changes_published, 7);
	metric_add(&harness.status.pauses, 3);
	metric_add(&workers[0].handed_over, 13);
	metric_add(&workers[0].metrics.changes_received, 10);
	metric_add(&workers[1].handed_over, 13);
	metric_add(&workers[1].metrics.changes_received, 8);
	metric_add(&workers[0].metrics.socketio_clients, 10);
	metric_add(&workers[1].metrics.socketio_clients, 11);
	metric_add(&workers[0].metrics.irc_deliveries, 100);
	metric_add(&workers[1].metrics.socketio_deliveries, 200);
	metric_add(&workers[1].metrics.irc_clients, 4);
	metric_add(&workers[1].metrics.http_connections, 5);
	metric_add(&workers[0].metrics.websocket_connections, 6);
	metric_add(&workers[0].metrics.closed[CLOSE_SENDQ_EXCEEDED], 2);
	object = ask(&harness);
	assert_int_equal(number(object, "connected_clients"), 21);
	assert_int_equal(number(object, "queue_size"), 5);
	assert_int_equal(number(object, "uptime"), 100);
	assert_int_equal(number(object, "changes_in"), 7);
	assert_int_equal(number(object, "pauses"), 3);
	assert_int_equal(number(object, "deliveries_out"), 300);
	assert_string_equal(json_string_value(json_object_get(object, "version")), "1.2.3");
	clients = json_object_get(object, "clients");
	assert_int_equal(number(clients, "irc"), 4);
	assert_int_equal(number(clients, "http"), 5);
	assert_int_equal(number(clients, "websocket"), 6);
	assert_int_equal(number(clients, "socketio"), 21);
	assert_int_equal(number(json_object_get(object, "counters"), "irc_deliveries"), 100);
	assert_int_equal(number(json_object_get(object, "closed"), "sendq_exceeded"), 2);
	assert_int_equal(number(json_object_get(object, "closed"), "shutdown"), 0);
	assert_int_equal(json_object_size(json_object_get(object, "closed")), CLOSE_REASONS);
	assert_int_equal(json_array_size(json_object_get(object, "sources")), 0);
	json_decref(object);
	harness_finish(&harness);
}

static void on_row(void *context, const char *name, const char *help, uint64_t value)
{
	json_t *counters = context;

	(void)help;
	(void)value;
	assert_true(json_is_integer(json_object_get(counters, name)));
	assert_int_equal(json_object_del(counters, name), 0);
}

/* Every row of metrics.def is there, and nothing else. */
static void test_status_has_every_counter(void **state)
{
	struct harness harness;
	json_t *object;
	json_t *counters;

	(void)state;
	harness_start(&harness);
	object = ask(&harness);
	counters = json_object_get(object, "counters");
	metrics_each(&harness.stats.metrics, on_row, counters);
	assert_int_equal(json_object_size(counters), 0);
	json_decref(object);
	harness_finish(&harness);
}

/* DESIGN, rule 8: who reads it can see whether changes flow, and what became of those that do not.
 */
static void test_status_shows_each_source(void **state)
{
	struct source_stats sources[] = {
	    {.type = "rc2udp", .name = "rc2udp"},
	    {.type = "rcfeed-udp", .name = "caf\xc3\xa9 \"2\""},
	};
	struct harness harness;
	json_t *object;
	const json_t *fresh;
	const json_t *used;

	(void)state;
	harness_start(&harness);
	harness.status.sources = sources;
	harness.status.source_count = 2;
	harness.net->clock.wall_ms = 1700000100900;
	metric_add(&sources[1].received, 9);
	metric_add(&sources[1].published, 6);
	metric_add(&sources[1].dropped[DROP_NOT_UTF8], 2);
	metric_add(&sources[1].dropped[DROP_JSON_SYNTAX], 1);
	metric_add(&sources[1].kernel_drops, 8);
	metric_add(&sources[1].duplicates, 4);
	metric_add(&sources[1].reconnects, 5);
	metric_set(&sources[1].is_up, 1);
	metric_add(&sources[1].last_change_ms, 1700000098000);
	object = ask(&harness);
	fresh = json_array_get(json_object_get(object, "sources"), 0);
	used = json_array_get(json_object_get(object, "sources"), 1);
	assert_string_equal(json_string_value(json_object_get(fresh, "name")), "rc2udp");
	assert_true(json_is_null(json_object_get(fresh, "last_change_age")));
	assert_int_equal(json_object_size(json_object_get(fresh, "dropped")), 0);
	assert_int_equal(number(fresh, "duplicates"), 0);
	assert_true(json_is_false(json_object_get(fresh, "is_up")));
	assert_string_equal(json_string_value(json_object_get(used, "name")), "caf\xc3\xa9 \"2\"");
	assert_string_equal(json_string_value(json_object_get(used, "type")), "rcfeed-udp");
	assert_int_equal(number(used, "received"), 9);
	assert_int_equal(number(used, "published"), 6);
	assert_int_equal(number(used, "kernel_drops"), 8);
	assert_int_equal(number(used, "duplicates"), 4);
	assert_int_equal(number(used, "reconnects"), 5);
	assert_true(json_is_true(json_object_get(used, "is_up")));
	assert_int_equal(number(used, "last_change_age"), 2);
	assert_int_equal(number(json_object_get(used, "dropped"), "not_utf8"), 2);
	assert_int_equal(number(json_object_get(used, "dropped"), "json_syntax"), 1);
	assert_int_equal(json_object_size(json_object_get(used, "dropped")), 2);
	json_decref(object);
	/* The feeder's clock may be a little ahead of the worker's. */
	metric_add(&sources[1].last_change_ms, 60000);
	object = ask(&harness);
	used = json_array_get(json_object_get(object, "sources"), 1);
	assert_int_equal(number(used, "last_change_age"), 0);
	json_decref(object);
	harness_finish(&harness);
}

/* docs/protocols/http.md: places taken and bounds, and who was refused, of all workers. */
static void test_status_shows_connections_and_refusals(void **state)
{
	struct harness harness;
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 5, .total = 9, .ipv6_prefix = 64});
	const struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	struct address_place *places[2];
	enum close_reason reason;
	const json_t *connections;
	json_t *object;

	(void)state;
	harness_start(&harness);
	harness.net->addresses = limits;
	http_front_end.destroy(harness.http);
	harness.http = http_front_end.start(&harness.env); /* it looks when it starts */
	places[0] = address_limits_enter(limits, &peer, &reason);
	places[1] = address_limits_enter(limits, &peer, &reason);
	metric_add(&harness.stats.metrics.connections_refused_address, 6);
	metric_add(&harness.stats.metrics.connections_refused_limit, 7);
	metric_add(&harness.stats.metrics.connections_refused_rate, 8);
	metric_add(&harness.stats.metrics.connections_refused_not_allowed, 9);
	object = ask(&harness);
	connections = json_object_get(object, "connections");
	assert_int_equal(number(connections, "open"), 2);
	assert_int_equal(number(connections, "max"), 9);
	assert_int_equal(number(connections, "addresses"), 1);
	assert_int_equal(number(connections, "max_per_address"), 5);
	connections = json_object_get(connections, "refused");
	assert_int_equal(json_object_size(connections), 4);
	assert_int_equal(number(connections, "rate_limit"), 8);
	assert_int_equal(number(connections, "not_allowed"), 9);
	assert_int_equal(number(connections, "address_limit"), 6);
	assert_int_equal(number(connections, "limit"), 7);
	json_decref(object);
	address_limits_leave(places[0]);
	address_limits_leave(places[1]);
	harness_finish(&harness);
	address_limits_destroy(limits);
}

/* options.def, admin: with an admin listener the public one tells what RCStream told. */
static void test_status_details_leave_the_public_port(void **state)
{
	struct harness harness;
	json_t *object;

	(void)state;
	harness_start(&harness);
	http_front_end.destroy(harness.http);
	harness.conf.admin.present = true;
	harness.http = http_front_end.start(&harness.env);
	metric_add(&harness.stats.metrics.socketio_clients, 3);
	object = ask(&harness);
	assert_int_equal(json_object_size(object), 2);
	assert_int_equal(number(object, "connected_clients"), 3);
	assert_int_equal(number(object, "queue_size"), 0);
	json_decref(object);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status_sums_all_workers),
	    cmocka_unit_test(test_status_has_every_counter),
	    cmocka_unit_test(test_status_shows_each_source),
	    cmocka_unit_test(test_status_shows_connections_and_refusals),
	    cmocka_unit_test(test_status_details_leave_the_public_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
