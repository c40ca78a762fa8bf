/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_health: what a load balancer and a monitor are answered. */
#include "protocols/http/http_health.h"

#include "protocols/http/http_endpoint.h"
#include "test/protocols/http/http_client.h"

#define HEALTH(address, function)                                                               \
	{                                                                                       \
		.path = (address), .start = http_health_start_public, .on_request = (function), \
		.destroy = http_health_destroy                                                  \
	}

const struct http_endpoint http_endpoints[] = {
    HEALTH("/healthz", http_health_on_loops),
    HEALTH("/healthz/feed", http_health_on_feed),
    HEALTH("/readyz", http_health_on_ready),
    {.path = NULL},
};

#define NOW_MS 1700000000000

struct world {
	struct harness harness;
	struct source_stats sources[2];
};

/* A server that is well: two sources, of which one has brought a change three seconds ago. */
static void setup(struct world *world)
{
	struct status *status = &world->harness.status;

	harness_start(&world->harness);
	world->harness.net->clock.wall_ms = NOW_MS;
	world->sources[0] = (struct source_stats){.type = "redis", .name = "wiki"};
	world->sources[1] = (struct source_stats){.type = "rc2udp", .name = "old"};
	status->sources = world->sources;
	status->source_count = 2;
	metric_set(&status->is_ready, 1);
	metric_set(&status->beat_ms, world->harness.net->clock.now_ms);
	metric_set(&world->harness.stats.beat_ms, world->harness.net->clock.now_ms);
	metric_set(&world->sources[0].is_up, 1);
	metric_set(&world->sources[0].last_change_ms, NOW_MS - 3000);
}

static void expect(struct world *world, const char *request, unsigned status, const char *body)
{
	struct buffer got = {0};
	char head[64];
	const char *at;
	int client = harness_connect(&world->harness);

	harness_send(&world->harness, client, request);
	(void)harness_read(&world->harness, client, &got);
	buffer_append_byte(&got, '\0');
	(void)snprintf(head, sizeof(head), "HTTP/1.1 %u ", status);
	assert_memory_equal(got.bytes, head, strlen(head));
	at = strstr(got.bytes, "\r\n\r\n");
	assert_non_null(at);
	assert_string_equal(at + 4, body);
	buffer_finish(&got);
	close(client);
	harness_turn(&world->harness);
}

/* A load balancer wants 200 and does not read the rest; HEAD is answered as GET, without a body. */
static void test_health_is_ok(void **state)
{
	struct world world = {0};

	(void)state;
	setup(&world);
	expect(&world, GET("/healthz"), 200, "ok\n");
	expect(&world, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200, "");
	expect(&world, GET("/readyz"), 200, "ok\n");
	expect(&world, GET("/healthz/feed"), 200, "ok\n");
	harness_finish(&world.harness);
}

/* http_health.h: a loop that has not turned for HTTP_HEALTH_LOOP_MS is stuck, and named. */
static void test_health_tells_of_a_stuck_loop(void **state)
{
	struct world world = {0};
	uint64_t *now_ms;

	(void)state;
	setup(&world);
	now_ms = &world.harness.net->clock.now_ms;
	metric_set(&world.harness.stats.beat_ms, *now_ms - HTTP_HEALTH_LOOP_MS);
	expect(&world, GET("/healthz"), 200, "ok\n");
	metric_set(&world.harness.stats.beat_ms, *now_ms - HTTP_HEALTH_LOOP_MS - 1);
	expect(&world, GET("/healthz"), 503, "the loop of worker 1 has not turned for 5 s\n");
	metric_set(&world.harness.status.beat_ms, *now_ms - 9000);
	expect(&world, GET("/healthz"), 503, "the loop of feeder has not turned for 9 s\n");
	/* The beat of another thread may be from after our clock was read. */
	metric_set(&world.harness.status.beat_ms, *now_ms + 100);
	metric_set(&world.harness.stats.beat_ms, *now_ms + 100);
	expect(&world, GET("/healthz"), 200, "ok\n");
	harness_finish(&world.harness);
}

/* http_health.h: ready is who has bound its listeners, is not ending, and has a source up. */
static void test_health_is_not_ready_without_a_source(void **state)
{
	struct world world = {0};

	(void)state;
	setup(&world);
	metric_set(&world.sources[0].is_up, 0);
	expect(&world, GET("/readyz"), 503, "no source is up\n");
	metric_set(&world.sources[1].is_up, 1);
	expect(&world, GET("/readyz"), 200, "ok\n");
	metric_set(&world.harness.status.is_ready, 0);
	expect(&world, GET("/readyz"), 503, "starting or ending\n");
	metric_set(&world.harness.status.is_ready, 1);
	metric_set(&world.sources[1].is_gone, 1); /* taken away by a reload */
	expect(&world, GET("/readyz"), 503, "no source is up\n");
	metric_set(&world.sources[0].is_gone, 1);
	expect(&world, GET("/readyz"), 503, "there is no source\n");
	harness_finish(&world.harness);
}

/* http_health.h: the feed flows while any source has brought a change within max_age. */
static void test_health_tells_of_silence(void **state)
{
	struct world world = {0};

	(void)state;
	setup(&world);
	expect(&world, GET("/healthz/feed?max_age=3"), 200, "ok\n");
	expect(&world, GET("/healthz/feed?max_age=2"), 503, "no change for 3 s\n");
	metric_set(&world.sources[1].last_change_ms, NOW_MS - 1000);
	expect(&world, GET("/healthz/feed?max_age=2"), 200, "ok\n");
	metric_set(&world.sources[0].last_change_ms, NOW_MS - 61000);
	metric_set(&world.sources[1].last_change_ms, NOW_MS - 60500);
	expect(&world, GET("/healthz/feed"), 503, "no change for 60 s\n");
	metric_set(&world.sources[0].last_change_ms, 0);
	metric_set(&world.sources[1].last_change_ms, 0);
	expect(&world, GET("/healthz/feed?max_age=86400"), 503, "no change has come yet\n");
	harness_finish(&world.harness);
}

/* A monitor with a typing error must not take the answer for health. */
static void test_health_refuses_an_age_that_is_none(void **state)
{
	static const char *const requests[] = {
	    GET("/healthz/feed?max_age="),      GET("/healthz/feed?max_age=0"),
	    GET("/healthz/feed?max_age=60s"),   GET("/healthz/feed?max_age=-1"),
	    GET("/healthz/feed?max_age=86401"), GET("/healthz/feed?max_age=99999999999999999999"),
	};
	struct world world = {0};

	(void)state;
	setup(&world);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		expect(&world, requests[i], 400,
		       "max_age is not a number of seconds (want 1 to 86400)\n");
	}
	harness_finish(&world.harness);
}

/* http_health.h: `?verbose` tells the details as JSON, with the same status. */
static void test_health_tells_details(void **state)
{
	struct world world = {0};

	(void)state;
	setup(&world);
	metric_set(&world.harness.stats.beat_ms, world.harness.net->clock.now_ms - 5500);
	expect(&world, GET("/healthz?verbose"), 503,
	       "{\n  \"ok\": false,\n"
	       "  \"fault\": \"the loop of worker 1 has not turned for 5 s\",\n"
	       "  \"details\": [\n"
	       "    {\n      \"loop\": \"feeder\",\n      \"last_turn_age\": 0.0\n    },\n"
	       "    {\n      \"loop\": \"worker 1\",\n      \"last_turn_age\": 5.5\n    }\n"
	       "  ]\n}");
	expect(&world, GET("/healthz/feed?max_age=2&verbose"), 503,
	       "{\n  \"ok\": false,\n  \"fault\": \"no change for 3 s\",\n  \"details\": {\n"
	       "    \"max_age\": 2,\n    \"last_change_age\": 3.0,\n    \"sources\": [\n"
	       "      {\n        \"name\": \"wiki\",\n        \"type\": \"redis\",\n"
	       "        \"is_up\": true,\n        \"last_change_age\": 3.0\n      },\n"
	       "      {\n        \"name\": \"old\",\n        \"type\": \"rc2udp\",\n"
	       "        \"is_up\": false,\n        \"last_change_age\": null\n      }\n"
	       "    ]\n  }\n}");
	harness_finish(&world.harness);
}

/* options.def, admin: with an admin listener the public one tells ok or not, and no more. */
static void test_health_details_leave_the_public_port(void **state)
{
	struct world world = {0};

	(void)state;
	setup(&world);
	http_front_end.destroy(world.harness.http);
	world.harness.conf.admin.present = true;
	world.harness.http = http_front_end.start(&world.harness.env);
	expect(&world, GET("/healthz?verbose"), 200, "ok\n");
	expect(&world, GET("/healthz/feed?max_age=2&verbose"), 503, "not ok\n");
	harness_finish(&world.harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_health_is_ok),
	    cmocka_unit_test(test_health_tells_of_a_stuck_loop),
	    cmocka_unit_test(test_health_is_not_ready_without_a_source),
	    cmocka_unit_test(test_health_tells_of_silence),
	    cmocka_unit_test(test_health_refuses_an_age_that_is_none),
	    cmocka_unit_test(test_health_tells_details),
	    cmocka_unit_test(test_health_details_leave_the_public_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
