/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_inbox: what is posted is taken in order, however many turns it takes.
 */
#include "protocols/socketio/socketio_inbox.h"

#include "protocols/socketio/socketio_payload.h"
#include "test/protocols/socketio/fake_http.h"
#include "test/protocols/socketio/fake_transport.h"

#define POSTS 3

static struct stage stage;
static struct http_exchange posts[POSTS];

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
	for (size_t i = 0; i < POSTS; i++) {
		fake_finish(&posts[i]);
	}
	return 0;
}

static void spend_turn(void)
{
	while (socketio_turns_take(&stage.sessions.turns, SOCKETIO_TURNS_BYTES)) {}
}

/* Post packets that ask for an ack of each of these numbers. */
static void post(struct http_exchange *exchange, unsigned first, unsigned last, size_t filling)
{
	struct buffer payload = {0};

	for (unsigned number = first; number <= last; number++) {
		struct buffer packet = {0};

		buffer_printf(&packet, "3:%u:/rc:", number);
		for (size_t i = 0; i < filling; i++) {
			buffer_append_byte(&packet, 'x');
		}
		socketio_payload_add(&payload, buffer_text(&packet));
		buffer_finish(&packet);
	}
	fake_request(exchange, HTTP_METHOD_POST, "/socket.io/1/xhr-polling/SID");
	socketio_inbox_take(stage.session, exchange, buffer_text(&payload));
	buffer_finish(&payload); /* what waits is the inbox's own */
}

/* How many packets were acknowledged, of which the first has this number and each is next. */
static unsigned count_acks(unsigned first)
{
	const char *at = buffer_text(&stage.fake.sent).bytes;
	unsigned acks = 0;
	char wanted[32];

	for (size_t left = stage.fake.sent.length; left > 0; acks++) {
		int length = snprintf(wanted, sizeof(wanted), "6::/rc:%u\n", first + acks);

		assert_true(left >= (size_t)length);
		assert_memory_equal(at, wanted, (size_t)length);
		at += length;
		left -= (size_t)length;
	}
	buffer_clear(&stage.fake.sent);
	return acks;
}

/* What one turn has room for is taken at once, and answered. */
static void test_a_post_is_taken_at_once(void **state)
{
	(void)state;
	post(&posts[0], 1, 100, 10);
	assert_int_equal(count_acks(1), 100);
	fake_expect(&posts[0], 200, "1");
	assert_int_equal(stage.world.metrics.socketio_input_waits, 0);
}

/* What is more goes on in later turns, so much in each, and is answered with its last packet. */
static void test_a_long_post_takes_several_turns(void **state)
{
	unsigned turns = 0;
	unsigned taken;

	(void)state;
	post(&posts[0], 1, 200, 500);
	taken = count_acks(1);
	assert_in_range(taken, 1, 40);
	while (taken < 200) {
		unsigned now;

		assert_false(fake_is_over(&posts[0]));
		net_turn(stage.world.net);
		now = count_acks(taken + 1);
		assert_in_range(now, 1, 40);
		taken += now;
		turns++;
	}
	fake_expect(&posts[0], 200, "1");
	assert_in_range(turns, 5, 10);
	assert_int_equal(stage.world.metrics.socketio_input_waits, turns);
}

/* A second POST, though over another connection, is taken behind the first. */
static void test_posts_are_taken_one_after_the_other(void **state)
{
	unsigned taken;

	(void)state;
	spend_turn();
	post(&posts[0], 1, 60, 500);
	net_turn(stage.world.net);
	post(&posts[1], 61, 61, 0);
	post(&posts[2], 62, 63, 0);
	taken = count_acks(1);
	while (!fake_is_over(&posts[0])) {
		assert_false(fake_is_over(&posts[1]));
		net_turn(stage.world.net);
	}
	net_turn(stage.world.net);
	assert_int_equal(count_acks(taken + 1), 63 - taken);
	for (size_t i = 0; i < POSTS; i++) {
		fake_expect(&posts[i], 200, "1");
	}
}

/* A packet in the middle ends the session: the POSTs are answered, nothing more is taken. */
static void test_a_session_may_end_in_the_middle(void **state)
{
	(void)state;
	spend_turn();
	fake_request(&posts[0], HTTP_METHOD_POST, "/socket.io/1/xhr-polling/SID");
	socketio_inbox_take(stage.session, &posts[0],
	                    text_of("\xef\xbf\xbd"
	                            "3\xef\xbf\xbd"
	                            "0::\xef\xbf\xbd"
	                            "9\xef\xbf\xbd"
	                            "3:1:/rc:x"));
	post(&posts[1], 2, 3, 0);
	net_turn(stage.world.net);
	assert_true(stage.session->is_ended);
	fake_expect(&posts[0], 200, "1");
	fake_expect(&posts[1], 200, "1");
	assert_int_equal(count_acks(1), 0);
	assert_int_equal(stage.sessions.turns.waiting, 0);
}

/* The session ends for another reason while POSTs wait. */
static void test_a_session_may_end_while_posts_wait(void **state)
{
	(void)state;
	spend_turn();
	post(&posts[0], 1, 2, 0);
	post(&posts[1], 3, 4, 0);
	socketio_session_end(stage.session, CLOSE_PING_TIMEOUT);
	fake_expect(&posts[0], 200, "1");
	fake_expect(&posts[1], 200, "1");
	net_turn(stage.world.net);
	assert_int_equal(count_acks(1), 0);
}

/* With the client of a POST goes what it had left; the others go on. */
static void test_a_client_may_go_while_its_post_waits(void **state)
{
	(void)state;
	spend_turn();
	post(&posts[0], 1, 2, 0);
	post(&posts[1], 3, 4, 0);
	post(&posts[2], 5, 6, 0);
	fake_client_goes(&posts[1]);
	fake_client_goes(&posts[0]);
	net_turn(stage.world.net);
	assert_int_equal(count_acks(5), 2);
	fake_expect(&posts[2], 200, "1");
}

/* An empty packet among those that wait is passed over like any that cannot be read. */
static void test_an_empty_packet_may_wait(void **state)
{
	(void)state;
	spend_turn();
	fake_request(&posts[0], HTTP_METHOD_POST, "/socket.io/1/xhr-polling/SID");
	socketio_inbox_take(stage.session, &posts[0],
	                    text_of("\xef\xbf\xbd"
	                            "0\xef\xbf\xbd\xef\xbf\xbd"
	                            "9\xef\xbf\xbd"
	                            "3:1:/rc:x"));
	net_turn(stage.world.net);
	assert_int_equal(count_acks(1), 1);
	fake_expect(&posts[0], 200, "1");
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_post_is_taken_at_once),
	    TEST(test_a_long_post_takes_several_turns),
	    TEST(test_posts_are_taken_one_after_the_other),
	    TEST(test_a_session_may_end_in_the_middle),
	    TEST(test_a_session_may_end_while_posts_wait),
	    TEST(test_a_client_may_go_while_its_post_waits),
	    TEST(test_an_empty_packet_may_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
