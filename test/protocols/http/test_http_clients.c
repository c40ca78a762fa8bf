/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_clients: who is served, and how to let go of one. */
#include "protocols/http/http_clients.h"

#include <jansson.h>

#include "protocols/http/http_endpoint.h"
#include "server/net/client.h"
#include "server/net/errand.h"
#include "test/protocols/http/http_client.h"

const struct http_endpoint http_endpoints[] = {
    {.path = HTTP_CLIENTS_PATH,
     .start = http_clients_start,
     .on_request = http_clients_on_request,
     .destroy = http_clients_destroy},
    {.path = HTTP_CLIENTS_PATH "/",
     .is_prefix = true,
     .takes_any = true,
     .start = http_clients_start,
     .on_request = http_clients_on_client,
     .destroy = http_clients_destroy},
    {.path = NULL},
};

/* Clients that are nobody's connection, on one worker. */
struct fake {
	struct client client;
	const char *agent;
	enum close_reason ended; /* CLOSE_REASONS: it was not */
};

struct world {
	struct harness harness;
	struct fake fakes[5];
	struct errand *errand; /* sent, and not yet on its way */
	unsigned slices;       /* visits that were to be made again */
};

static void describe(const struct client *client, struct client_info *info)
{
	const struct fake *fake = container_of(client, const struct fake, client);

	client_info_agent(info, fake->agent, strlen(fake->agent));
	info->queued_bytes = 7;
	info->lag_ms = 1500;
}

static void end(struct client *client, enum close_reason reason)
{
	container_of(client, struct fake, client)->ended = reason;
}

static const struct client_ops fake_ops = {.describe = describe, .end = end};

static void send_errand(const struct front_end_env *env, struct errand *errand)
{
	struct harness *harness = env->mover;
	struct world *world = container_of(harness, struct world, harness);

	assert_null(world->errand);
	world->errand = errand;
}

static void setup(struct world *world)
{
	world->errand = NULL;
	world->slices = 0;
	harness_start(&world->harness);
	world->harness.env.send_errand = send_errand;
	world->harness.net->clock.wall_ms = 1700000000000;
	for (unsigned i = 0; i < 5; i++) {
		struct fake *fake = &world->fakes[i];

		*fake = (struct fake){.client = {.ops = &fake_ops, .id = 1000 - 10 * i},
		                      .agent = i == 0 ? "a\xff\"b\n" : "",
		                      .ended = CLOSE_REASONS};
		client_enter(world->harness.net, &fake->client, CLIENT_IRC);
	}
}

static void teardown(struct world *world)
{
	for (unsigned i = 0; i < 5; i++) {
		client_leave(world->harness.net, &world->fakes[i].client);
		client_leave(world->harness.net, &world->fakes[i].client);
	}
	harness_finish(&world->harness);
	for (int kind = 0; kind < CLIENT_KINDS; kind++) {
		assert_int_equal(metric_read(&world->harness.stats.metrics.clients[kind]), 0);
	}
}

/* Let the errand visit `visits` workers, which are all this one, and come home. */
static void run_errand(struct world *world, unsigned visits)
{
	struct errand *errand = world->errand;

	assert_non_null(errand);
	world->errand = NULL;
	for (unsigned i = 0; i < visits; i++) {
		while (!errand->visit(errand, world->harness.net)) {
			world->slices++;
		}
	}
	errand->done(errand);
}

/* Gives the JSON of the answer to a request, which must have this status. */
static json_t *ask(struct world *world, const char *request, unsigned status)
{
	struct buffer got = {0};
	json_t *object;
	char head[32];
	int client = harness_connect(&world->harness);

	harness_send(&world->harness, client, request);
	if (world->errand != NULL) {
		run_errand(world, 1);
	}
	(void)harness_read(&world->harness, client, &got);
	buffer_append_byte(&got, '\0');
	(void)snprintf(head, sizeof(head), "HTTP/1.1 %u ", status);
	assert_memory_equal(got.bytes, head, strlen(head));
	object = json_loads(strstr(got.bytes, "\r\n\r\n"), 0, NULL);
	buffer_finish(&got);
	close(client);
	harness_turn(&world->harness);
	return object;
}

static json_int_t id_at(const json_t *page, size_t index)
{
	const json_t *clients = json_object_get(page, "clients");

	return json_integer_value(json_object_get(json_array_get(clients, index), "id"));
}

/* http_clients.h: by id, whatever the order they came in, `next` leading on to the rest. */
static void test_clients_are_listed_in_pages(void **state)
{
	struct world world;
	json_t *page;

	(void)state;
	setup(&world);
	page = ask(&world, GET("/admin/clients?limit=3&after=959"), 200);
	assert_int_equal(json_array_size(json_object_get(page, "clients")), 3);
	assert_int_equal(id_at(page, 0), 960);
	assert_int_equal(id_at(page, 2), 980);
	assert_int_equal(json_integer_value(json_object_get(page, "next")), 980);
	json_decref(page);
	page = ask(&world, GET("/admin/clients?limit=3&after=980"), 200);
	assert_int_equal(json_array_size(json_object_get(page, "clients")), 2);
	assert_true(json_is_null(json_object_get(page, "next")));
	json_decref(page);
	teardown(&world);
}

/* http_clients.h: what several workers have is one list, cut where the page ends. */
static void test_clients_of_all_workers_are_one_list(void **state)
{
	struct world world;
	struct buffer got = {0};
	json_t *page;
	int client;

	(void)state;
	setup(&world);
	client = harness_connect(&world.harness);
	harness_send(&world.harness, client, GET("/admin/clients?limit=4&after=900"));
	run_errand(&world, 2);
	(void)harness_read(&world.harness, client, &got);
	buffer_append_byte(&got, '\0');
	page = json_loads(strstr(got.bytes, "\r\n\r\n"), 0, NULL);
	assert_int_equal(json_array_size(json_object_get(page, "clients")), 4);
	assert_int_equal(id_at(page, 0), 960);
	assert_int_equal(id_at(page, 1), 960);
	assert_int_equal(id_at(page, 3), 970);
	json_decref(page);
	buffer_finish(&got);
	close(client);
	teardown(&world);
}

#define CROWD 2000

static struct fake crowd[CROWD];
static unsigned described;

static void describe_and_count(const struct client *client, struct client_info *info)
{
	(void)client;
	(void)info;
	described++;
}

/* http_clients.h: of thousands hardly more than the page are described, few at a time. */
static void test_clients_of_a_crowd_are_told_in_slices(void **state)
{
	static const struct client_ops counting = {.describe = describe_and_count, .end = end};
	struct world world;
	json_int_t after = 2000;
	size_t listed = 0;

	(void)state;
	setup(&world);
	for (unsigned i = 0; i < CROWD; i++) {
		/* 1237 and 2000 have no common divisor: every id once, in disorder. */
		crowd[i].client = (struct client){.ops = &counting, .id = 2001 + i * 1237 % CROWD};
		client_enter(world.harness.net, &crowd[i].client, CLIENT_IRC);
	}
	while (listed < CROWD) {
		char request[96];
		json_t *page;

		described = 0;
		world.slices = 0;
		(void)snprintf(request, sizeof(request),
		               "GET /admin/clients?limit=500&after=%d HTTP/1.1\r\nHost: x\r\n\r\n",
		               (int)after);
		page = ask(&world, request, 200);
		assert_in_range(described, 500, 500 + 63);
		assert_int_equal(world.slices, 500 / 64);
		assert_int_equal(json_array_size(json_object_get(page, "clients")), 500);
		for (size_t i = 0; i < 500; i++) {
			assert_int_equal(id_at(page, i), after + 1 + (json_int_t)i);
		}
		listed += 500;
		after += 500;
		assert_int_equal(json_integer_value(json_object_get(page, "next")),
		                 listed < CROWD ? after : 0);
		json_decref(page);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		client_leave(world.harness.net, &crowd[i].client);
	}
	teardown(&world);
}

/* docs/operations.md: what each client tells of itself; bytes of its own choice do no harm. */
static void test_clients_tell_of_themselves(void **state)
{
	struct world world;
	json_t *page;
	const json_t *one;

	(void)state;
	setup(&world);
	world.harness.net->clock.wall_ms += 2500;
	page = ask(&world, GET("/admin/clients?after=999"), 200);
	one = json_array_get(json_object_get(page, "clients"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "agent")), "a?\"b?");
	assert_string_equal(json_string_value(json_object_get(one, "address")), "unix");
	assert_string_equal(json_string_value(json_object_get(one, "front_end")), "irc");
	assert_true(json_real_value(json_object_get(one, "age")) == 2.5);
	assert_true(json_real_value(json_object_get(one, "lag")) == 1.5);
	assert_int_equal(json_integer_value(json_object_get(one, "queued_bytes")), 7);
	json_decref(page);
	page = ask(&world, GET("/admin/clients?after=989&limit=1"), 200);
	one = json_array_get(json_object_get(page, "clients"), 0);
	assert_true(json_is_null(json_object_get(one, "agent")));
	json_decref(page);
	teardown(&world);
}

/* http_clients.h: the client with the id is ended, and no other; one that is not there is 404. */
static void test_clients_are_kicked_by_id(void **state)
{
	struct world world;

	(void)state;
	setup(&world);
	json_decref(ask(&world, POST("/admin/clients/980/kick"), 200));
	assert_int_equal(world.fakes[2].ended, CLOSE_KICKED);
	assert_int_equal(world.fakes[1].ended, CLOSE_REASONS);
	json_decref(ask(&world, POST("/admin/clients/981/kick"), 404));
	json_decref(ask(&world, POST("/admin/clients/980/kic"), 404));
	json_decref(ask(&world, POST("/admin/clients//kick"), 404));
	json_decref(ask(&world, POST("/admin/clients/kick"), 404));
	json_decref(ask(&world, GET("/admin/clients/990/kick"), 405));
	assert_int_equal(world.fakes[1].ended, CLOSE_REASONS);
	teardown(&world);
}

/* http_clients.c: who asked may have gone before its errand is back. */
static void test_clients_answer_nobody_who_has_gone(void **state)
{
	struct world world;
	int client;

	(void)state;
	setup(&world);
	client = harness_connect(&world.harness);
	harness_send(&world.harness, client, GET("/admin/clients"));
	close(client);
	harness_turn(&world.harness);
	run_errand(&world, 1);
	client = harness_connect(&world.harness);
	harness_send(&world.harness, client, POST("/admin/clients/980/kick"));
	close(client);
	harness_turn(&world.harness);
	run_errand(&world, 1);
	teardown(&world);
}

/* errand.h: one that gets no further is dropped; its ask goes with the endpoint. */
static void test_clients_lose_an_errand_at_the_end(void **state)
{
	struct world world;
	int clients[2];

	(void)state;
	setup(&world);
	clients[0] = harness_connect(&world.harness);
	harness_send(&world.harness, clients[0], GET("/admin/clients"));
	(void)world.errand->visit(world.errand, world.harness.net);
	world.errand->drop(world.errand);
	world.errand = NULL;
	clients[1] = harness_connect(&world.harness);
	harness_send(&world.harness, clients[1], POST("/admin/clients/980/kick"));
	world.errand->drop(world.errand);
	world.errand = NULL;
	close(clients[0]);
	close(clients[1]);
	teardown(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clients_are_listed_in_pages),
	    cmocka_unit_test(test_clients_of_all_workers_are_one_list),
	    cmocka_unit_test(test_clients_of_a_crowd_are_told_in_slices),
	    cmocka_unit_test(test_clients_tell_of_themselves),
	    cmocka_unit_test(test_clients_are_kicked_by_id),
	    cmocka_unit_test(test_clients_answer_nobody_who_has_gone),
	    cmocka_unit_test(test_clients_lose_an_errand_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
