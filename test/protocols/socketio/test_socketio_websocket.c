/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_websocket.h"

#include "protocols/socketio/socketio_polling.h"
#include "test/protocols/socketio/fake_websocket.h"

#define CHANGE "5::/rc:{\"args\":[{}],\"name\":\"change\"}\n"

/* One session, and two websockets it may have. */
static struct stage {
	struct world world;
	struct socketio_sessions sessions;
	struct socketio_session *session;
	struct websocket first, second;
} stage;

static void upgrade(struct websocket *websocket)
{
	struct http_exchange exchange;

	fake_websocket = websocket;
	fake_request(&exchange, HTTP_METHOD_GET, "/socket.io/1/websocket/SID");
	exchange.request.is_upgrade = true;
	socketio_websocket_transport.on_request(stage.session, &exchange);
	assert_true(fake_is_over(&exchange));
	fake_finish(&exchange);
}

static int begin(void **state)
{
	(void)state;
	stage = (struct stage){0};
	world_init(&stage.world);
	socketio_sessions_init(&stage.sessions, &stage.world.env);
	stage.session = socketio_session_create(&stage.sessions);
	return 0;
}

static int begin_open(void **state)
{
	(void)begin(state);
	upgrade(&stage.first);
	fake_websocket_expect(&stage.first, "1::\n");
	return 0;
}

/* As the server's end: connections first, then the sessions. */
static int end(void **state)
{
	(void)state;
	if (stage.first.ops != NULL) {
		fake_websocket_goes(&stage.first, CLOSE_SHUTDOWN);
	}
	if (stage.second.ops != NULL) {
		fake_websocket_goes(&stage.second, CLOSE_SHUTDOWN);
	}
	socketio_sessions_finish(&stage.sessions);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.net->deadlines.armed, 0);
	world_finish(&stage.world);
	return 0;
}

/* The client has closed, or the connection has: the websocket is gone. */
static void goes(struct websocket *websocket, enum close_reason reason)
{
	fake_websocket_goes(websocket, reason);
	websocket->ops = NULL;
}

static void say(const char *packet)
{
	stage.first.ops->on_text(&stage.first, stage.first.owner, packet, strlen(packet));
}

/* "1::" is the first thing after the 101, and the session is a client from then on. */
static void test_an_upgrade_opens_the_session(void **state)
{
	(void)state;
	upgrade(&stage.first);
	fake_websocket_expect(&stage.first, "1::\n");
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
}

/* Not an upgrade, or one of another version: refused, and the session still waits. */
static void test_what_is_no_upgrade_opens_nothing(void **state)
{
	struct http_exchange exchange;

	(void)state;
	fake_request(&exchange, HTTP_METHOD_GET, "/socket.io/1/websocket/SID");
	socketio_websocket_transport.on_request(stage.session, &exchange);
	assert_int_equal(exchange.status, 400);
	fake_finish(&exchange);
	stage.second.refuses = true;
	upgrade(&stage.second);
	assert_int_equal(stage.world.metrics.socketio_clients, 0);
	assert_null(stage.session->transport);
}

/* A packet a message both ways, without frames of payloads. */
static void test_packets_go_one_a_message(void **state)
{
	(void)state;
	say("1::/rc");
	say("5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"en.wikipedia.org\"]}");
	fake_websocket_expect(&stage.first, "1::/rc\n6::/rc:1+[null]\n");
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	fake_websocket_expect(&stage.first, CHANGE CHANGE);
}

/* All that a turn may take has been taken. */
static void spend_turn(void)
{
	while (socketio_turns_take(&stage.sessions.turns, SOCKETIO_TURNS_BYTES)) {}
}

/* socketio_turns.h: a packet waits for its turn, nothing is said twice, the next waits behind it.
 */
static void test_a_packet_waits_for_its_turn(void **state)
{
	(void)state;
	spend_turn();
	say("3:1:/rc:first");
	assert_true(stage.first.has_put_off);
	say("3:1:/rc:first"); /* it comes again, since the client has said more */
	say("3:1:/rc:first");
	fake_websocket_expect(&stage.first, "");
	net_turn(stage.world.net);
	assert_int_equal(stage.first.resumes, 1);
	stage.first.has_put_off = false;
	say("3:1:/rc:first");
	assert_false(stage.first.has_put_off);
	fake_websocket_expect(&stage.first, "6::/rc:1\n");
	spend_turn();
	say("3:2:/rc:second");
	assert_true(stage.first.has_put_off);
	fake_websocket_expect(&stage.first, "");
	net_turn(stage.world.net);
	say("3:2:/rc:second");
	fake_websocket_expect(&stage.first, "6::/rc:2\n");
	assert_int_equal(stage.world.metrics.socketio_input_waits, 2);
}

/* A client that goes while its packet waits leaves the line; so does one whose session ends. */
static void test_a_client_may_go_while_its_packet_waits(void **state)
{
	(void)state;
	spend_turn();
	say("1::/rc");
	goes(&stage.first, CLOSE_CLIENT_RESET);
	assert_true(stage.session->is_ended);
	assert_int_equal(stage.sessions.turns.waiting, 0);
	net_turn(stage.world.net);
	assert_int_equal(stage.first.resumes, 0);
	stage.session = socketio_session_create(&stage.sessions);
	upgrade(&stage.second);
	spend_turn();
	stage.second.ops->on_text(&stage.second, stage.second.owner, "1::/rc", 6);
	socketio_session_end(stage.session, CLOSE_PING_TIMEOUT);
	assert_int_equal(stage.sessions.turns.waiting, 0);
	net_turn(stage.world.net);
	assert_int_equal(stage.second.resumes, 0);
}

/* Milliseconds until something is sent. */
static uint64_t time_until_sent(void)
{
	uint64_t begin_ms = stage.world.net->clock.now_ms;

	while (stage.first.sent.length == 0) {
		world_pass(&stage.world, 10);
		assert_true(stage.world.net->clock.now_ms - begin_ms < 100000);
	}
	return stage.world.net->clock.now_ms - begin_ms;
}

/* A heartbeat every 25 s, while the client shows that it lives. */
static void test_heartbeats_are_sent_every_interval(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_in_range(time_until_sent(), 25000, 25000 + 2 * DEADLINE_TICK_MS);
		fake_websocket_expect(&stage.first, "2::\n");
		say("2::");
	}
	assert_false(stage.first.is_closed);
}

/* socketIO_client never answers a heartbeat, but sends one of its own every 30 s. */
static void test_a_client_may_send_heartbeats_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		world_pass(&stage.world, 30000);
		say("2:::");
	}
	assert_false(stage.first.is_closed);
}

/* Silent for 60 s: closed, and without "0::", so that it comes back. */
static void test_a_silent_client_is_closed(void **state)
{
	(void)state;
	world_pass(&stage.world, 59900);
	fake_websocket_expect(&stage.first, "2::\n2::\n");
	assert_false(stage.first.is_closed);
	world_pass_timeout(&stage.world, 0);
	assert_true(stage.first.is_closed);
	assert_int_equal(stage.first.reason, CLOSE_PING_TIMEOUT);
	fake_websocket_expect(&stage.first, "");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* socket.io: "0::" is answered in kind, then the connection closes. */
static void test_a_disconnect_is_answered_in_kind(void **state)
{
	(void)state;
	say("0::");
	fake_websocket_expect(&stage.first, "0::\n");
	assert_true(stage.first.is_closed);
	assert_int_equal(stage.first.reason, CLOSE_CLIENT_QUIT);
	say("5::/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	fake_websocket_expect(&stage.first, "");
}

/* FIN, reset or close frame: the session ends with its connection. */
static void test_the_session_ends_with_its_connection(void **state)
{
	(void)state;
	say("5::/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	goes(&stage.first, CLOSE_CLIENT_RESET);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.metrics.socketio_clients, 0);
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	world_pass_timeout(&stage.world, 120);
}

/* Shutdown and overload are an end of the connection, never "0::". */
static void test_an_end_of_ours_is_not_told_as_a_disconnect(void **state)
{
	(void)state;
	socketio_session_end(stage.session, CLOSE_SHUTDOWN);
	fake_websocket_expect(&stage.first, "");
	assert_true(stage.first.is_closed);
	assert_int_equal(stage.first.reason, CLOSE_SHUTDOWN);
}

/* A second websocket for the session takes it over; the first one's end is not its own. */
static void test_a_second_websocket_takes_the_session_over(void **state)
{
	(void)state;
	say("5::/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	upgrade(&stage.second);
	fake_websocket_expect(&stage.second, "1::\n");
	assert_true(stage.first.is_closed);
	say("0::");
	goes(&stage.first, CLOSE_PROTOCOL_DONE);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	fake_websocket_expect(&stage.second, CHANGE);
	world_pass(&stage.world, 25000 + 2 * DEADLINE_TICK_MS);
	fake_websocket_expect(&stage.second, "2::\n");
}

/* socket.io-client falls back to polling within its session when a websocket does not open. */
static void test_polling_takes_over_from_a_websocket(void **state)
{
	struct http_exchange poll;

	(void)state;
	say("5::/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	fake_request(&poll, HTTP_METHOD_GET, "/socket.io/1/xhr-polling/SID");
	socketio_polling_xhr.on_request(stage.session, &poll);
	fake_expect(&poll, 200, "1::");
	assert_true(stage.first.is_closed);
	goes(&stage.first, CLOSE_PROTOCOL_DONE);
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	fake_request(&poll, HTTP_METHOD_GET, "/socket.io/1/xhr-polling/SID");
	socketio_polling_xhr.on_request(stage.session, &poll);
	fake_expect(&poll, 200, "5::/rc:{\"args\":[{}],\"name\":\"change\"}");
}

/* And the other way round: the poll that waits is let go. */
static void test_a_websocket_takes_over_from_polling(void **state)
{
	struct http_exchange poll;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		fake_request(&poll, HTTP_METHOD_GET, "/socket.io/1/xhr-polling/SID");
		socketio_polling_xhr.on_request(stage.session, &poll);
		if (i == 0) {
			fake_expect(&poll, 200, "1::");
		}
	}
	upgrade(&stage.first);
	fake_expect(&poll, 200, "8::");
	fake_websocket_expect(&stage.first, "1::\n");
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
	world_pass_timeout(&stage.world, 59);
	say("2::");
	world_pass_timeout(&stage.world, 59);
	assert_false(stage.first.is_closed);
}

/* socketio_transport.h: a connection counts once for its session, whoever goes first. */
static void test_a_connection_is_counted_once(void **state)
{
	(void)state;
	fake_connection = (struct connection){.sent_bytes = 500, .outbox.bytes = 7};
	goes(&stage.first, CLOSE_CLIENT_CLOSED);
	assert_true(stage.session->is_ended);
	assert_int_equal(stage.session->earlier_bytes, 500);
	assert_int_equal(stage.session->unsent_bytes, 7);

	stage.session = socketio_session_create(&stage.sessions);
	upgrade(&stage.first);
	socketio_session_end(stage.session, CLOSE_KICKED);
	fake_connection.sent_bytes = 600; /* the goodbye */
	goes(&stage.first, CLOSE_KICKED);
	assert_int_equal(stage.session->earlier_bytes, 500);
	fake_connection = (struct connection){0};
}

/* A session that takes another WebSocket has the bytes of both. */
static void test_connections_are_added_up(void **state)
{
	(void)state;
	fake_connection = (struct connection){.sent_bytes = 500};
	upgrade(&stage.second);
	goes(&stage.first, CLOSE_PROTOCOL_DONE);
	assert_int_equal(stage.session->earlier_bytes, 500);
	fake_connection.sent_bytes = 30;
	goes(&stage.second, CLOSE_CLIENT_CLOSED);
	assert_int_equal(stage.session->earlier_bytes, 530);
	fake_connection = (struct connection){0};
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_open, end)
	    cmocka_unit_test_setup_teardown(test_an_upgrade_opens_the_session, begin, end),
	    cmocka_unit_test_setup_teardown(test_what_is_no_upgrade_opens_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_websocket_takes_over_from_polling, begin, end),
	    TEST(test_packets_go_one_a_message),
	    TEST(test_a_packet_waits_for_its_turn),
	    TEST(test_a_client_may_go_while_its_packet_waits),
	    TEST(test_heartbeats_are_sent_every_interval),
	    TEST(test_a_client_may_send_heartbeats_of_its_own),
	    TEST(test_a_silent_client_is_closed),
	    TEST(test_a_disconnect_is_answered_in_kind),
	    TEST(test_the_session_ends_with_its_connection),
	    TEST(test_an_end_of_ours_is_not_told_as_a_disconnect),
	    TEST(test_a_second_websocket_takes_the_session_over),
	    TEST(test_polling_takes_over_from_a_websocket),
	    TEST(test_a_connection_is_counted_once),
	    TEST(test_connections_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
