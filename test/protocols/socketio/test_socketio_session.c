/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_session.h"

#include "test/protocols/socketio/fake_transport.h"

static struct stage stage;

static int begin(void **state)
{
	(void)state;
	stage_init(&stage);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_finish(&stage);
	return 0;
}

static struct text sid_of(const struct socketio_session *session)
{
	return text_of(session->sid);
}

/* --- ids and the table --- */

/* The id is found again, names its worker, and needs no escape in an address. */
static void test_a_session_is_found_by_its_id(void **state)
{
	unsigned worker;

	(void)state;
	assert_ptr_equal(socketio_session_find(&stage.sessions, sid_of(stage.session)),
	                 stage.session);
	assert_true(socketio_session_worker(sid_of(stage.session), &worker));
	assert_int_equal(worker, 1);
	assert_int_equal(strlen(stage.session->sid), SOCKETIO_SID_LENGTH);
	assert_int_equal(strspn(stage.session->sid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
	                                            "qrstuvwxyz0123456789-_"),
	                 SOCKETIO_SID_LENGTH);
}

/* An id is 120 bits of the kernel's randomness: none is a neighbour of another. */
static void test_ids_share_nothing_but_the_worker(void **state)
{
	const struct socketio_session *other = socketio_session_create(&stage.sessions);
	unsigned same = 0;

	(void)state;
	for (size_t i = SOCKETIO_WORKER_LENGTH; i < SOCKETIO_SID_LENGTH; i++) {
		same += other->sid[i] == stage.session->sid[i] ? 1 : 0;
	}
	assert_memory_equal(other->sid, stage.session->sid, SOCKETIO_WORKER_LENGTH);
	assert_true(same < 10);
}

/* Anything else names no session, and none of this server's workers. */
static void test_what_is_no_id_is_not_found(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 2];
	unsigned worker;

	(void)state;
	(void)snprintf(sid, sizeof(sid), "%sx", stage.session->sid);
	assert_null(socketio_session_find(&stage.sessions, text_of(sid)));
	assert_false(socketio_session_worker(text_of(sid), &worker));
	assert_null(socketio_session_find(&stage.sessions, text_of("")));
	assert_false(socketio_session_worker(text_of(""), &worker));
	sid[SOCKETIO_SID_LENGTH] = '\0';
	sid[SOCKETIO_SID_LENGTH - 1] ^= 1;
	assert_null(socketio_session_find(&stage.sessions, text_of(sid)));
	sid[0] = '\0';
	assert_false(socketio_session_worker((struct text){sid, SOCKETIO_SID_LENGTH}, &worker));
	assert_null(
	    socketio_session_find(&stage.sessions, (struct text){sid, SOCKETIO_SID_LENGTH}));
	sid[0] = '_';
	assert_true(socketio_session_worker((struct text){sid, SOCKETIO_SID_LENGTH}, &worker));
	assert_int_equal(worker, 63 * 64 + 1);
}

/* A worker takes its share of socketio.max_sessions, 30 among three, and no more. */
static void test_there_are_no_more_sessions_than_the_limit(void **state)
{
	struct socketio_session *last = NULL;

	(void)state;
	for (unsigned i = 1; i < 10; i++) {
		last = socketio_session_create(&stage.sessions);
		assert_non_null(last);
	}
	assert_null(socketio_session_create(&stage.sessions));
	assert_int_equal(stage.world.metrics.socketio_sessions, 10);
	socketio_session_end(last, CLOSE_CLIENT_QUIT);
	assert_non_null(socketio_session_create(&stage.sessions));
}

/* --- time-outs --- */

/* socket.io 0.9 forgot a session without a transport after 30 s. */
static void test_a_session_without_a_transport_is_dropped_after_30_s(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 1];

	(void)state;
	memcpy(sid, socketio_session_create(&stage.sessions)->sid, sizeof(sid));
	world_pass(&stage.world, 29900);
	assert_non_null(socketio_session_find(&stage.sessions, text_of(sid)));
	world_pass_timeout(&stage.world, 0);
	assert_null(socketio_session_find(&stage.sessions, text_of(sid)));
	assert_int_equal(stage.world.metrics.socketio_sessions_expired, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
}

/* Where clients are given less than that to show life, a transport has no longer to come. */
static void test_a_short_heartbeat_timeout_holds_for_the_first_transport_too(void **state)
{
	(void)state;
	stage.world.conf.socketio.heartbeat_timeout = 5;
	assert_non_null(socketio_session_create(&stage.sessions));
	world_pass_timeout(&stage.world, 5);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
}

/* gevent-socketio: any packet of the client's resets the 60 s; socketIO_client answers no
 * heartbeat, but sends its own. */
static void test_any_packet_from_the_client_puts_the_end_off(void **state)
{
	static const char *const packets[] = {"2::", "2:::", "3:::hello", "nonsense", "8::"};

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		world_pass(&stage.world, 59000);
		stage_take(&stage, packets[i]);
		assert_false(stage.session->is_ended);
	}
	world_pass_timeout(&stage.world, 60);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.fake.closes, 1);
	assert_int_equal(stage.fake.reason, CLOSE_PING_TIMEOUT);
}

/* Packets to the client are no sign that it lives. */
static void test_what_the_client_is_sent_does_not_put_the_end_off(void **state)
{
	(void)state;
	stage_take(&stage, "5::/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	for (unsigned i = 0; i < 60; i++) {
		world_pass(&stage.world, 1000);
		world_publish(&stage.world, "en.wikipedia.org", "{}");
	}
	world_pass_timeout(&stage.world, 0);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_true(stage.world.metrics.socketio_deliveries >= 59);
}

/* A client that is there in some other way is not timed, until its time begins again. */
static void test_a_client_that_is_there_does_not_expire(void **state)
{
	(void)state;
	socketio_session_stay(stage.session);
	world_pass_timeout(&stage.world, 600);
	stage_take(&stage, "2::");
	world_pass_timeout(&stage.world, 600);
	assert_false(stage.session->is_ended);
	socketio_session_expire_in(stage.session, 10);
	world_pass_timeout(&stage.world, 10);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* --- transports --- */

/* The count of clients has sessions with a transport only. */
static void test_a_client_is_one_with_a_transport(void **state)
{
	struct fake_transport fake = {0};
	struct socketio_session *other = socketio_session_create(&stage.sessions);

	(void)state;
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 2);
	socketio_session_open(other, &fake_transport, &fake, 60);
	assert_text_is(buffer_text(&fake.sent), "1::\n");
	assert_int_equal(stage.world.metrics.socketio_clients, 2);
	socketio_session_end(other, CLOSE_CLIENT_CLOSED);
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
	buffer_finish(&fake.sent);
}

/* socket.io-client tries the next transport with the same session, and waits for "1::" there. */
static void test_a_second_transport_takes_the_place_of_the_first(void **state)
{
	struct fake_transport second = {0};

	(void)state;
	stage_take(&stage, "5::/rc:{\"name\":\"subscribe\",\"args\":[\"en.wikipedia.org\"]}");
	socketio_session_open(stage.session, &fake_transport, &second, 60);
	assert_int_equal(stage.fake.closes, 1);
	assert_int_equal(stage.fake.reason, CLOSE_PROTOCOL_DONE);
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	assert_text_is(buffer_text(&second.sent),
	               "1::\n5::/rc:{\"args\":[{}],\"name\":\"change\"}\n");
	stage_expect(&stage, "");
	socketio_session_end(stage.session, CLOSE_CLIENT_CLOSED);
	buffer_finish(&second.sent);
}

/* --- packets --- */

/* "0::" ends the whole session, and the transport may say so. */
static void test_a_disconnect_ends_the_session(void **state)
{
	(void)state;
	stage_take(&stage, "0::");
	assert_true(stage.session->is_ended);
	assert_int_equal(stage.fake.reason, CLOSE_CLIENT_QUIT);
	assert_null(socketio_session_find(&stage.sessions, sid_of(stage.session)));
	stage_take(&stage, "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"*\"]}");
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	stage_expect(&stage, "");
	assert_int_equal(stage.fake.closes, 1);
}

/* Heartbeats are not echoed; neither they nor acks, errors and noops have an answer. */
static void test_packets_that_say_nothing_are_not_answered(void **state)
{
	static const char *const packets[] = {
	    "1::",     "2::", "2:::",      "6:::1",     "6::/other:1+[]",
	    "7:::1+0", "8::", "0::/other", "2::/other",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		stage_take(&stage, packets[i]);
	}
	stage_expect(&stage, "");
	assert_false(stage.session->is_ended);
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 0);
}

/* gevent-socketio: an endpoint without a namespace is an error event on that endpoint. */
static void test_an_unknown_endpoint_is_refused_by_an_event(void **state)
{
	(void)state;
	stage_take(&stage, "1::/other");
	stage_expect(&stage,
	             "5::/other:{\"args\":[\"no_such_namespace\",\"The endpoint you tried to "
	             "connect to doesn't exist: /other\"],\"name\":\"error\"}\n");
	stage_take(&stage, "5:1+::{\"name\":\"subscribe\",\"args\":[\"x\"]}");
	stage_expect(&stage, "5:::{\"args\":[\"no_such_namespace\",\"The endpoint you tried to "
	                     "connect to doesn't exist: \"],\"name\":\"error\"}\n");
	stage_take(&stage, "3::/rc2:hello");
	stage_expect(&stage, "5::/rc2:{\"args\":[\"no_such_namespace\",\"The endpoint you tried to "
	                     "connect to doesn't exist: /rc2\"],\"name\":\"error\"}\n");
}

/* A name of a client's cannot end the JSON it is put in. */
static void test_an_endpoint_is_escaped_where_it_is_quoted(void **state)
{
	(void)state;
	stage_take(&stage, "1::/\"\\\xc3\xa9");
	stage_expect(&stage,
	             "5::/\"\\\xc3\xa9:{\"args\":[\"no_such_namespace\",\"The endpoint you tried "
	             "to connect to doesn't exist: /\\\"\\\\\\u00E9\"],\"name\":\"error\"}\n");
}

/* What cannot be read is counted and leaves the session as it was. */
static void test_unreadable_packets_are_counted(void **state)
{
	(void)state;
	stage_take(&stage, "");
	stage_take(&stage, "hello");
	stage_take(&stage, "5::/rc");
	stage_take(&stage, "9::");
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 4);
	assert_false(stage.session->is_ended);
}

/* --- the end --- */

/* A session may end while the bus walks over its receivers; the others get their change. */
static void test_a_session_may_end_by_a_delivery(void **state)
{
	struct fake_transport fakes[3] = {
	    {.ends_on_delivery = false}, {.ends_on_delivery = true}, {.ends_on_delivery = false}};
	static const char wanted[] = "1::\n5::/rc:{\"args\":[{}],\"name\":\"change\"}\n";

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct socketio_session *session = socketio_session_create(&stage.sessions);

		socketio_session_open(session, &fake_transport, &fakes[i], 60);
		socketio_session_take(
		    session,
		    text_of(
			"5::/rc:{\"name\":\"subscribe\",\"args\":[[\"*\",\"en.wikipedia.org\"]]}"));
	}
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	assert_text_is(buffer_text(&fakes[0].sent), wanted);
	assert_text_is(buffer_text(&fakes[1].sent), "1::\n");
	assert_text_is(buffer_text(&fakes[2].sent), wanted);
	assert_int_equal(stage.world.metrics.socketio_sessions, 3);
	world_publish(&stage.world, "en.wikipedia.org", "{}");
	assert_int_equal(fakes[1].closes, 1);
	socketio_sessions_finish(&stage.sessions);
	for (size_t i = 0; i < 3; i++) {
		buffer_finish(&fakes[i].sent);
	}
}

/* The memory of ended sessions goes within a moment, and does not wait for the server's end. */
static void test_ended_sessions_are_buried(void **state)
{
	(void)state;
	socketio_session_end(stage.session, CLOSE_CLIENT_CLOSED);
	socketio_session_end(stage.session, CLOSE_CLIENT_CLOSED);
	assert_ptr_equal(stage.sessions.ended, stage.session);
	world_pass_timeout(&stage.world, 0);
	assert_null(stage.sessions.ended);
	assert_int_equal(stage.fake.closes, 1);
	assert_int_equal(stage.world.net->deadlines.armed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_session_is_found_by_its_id),
	    TEST(test_ids_share_nothing_but_the_worker),
	    TEST(test_what_is_no_id_is_not_found),
	    TEST(test_there_are_no_more_sessions_than_the_limit),
	    TEST(test_a_session_without_a_transport_is_dropped_after_30_s),
	    TEST(test_a_short_heartbeat_timeout_holds_for_the_first_transport_too),
	    TEST(test_any_packet_from_the_client_puts_the_end_off),
	    TEST(test_what_the_client_is_sent_does_not_put_the_end_off),
	    TEST(test_a_client_that_is_there_does_not_expire),
	    TEST(test_a_client_is_one_with_a_transport),
	    TEST(test_a_second_transport_takes_the_place_of_the_first),
	    TEST(test_a_disconnect_ends_the_session),
	    TEST(test_packets_that_say_nothing_are_not_answered),
	    TEST(test_an_unknown_endpoint_is_refused_by_an_event),
	    TEST(test_an_endpoint_is_escaped_where_it_is_quoted),
	    TEST(test_unreadable_packets_are_counted),
	    TEST(test_a_session_may_end_by_a_delivery),
	    TEST(test_ended_sessions_are_buried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
