/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol_polling: Socket.IO 0.9 over xhr-polling, as a client of the load. */
#include "bench/protocol.h"

#include "test/bench/listener.h"

#define FFFD "\xef\xbf\xbd"
#define POLL "GET /socket.io/1/xhr-polling/abc?t=0 HTTP/1.1\r\nHost: host.example\r\n\r\n"
#define POST                                                                   \
	"POST /socket.io/1/xhr-polling/abc HTTP/1.1\r\nHost: host.example\r\n" \
	"Content-Type: text/plain;charset=UTF-8\r\n"

static void add_answer(const char *body, size_t length, struct buffer *out)
{
	buffer_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
	buffer_append(out, body, length);
}

static void hear_answer(struct listener *listener, const char *body)
{
	struct buffer answer = {0};

	add_answer(body, strlen(body), &answer);
	listener_hear(listener, answer.bytes, answer.length);
	buffer_finish(&answer);
}

/* Two packets in one POST, framed; lengths in UTF-16 units. */
static void open_polling(struct listener *listener)
{
	listener_begin(listener, &protocol_polling);
	assert_says_text(listener, "GET /socket.io/1/ HTTP/1.1\r\nHost: host.example\r\n\r\n");
	hear_answer(listener, "abc:60:60:websocket,xhr-polling");
	assert_says_text(listener, POLL);
	hear_answer(listener, "1::");
	assert_says_text(listener,
	                 POST "Content-Length: 79\r\n\r\n" FFFD "6" FFFD "1::/rc" FFFD "58" FFFD
	                      "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"bench.example.org\"]}");
	hear_answer(listener, "1");
	assert_says_text(listener, POLL);
	assert_false(listener->session.is_ready);
	hear_answer(listener, FFFD "6" FFFD "1::/rc" FFFD "15" FFFD "6::/rc:1+[null]");
	assert_true(listener->session.is_ready);
	assert_says_text(listener, POLL);
}

/* The wire protocol of Socket.IO 0.9: handshake, poll, a post, and a poll that never ends. */
static void test_polling_is_ready_when_the_subscription_is_acknowledged(void **state)
{
	struct listener listener;

	(void)state;
	open_polling(&listener);
	listener_finish(&listener);
}

/* A heartbeat is answered by a POST of its own, a single packet without framing. */
static void test_polling_answers_a_heartbeat_by_a_post(void **state)
{
	struct listener listener;

	(void)state;
	open_polling(&listener);
	hear_answer(&listener, "2::");
	assert_says_text(&listener, POST "Content-Length: 3\r\n\r\n2::");
	hear_answer(&listener, "1");
	assert_says_text(&listener, POLL);
	listener_finish(&listener);
}

/* A noop, and an answer without a body, are followed by the next poll. */
static void test_polling_goes_on_when_nothing_came(void **state)
{
	struct listener listener;

	(void)state;
	open_polling(&listener);
	hear_answer(&listener, "8::");
	assert_says_text(&listener, POLL);
	hear_answer(&listener, "");
	assert_says_text(&listener, POLL);
	assert_int_equal(listener.changes, 0);
	listener_finish(&listener);
}

/* RFC 9112, 9.6: a proxy ends a connection after so many requests; the next one goes on. */
static void test_polling_takes_another_connection_when_told(void **state)
{
	struct listener listener;

	(void)state;
	open_polling(&listener);
	listener_hear_text(&listener, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	                              "Content-Length: 3\r\n\r\n8::");
	assert_true(listener.session.wants_connection);
	assert_says_text(&listener, POLL);
	listener_finish(&listener);
}

/* Lengths count UTF-16 units: U+1F600 is two in four bytes, U+00E9 one in two. */
static void test_polling_counts_lengths_in_utf_16_units(void **state)
{
	struct buffer packet = {0}, body = {0};
	struct listener listener;

	(void)state;
	open_polling(&listener);
	buffer_append_text(&packet, "5::/rc:{\"name\":\"change\",\"args\":[\"");
	protocol_title(&listener_subject, 0, &packet);
	buffer_append_text(&packet, "\"]}");
	buffer_printf(&body, FFFD "%zu" FFFD, packet.length + 3);
	buffer_append(&body, packet.bytes, packet.length);
	buffer_append_text(&body, "\xf0\x9f\x98\x80\xc3\xa9" FFFD "3" FFFD "2::");
	buffer_append_byte(&body, '\0');
	hear_answer(&listener, body.bytes);
	assert_null(listener.session.failure);
	assert_int_equal(listener.changes, 1);
	assert_says_text(&listener, POST "Content-Length: 3\r\n\r\n2::");
	buffer_finish(&packet);
	buffer_finish(&body);
	listener_finish(&listener);
}

/* What is no payload, and what ends the session, end the run. */
static void test_polling_refusals_are_failures(void **state)
{
	static const char *const bodies[] = {
	    FFFD "9" FFFD "short",
	    FFFD "x" FFFD "2::",
	    FFFD FFFD "2::",
	    FFFD "3",
	    FFFD "12345678901" FFFD,
	    "0::",
	    "7:::1+0",
	    FFFD "3" FFFD "0::",
	    FFFD "999999999" FFFD "2",
	};
	struct listener listener;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		open_polling(&listener);
		hear_answer(&listener, bodies[i]);
		assert_failed(&listener);
	}
	open_polling(&listener);
	listener_hear_text(&listener, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	assert_failed(&listener);
}

static void add_event(uint32_t serial, struct buffer *out)
{
	buffer_append_text(out, "5::/rc:{\"args\":[{\"title\":\"");
	protocol_title(&listener_subject, serial, out);
	buffer_append_text(out, "\"}],\"name\":\"change\"}");
}

/* One change in an answer, without framing. */
static void add_change(uint32_t serial, struct buffer *out)
{
	struct buffer packet = {0};

	add_event(serial, &packet);
	add_answer(packet.bytes, packet.length, out);
	buffer_finish(&packet);
}

#define HEAD_LENGTH (sizeof("HTTP/1.1 200 OK\r\nContent-Length: NN\r\n\r\n") - 1)

/* protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_polling_changes_are_understood_however_they_are_cut(void **state)
{
	static const struct listener_recipe recipe = {open_polling, add_change, HEAD_LENGTH};

	(void)state;
	listener_check_cuts(&recipe);
}

/* The same with all changes in one answer: they are taken before its end has come. */
static void test_polling_batches_are_understood_however_they_are_cut(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (unsigned round = 0; round < 100; round++) {
		struct buffer body = {0}, answer = {0};
		struct listener listener;

		open_polling(&listener);
		for (uint32_t i = 0; i < LISTENER_CHANGES; i++) {
			struct buffer packet = {0};

			add_event(i, &packet);
			buffer_printf(&body, FFFD "%zu" FFFD, packet.length);
			buffer_append(&body, packet.bytes, packet.length);
			buffer_finish(&packet);
		}
		add_answer(body.bytes, body.length, &answer);
		for (size_t position = 0, length; position < answer.length; position += length) {
			length = round == 0 ? 1 : 1 + (size_t)rand_r(&seed) % 400;
			if (length > answer.length - position) {
				length = answer.length - position;
			}
			listener_hear(&listener, answer.bytes + position, length);
			assert_in_range(listener.held.length, 0, 200);
		}
		assert_int_equal(listener.changes, LISTENER_CHANGES);
		assert_int_equal(listener.bytes, body.length);
		assert_says_text(&listener, POLL);
		buffer_finish(&body);
		buffer_finish(&answer);
		listener_finish(&listener);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_polling_is_ready_when_the_subscription_is_acknowledged),
	    cmocka_unit_test(test_polling_answers_a_heartbeat_by_a_post),
	    cmocka_unit_test(test_polling_goes_on_when_nothing_came),
	    cmocka_unit_test(test_polling_takes_another_connection_when_told),
	    cmocka_unit_test(test_polling_counts_lengths_in_utf_16_units),
	    cmocka_unit_test(test_polling_refusals_are_failures),
	    cmocka_unit_test(test_polling_changes_are_understood_however_they_are_cut),
	    cmocka_unit_test(test_polling_batches_are_understood_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
