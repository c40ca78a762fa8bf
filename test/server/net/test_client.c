/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/client: who is served. */
#include "server/net/client.h"

#include "test/server/net/world.h"

static void on_describe(const struct client *client, struct client_info *info)
{
	(void)client;
	(void)info;
}

static void on_end(struct client *client, enum close_reason reason)
{
	(void)client;
	(void)reason;
}

static const struct client_ops client_ops = {.describe = on_describe, .end = on_end};

static uint64_t count(const struct world *world, enum client_kind kind)
{
	return metric_read(&world->metrics.clients[kind]);
}

/* client.h: a client is counted by its kind, which may change; leaving twice is leaving once. */
static void test_client_is_counted_by_its_kind(void **state)
{
	struct world *world = *state;
	struct client clients[2] = {{.ops = &client_ops}, {.ops = &client_ops}};

	client_enter(world->net, &clients[0], CLIENT_IRC);
	client_enter(world->net, &clients[1], CLIENT_IRC);
	assert_int_equal(count(world, CLIENT_IRC), 2);
	client_turn(world->net, &clients[0], CLIENT_SOCKETIO_HTMLFILE);
	assert_int_equal(count(world, CLIENT_IRC), 1);
	assert_int_equal(count(world, CLIENT_SOCKETIO_HTMLFILE), 1);
	client_leave(world->net, &clients[0]);
	client_leave(world->net, &clients[0]);
	client_leave(world->net, &clients[1]);
	assert_int_equal(count(world, CLIENT_IRC), 0);
	assert_int_equal(count(world, CLIENT_SOCKETIO_HTMLFILE), 0);
	assert_null(clients_next(&world->net->clients, 0));
}

/* client.h: ids come from where connections have theirs, so that no two are the same. */
static void test_client_gets_an_id_unless_it_has_one(void **state)
{
	struct world *world = *state;
	struct client clients[3] = {
	    {.ops = &client_ops}, {.ops = &client_ops, .id = 77}, {.ops = &client_ops}};
	uint64_t next = world->net->next_id;

	for (size_t i = 0; i < 3; i++) {
		client_enter(world->net, &clients[i], CLIENT_HTTP);
	}
	assert_int_equal(clients[0].id, next);
	assert_int_equal(clients[1].id, 77);
	assert_int_equal(clients[2].id, next + world->net->id_step);
	assert_int_equal(world->net->next_id, next + 2 * world->net->id_step);
	for (size_t i = 0; i < 3; i++) {
		client_leave(world->net, &clients[i]);
	}
}

/* client.h: of a connection its peer, what it was sent, and how long it has taken nothing. */
static void test_client_tells_of_its_connection(void **state)
{
	struct world *world = *state;
	struct client_info info = {0};
	int client;
	struct session *session = client_connect(world, &client);

	connection_send_bytes(session->connection, "hello", 5);
	client_info_of_connection(session->connection, &info);
	assert_int_equal(info.queued_bytes, 5);
	turns(world, 3);
	info = (struct client_info){.agent = ""};
	client_info_of_connection(session->connection, &info);
	assert_int_equal(info.queued_bytes, 0);
	assert_int_equal(info.sent_bytes, 5);
	assert_int_equal(info.lag_ms, 0);
	assert_int_equal(info.peer.sin6_port, session->connection->peer.sin6_port);
	assert_true(info.peer.sin6_port != 0);
	client_close(session, client);
}

/* client.h: what a client calls itself is cut, and shown as printable ASCII. */
static void test_client_agent_is_harmless(void **state)
{
	struct client_info info = {0};
	char longest[2 * CLIENT_AGENT_MAX];

	(void)state;
	client_info_agent(&info, "Mozilla\r\n\xc3\x29\x7f~", 13);
	assert_string_equal(info.agent, "Mozilla\?\?\?)\?~");
	client_info_agent(&info, NULL, 0);
	assert_string_equal(info.agent, "");
	memset(longest, 'x', sizeof(longest));
	client_info_agent(&info, longest, sizeof(longest));
	assert_int_equal(strlen(info.agent), CLIENT_AGENT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_client_is_counted_by_its_kind, world_setup,
	                                    world_teardown),
	    cmocka_unit_test_setup_teardown(test_client_gets_an_id_unless_it_has_one, world_setup,
	                                    world_teardown),
	    cmocka_unit_test_setup_teardown(test_client_tells_of_its_connection, world_setup,
	                                    world_teardown),
	    cmocka_unit_test(test_client_agent_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
