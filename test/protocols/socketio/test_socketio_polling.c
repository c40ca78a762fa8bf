/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_polling.h"

#include "protocols/socketio/socketio_payload.h"
#include "test/protocols/socketio/fake_http.h"

#define MARK   "\xef\xbf\xbd"
#define CHANGE "5::/rc:{\"args\":[{}],\"name\":\"change\"}"

/* One session, a poll, one more, and a post. */
static struct stage {
	struct world world;
	struct socketio_sessions sessions;
	struct socketio_session *session;
	struct http_exchange poll, other_poll, post;
} stage;

static void poll_with(struct http_exchange *exchange)
{
	fake_request(exchange, HTTP_METHOD_GET, "/socket.io/1/xhr-polling/SID");
	socketio_polling_xhr.on_request(stage.session, exchange);
}

static void post_text(struct text payload)
{
	fake_request(&stage.post, HTTP_METHOD_POST, "/socket.io/1/xhr-polling/SID");
	stage.post.request.body = payload;
	socketio_polling_xhr.on_request(stage.session, &stage.post);
}

static void post(const char *payload)
{
	post_text(text_of(payload));
	fake_expect(&stage.post, 200, "1");
}

/* The same as a page does it that can load nothing but scripts. */
static void poll_by_script(const char *path)
{
	fake_request(&stage.poll, HTTP_METHOD_GET, path);
	socketio_polling_jsonp.on_request(stage.session, &stage.poll);
}

static void post_form(const char *form)
{
	fake_request(&stage.post, HTTP_METHOD_POST, "/socket.io/1/jsonp-polling/SID");
	stage.post.request.body = text_of(form);
	socketio_polling_jsonp.on_request(stage.session, &stage.post);
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

/* The first poll is answered at once. */
static int begin_open(void **state)
{
	(void)begin(state);
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, "1::");
	return 0;
}

static int end(void **state)
{
	(void)state;
	socketio_sessions_finish(&stage.sessions);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.net->deadlines.armed, 0);
	fake_finish(&stage.poll);
	fake_finish(&stage.other_poll);
	fake_finish(&stage.post);
	world_finish(&stage.world);
	return 0;
}

static void subscribe(void)
{
	post("5::/rc:{\"name\":\"subscribe\",\"args\":[\"en.wikipedia.org\"]}");
}

static void publish(void)
{
	world_publish(&stage.world, "en.wikipedia.org", "{}");
}

static void expect_waiting(const struct http_exchange *exchange)
{
	assert_false(fake_is_over(exchange));
	assert_non_null(exchange->on_gone);
}

/* --- polls --- */

/* The answer of a session's first poll is "1::", at once; it makes the session a client. */
static void test_the_first_poll_opens_the_session(void **state)
{
	(void)state;
	assert_int_equal(stage.world.metrics.socketio_clients, 0);
	poll_with(&stage.poll);
	assert_string_equal(stage.poll.content_type, "text/plain; charset=UTF-8");
	fake_expect(&stage.poll, 200, "1::");
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
}

/* A poll waits for a packet, and one packet stands bare. */
static void test_a_waiting_poll_is_answered_by_a_packet(void **state)
{
	(void)state;
	subscribe();
	poll_with(&stage.poll);
	expect_waiting(&stage.poll);
	publish();
	fake_expect(&stage.poll, 200, CHANGE);
}

/* Between polls everything is kept, and goes in one answer, each packet framed. */
static void test_packets_between_polls_go_together(void **state)
{
	(void)state;
	subscribe();
	publish();
	post("1::/rc");
	post("5:7+:/rc:{\"name\":\"unsubscribe\",\"args\":[\"x\"]}");
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200,
	            MARK "36" MARK CHANGE MARK "6" MARK "1::/rc" MARK "15" MARK "6::/rc:7+[null]");
	poll_with(&stage.poll);
	expect_waiting(&stage.poll);
}

/* Of several changes in a turn the first answers the poll, and none is lost. */
static void test_changes_behind_an_answer_wait_for_the_next_poll(void **state)
{
	(void)state;
	subscribe();
	poll_with(&stage.poll);
	publish();
	publish();
	publish();
	fake_expect(&stage.poll, 200, CHANGE);
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, MARK "36" MARK CHANGE MARK "36" MARK CHANGE);
}

/* An idle poll ends with a noop after 20 s: socketIO_client waits 30 s for it. */
static void test_an_idle_poll_is_answered_with_a_noop(void **state)
{
	(void)state;
	poll_with(&stage.poll);
	world_pass(&stage.world, 19900);
	expect_waiting(&stage.poll);
	world_pass_timeout(&stage.world, 0);
	fake_expect(&stage.poll, 200, "8::");
	assert_false(stage.session->is_ended);
}

/* Where heartbeats are more frequent than that, so are the noops. */
static void test_an_idle_poll_waits_no_longer_than_a_heartbeat(void **state)
{
	(void)state;
	stage.world.conf.socketio.heartbeat_interval = 3;
	poll_with(&stage.poll);
	world_pass_timeout(&stage.world, 3);
	fake_expect(&stage.poll, 200, "8::");
}

/* A newer poll replaces one that waits. */
static void test_a_newer_poll_takes_the_place_of_the_older(void **state)
{
	(void)state;
	subscribe();
	poll_with(&stage.poll);
	poll_with(&stage.other_poll);
	fake_expect(&stage.poll, 200, "8::");
	expect_waiting(&stage.other_poll);
	world_pass(&stage.world, 15000);
	publish();
	fake_expect(&stage.other_poll, 200, CHANGE);
}

/* socketIO_client drops its poll whenever its wait() ends, and comes back for the packets. */
static void test_a_client_that_drops_its_poll_loses_nothing(void **state)
{
	(void)state;
	subscribe();
	poll_with(&stage.poll);
	fake_client_goes(&stage.poll);
	publish();
	assert_false(stage.session->is_ended);
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, CHANGE);
}

/* http_can_respond(): what comes between the client's end and on_gone() waits as well. */
static void test_a_change_of_the_turn_in_which_the_client_goes_is_not_lost(void **state)
{
	(void)state;
	subscribe();
	poll_with(&stage.poll);
	stage.poll.has_lost_client = true;
	publish();
	assert_false(fake_is_over(&stage.poll));
	fake_client_goes(&stage.poll);
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, CHANGE);
}

/* --- time-outs --- */

/* A client that does not come back is given up close_timeout after its last poll's end. */
static void test_a_client_that_stops_polling_is_given_up(void **state)
{
	(void)state;
	world_pass(&stage.world, 50000);
	poll_with(&stage.poll);
	world_pass_timeout(&stage.world, 20);
	fake_expect(&stage.poll, 200, "8::");
	world_pass(&stage.world, 59000);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	world_pass_timeout(&stage.world, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.metrics.socketio_sessions_expired, 1);
}

/* A poll that waits is life enough: no other packet is asked of the client. */
static void test_a_polling_client_needs_no_heartbeat(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		poll_with(&stage.poll);
		world_pass_timeout(&stage.world, 20);
		fake_expect(&stage.poll, 200, "8::");
	}
	assert_int_equal(stage.world.metrics.socketio_sessions_expired, 0);
}

/* The same after a poll that was dropped; what the client posts is life too. */
static void test_a_post_puts_the_end_off(void **state)
{
	(void)state;
	poll_with(&stage.poll);
	fake_client_goes(&stage.poll);
	world_pass(&stage.world, 59000);
	post("2:::");
	world_pass(&stage.world, 59000);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	world_pass_timeout(&stage.world, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* --- posts --- */

/* A client may batch its packets; lengths are JavaScript's. */
static void test_a_post_may_hold_several_packets(void **state)
{
	(void)state;
	post(MARK
	     "6" MARK "1::/rc" MARK "52" MARK
	     "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"\xc3\xa9\xf0\x9f\x98\x80.example\"]}");
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, MARK "6" MARK "1::/rc" MARK "15" MARK "6::/rc:1+[null]");
	world_publish(&stage.world, "\xc3\xa9\xf0\x9f\x98\x80.example", "{}");
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, CHANGE);
}

/* Garbage is refused, counted, and kills nothing; none of its packets is acted upon. */
static void test_a_post_with_garbage_kills_nothing(void **state)
{
	static const char *const bad[] = {
	    MARK "6" MARK "1::/rc" MARK "99" MARK "1::/rc",
	    "1::/rc\xff",
	    MARK,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		post_text(text_of(bad[i]));
		assert_int_equal(stage.post.status, 400);
		fake_finish(&stage.post);
	}
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 3);
	post("nonsense");
	post("");
	post_text((struct text){0});
	fake_expect(&stage.post, 200, "1");
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 4);
	poll_with(&stage.poll);
	expect_waiting(&stage.poll);
}

/* A POST before any GET opens the session as well, and "1::" is the first packet still. */
static void test_a_post_may_come_before_the_first_poll(void **state)
{
	(void)state;
	post("1::/rc");
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
	poll_with(&stage.poll);
	fake_expect(&stage.poll, 200, MARK "3" MARK "1::" MARK "6" MARK "1::/rc");
}

/* --- the end --- */

/* "0::" by POST: the waiting poll is told, and the POST answered. */
static void test_a_disconnect_is_told_to_the_waiting_poll(void **state)
{
	(void)state;
	poll_with(&stage.poll);
	post("0::");
	fake_expect(&stage.poll, 200, "0::");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* The session ends even when no poll waits, and what is behind "0::" is not acted upon. */
static void test_a_disconnect_without_a_poll_ends_the_session(void **state)
{
	(void)state;
	post(MARK "3" MARK "0::" MARK "6" MARK "1::/rc");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* Another end is never "0::": the client would not come back. */
static void test_an_end_of_ours_is_not_told_as_a_disconnect(void **state)
{
	(void)state;
	poll_with(&stage.poll);
	socketio_session_end(stage.session, CLOSE_SHUTDOWN);
	fake_expect(&stage.poll, 200, "8::");
}

/* --- limits --- */

/* What waits for a client between polls is bounded; over it the session ends, counted. */
static void test_a_slow_client_ends_over_its_limit(void **state)
{
	const size_t packets_max = 1000 / (sizeof(CHANGE) - 1);

	(void)state;
	subscribe();
	stage.world.net->limits.outbox_max = 1000;
	for (size_t i = 0; i < packets_max; i++) {
		publish();
	}
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	publish();
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.metrics.socketio_sessions_slow, 1);
	publish();
}

/* Polls until nothing is there; returns how many answers it took. */
static unsigned poll_for_changes(unsigned changes, size_t answer_max)
{
	unsigned answers = 0;

	for (;; answers++) {
		struct text rest, packet;

		poll_with(&stage.poll);
		if (!fake_is_over(&stage.poll)) {
			break;
		}
		rest = buffer_text(&stage.poll.body);
		assert_in_range(rest.length, 1, answer_max);
		for (; socketio_payload_next(&rest, &packet); changes--) {
			assert_text_is(packet, CHANGE);
		}
		fake_finish(&stage.poll);
	}
	assert_int_equal(changes, 0);
	return answers;
}

/* One answer is bounded as well; the rest waits for the next poll. */
static void test_a_long_queue_goes_in_several_answers(void **state)
{
	(void)state;
	subscribe();
	for (unsigned i = 0; i < 10000; i++) {
		publish();
	}
	assert_int_equal(poll_for_changes(10000, 256 * 1024 + 100), 2);
}

/* The answer goes through the connection's outbox, where the same limit holds for all of it. */
static void test_an_answer_fits_into_an_outbox(void **state)
{
	(void)state;
	subscribe();
	stage.world.net->limits.outbox_max = 1000;
	for (unsigned i = 0; i < 27; i++) {
		publish();
	}
	assert_int_equal(poll_for_changes(27, 600), 3);
}

/* --- jsonp-polling --- */

#define SCRIPT_CHANGE "5::/rc:{\\\"args\\\":[{}],\\\"name\\\":\\\"change\\\"}"

/* Every answer is a script that calls the page's own function with the payload. */
static void test_a_script_is_answered_like_a_poll(void **state)
{
	(void)state;
	poll_by_script("/socket.io/1/jsonp-polling/SID?t=1442345678901&i=3");
	assert_string_equal(stage.poll.content_type, "text/javascript; charset=UTF-8");
	fake_expect(&stage.poll, 200, "io.j[3](\"1::\");");
	post_form(
	    "d=%225%3A%3A%2Frc%3A%7B%5C%22name%5C%22%3A%5C%22subscribe%5C%22%2C%5C%22args%5C%22"
	    "%3A%5B%5C%22en.wikipedia.org%5C%22%5D%7D%22");
	fake_expect(&stage.post, 200, "1");
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=12");
	expect_waiting(&stage.poll);
	publish();
	fake_expect(&stage.poll, 200, "io.j[12](\"" SCRIPT_CHANGE "\");");
}

/* The marks of the frames are raw, lengths those of what was not yet escaped. */
static void test_packets_between_scripts_go_together(void **state)
{
	(void)state;
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::\");");
	subscribe();
	publish();
	publish();
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_expect(&stage.poll, 200,
	            "io.j[0](\"" MARK "36" MARK SCRIPT_CHANGE MARK "36" MARK SCRIPT_CHANGE "\");");
}

/* What ends a wait is a script as well: a noop, and the end that the client asked for. */
static void test_a_script_that_waits_ends_as_a_script(void **state)
{
	(void)state;
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::\");");
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=1");
	world_pass_timeout(&stage.world, 20);
	fake_expect(&stage.poll, 200, "io.j[1](\"8::\");");
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=2");
	post_form("d=%220%3A%3A%22");
	fake_expect(&stage.post, 200, "1");
	fake_expect(&stage.poll, 200, "io.j[2](\"0::\");");
}

/* gevent-socketio's index could be a script of the caller's choice. */
static void test_an_index_that_is_no_number_counts_as_0(void **state)
{
	(void)state;
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0](alert(1)),x[0");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::\");");
	post_form("d=%221%3A%3A%2Frc%22");
	fake_expect(&stage.post, 200, "1");
	poll_by_script("/socket.io/1/jsonp-polling/SID");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::/rc\");");
}

/* socket.io 0.9 died of a form without "d", and of one that was no JSON. */
static void test_a_form_with_garbage_kills_nothing(void **state)
{
	static const char *const bad[] = {"", "x=1", "d=", "d=%22", "d=1::", "d=%22%EF%BF%BD%22"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		post_form(bad[i]);
		assert_int_equal(stage.post.status, 400);
		fake_finish(&stage.post);
	}
	assert_int_equal(stage.world.metrics.socketio_bad_packets, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(stage.world.metrics.socketio_clients, 0);
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::\");");
}

/* A client that falls back is told "1::" anew, by the script; its old poll has ended. */
static void test_a_client_may_go_over_to_scripts(void **state)
{
	(void)state;
	poll_with(&stage.other_poll);
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_expect(&stage.other_poll, 200, "8::");
	fake_expect(&stage.poll, 200, "io.j[0](\"1::\");");
	subscribe();
	publish();
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=1");
	fake_expect(&stage.poll, 200, "io.j[1](\"" SCRIPT_CHANGE "\");");
}

/* Escapes make a script longer than its payload: it must fit into an outbox even so. */
static void test_a_script_fits_into_an_outbox(void **state)
{
	(void)state;
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	fake_finish(&stage.poll);
	subscribe();
	stage.world.net->limits.outbox_max = 1000;
	for (unsigned i = 0; i < 27; i++) {
		publish();
	}
	for (unsigned answers = 0; answers < 8; answers++) {
		poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
		assert_in_range(stage.poll.body.length, sizeof(SCRIPT_CHANGE), 600);
		fake_finish(&stage.poll);
	}
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	assert_true(fake_is_over(&stage.poll));
	fake_finish(&stage.poll);
	poll_by_script("/socket.io/1/jsonp-polling/SID?i=0");
	expect_waiting(&stage.poll);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_open, end)
	    cmocka_unit_test_setup_teardown(test_the_first_poll_opens_the_session, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_post_may_come_before_the_first_poll, begin, end),
	    TEST(test_a_waiting_poll_is_answered_by_a_packet),
	    TEST(test_packets_between_polls_go_together),
	    TEST(test_changes_behind_an_answer_wait_for_the_next_poll),
	    TEST(test_an_idle_poll_is_answered_with_a_noop),
	    TEST(test_an_idle_poll_waits_no_longer_than_a_heartbeat),
	    TEST(test_a_newer_poll_takes_the_place_of_the_older),
	    TEST(test_a_client_that_drops_its_poll_loses_nothing),
	    TEST(test_a_change_of_the_turn_in_which_the_client_goes_is_not_lost),
	    TEST(test_a_client_that_stops_polling_is_given_up),
	    TEST(test_a_polling_client_needs_no_heartbeat),
	    TEST(test_a_post_puts_the_end_off),
	    TEST(test_a_post_may_hold_several_packets),
	    TEST(test_a_post_with_garbage_kills_nothing),
	    TEST(test_a_disconnect_is_told_to_the_waiting_poll),
	    TEST(test_a_disconnect_without_a_poll_ends_the_session),
	    TEST(test_an_end_of_ours_is_not_told_as_a_disconnect),
	    TEST(test_a_slow_client_ends_over_its_limit),
	    TEST(test_a_long_queue_goes_in_several_answers),
	    TEST(test_an_answer_fits_into_an_outbox),
	    cmocka_unit_test_setup_teardown(test_a_script_is_answered_like_a_poll, begin, end),
	    cmocka_unit_test_setup_teardown(test_packets_between_scripts_go_together, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_script_that_waits_ends_as_a_script, begin, end),
	    cmocka_unit_test_setup_teardown(test_an_index_that_is_no_number_counts_as_0, begin,
	                                    end),
	    cmocka_unit_test_setup_teardown(test_a_form_with_garbage_kills_nothing, begin, end),
	    TEST(test_a_client_may_go_over_to_scripts),
	    cmocka_unit_test_setup_teardown(test_a_script_fits_into_an_outbox, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
