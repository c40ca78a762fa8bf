/* SPDX-License-Identifier: Apache-2.0 */
/* test/bench/load_protocol: what bench_load says, and what it understands of the answers. */
#include "test/bench/load_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define CHANGES 40

/* A session, and what came of the bytes it was given. */
struct listener {
	struct load_session session;
	struct buffer held;
	uint32_t changes; /* that came, in order from serial 0 */
	size_t bytes;
};

static void on_change(struct load_session *session, uint32_t serial, size_t length)
{
	struct listener *listener = container_of(session, struct listener, session);

	assert_int_equal(serial, listener->changes);
	listener->changes++;
	listener->bytes += length;
}

static void begin(struct listener *listener, const struct load_protocol *protocol)
{
	*listener = (struct listener){.session = {.protocol = protocol, .on_change = on_change}};
	protocol->open(&listener->session);
}

static void finish(struct listener *listener)
{
	buffer_finish(&listener->session.replies);
	buffer_finish(&listener->held);
}

/* Give bytes as a socket would: what was not taken comes again with them. */
static void hear(struct listener *listener, const char *bytes, size_t length)
{
	struct load_session *session = &listener->session;
	size_t taken;

	buffer_append(&listener->held, bytes, length);
	taken = session->protocol->take(session, listener->held.bytes, listener->held.length);
	assert_true(taken <= listener->held.length);
	buffer_consume(&listener->held, taken);
}

static void hear_text(struct listener *listener, const char *text)
{
	hear(listener, text, strlen(text));
}

/* What the session says now must be this. */
static void assert_says(struct listener *listener, const char *bytes, size_t length)
{
	struct buffer *replies = &listener->session.replies;

	assert_int_equal(replies->length, length);
	assert_memory_equal(replies->bytes, bytes, length);
	buffer_clear(replies);
}

static void assert_says_text(struct listener *listener, const char *text)
{
	assert_says(listener, text, strlen(text));
}

/* What the session says now must hold this. */
static void assert_says_among_others(struct listener *listener, const char *text)
{
	const struct buffer *replies = &listener->session.replies;

	assert_non_null(memmem(replies->bytes, replies->length, text, strlen(text)));
}

/* --- serials ------------------------------------------------------------ */

/* load_protocol.h: the serial of a title is found in the bytes around it. */
static void test_serial_of_a_title_is_found(void **state)
{
	static const uint32_t serials[] = {0, 1, 4711, UINT32_MAX - 1};
	struct buffer text = {0};
	uint32_t serial = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
		buffer_clear(&text);
		buffer_append_text(&text, "[[");
		load_title(serials[i], &text);
		buffer_append_text(&text, "]]");
		assert_true(load_serial(text.bytes, text.length, &serial));
		assert_int_equal(serial, serials[i]);
	}
	buffer_finish(&text);
}

/* load_protocol.h: no serial in an unmarked title, nor in one that is cut. */
static void test_serial_that_is_not_whole_is_none(void **state)
{
	struct buffer text = {0};
	uint32_t serial;

	(void)state;
	load_title(LOAD_UNMARKED, &text);
	assert_false(load_serial(text.bytes, text.length, &serial));
	buffer_clear(&text);
	load_title(4711, &text);
	for (size_t length = 0; length < text.length; length++) {
		assert_false(load_serial(text.bytes, length, &serial));
	}
	assert_false(load_serial(LOAD_MARK "00000x0000", strlen(LOAD_MARK) + 10, &serial));
	buffer_finish(&text);
}

/* --- IRC ---------------------------------------------------------------- */

static void open_irc(struct listener *listener)
{
	begin(listener, &load_irc);
	assert_says_text(listener, "NICK bench\r\nUSER bench 0 * :bench\r\n");
	hear_text(listener, ":s 001 bench :Hello\r\n:s 376 bench :End\r\n");
	assert_says_text(listener, "JOIN #bench.example\r\n");
	assert_false(listener->session.is_ready);
	hear_text(listener, ":bench!b@s JOIN #bench.example\r\n"
	                    ":s 366 bench #bench.example :End\r\n");
	assert_says(listener, "", 0);
	assert_true(listener->session.is_ready);
}

/* RFC 2812, 3.1: a client registers, waits for the MOTD's end (or that there is none), joins. */
static void test_irc_joins_when_it_is_registered(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	finish(&listener);
	begin(&listener, &load_irc);
	buffer_clear(&listener.session.replies);
	hear_text(&listener, ":s 422 bench :No MOTD\r\n");
	assert_says_text(&listener, "JOIN #bench.example\r\n");
	finish(&listener);
}

/* load_irc.c: the change that makes the channel may still be on its way: JOIN again. */
static void test_irc_asks_again_for_a_channel_that_is_not_there(void **state)
{
	struct listener listener;

	(void)state;
	begin(&listener, &load_irc);
	hear_text(&listener, ":s 376 bench :End\r\n");
	buffer_clear(&listener.session.replies);
	hear_text(&listener, ":s 403 bench #bench.example :No such channel\r\n");
	assert_says_text(&listener, "JOIN #bench.example\r\n");
	assert_false(listener.session.has_failed);
	finish(&listener);
}

/* RFC 2812, 3.7.2: PING is answered, also between changes. */
static void test_irc_answers_a_ping(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	hear_text(&listener, "PING :s\r\n");
	assert_says_text(&listener, "PONG :s\r\n");
	finish(&listener);
}

/* RFC 2812, 3.7.4: ERROR is the server's last word. */
static void test_irc_error_is_a_failure(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	assert_false(listener.session.has_failed);
	hear_text(&listener, "ERROR :Closing Link: (SendQ exceeded)\r\n");
	assert_true(listener.session.has_failed);
	finish(&listener);
}

/* --- Socket.IO ---------------------------------------------------------- */

/* Add a server's text frame: the length in one byte, or in two more (RFC 6455, 5.2). */
static void add_frame(const char *packet, size_t length, struct buffer *out)
{
	buffer_append_byte(out, (char)0x81);
	if (length < 126) {
		buffer_append_byte(out, (char)length);
	} else {
		buffer_append_byte(out, 126);
		buffer_append_byte(out, (char)(length >> 8));
		buffer_append_byte(out, (char)length);
	}
	buffer_append(out, packet, length);
}

static void hear_packet(struct listener *listener, const char *packet)
{
	struct buffer frame = {0};

	add_frame(packet, strlen(packet), &frame);
	hear(listener, frame.bytes, frame.length);
	buffer_finish(&frame);
}

/* A short packet in a frame of a client, masked with zeros. */
static void assert_says_packet(struct listener *listener, const char *packet)
{
	struct buffer frame = {0};

	assert_in_range(strlen(packet), 1, 125);
	buffer_append_byte(&frame, (char)0x81);
	buffer_append_byte(&frame, (char)(0x80 | strlen(packet)));
	buffer_append(&frame, "\0\0\0\0", 4);
	buffer_append_text(&frame, packet);
	assert_says(listener, frame.bytes, frame.length);
	buffer_finish(&frame);
}

static void open_socketio(struct listener *listener)
{
	begin(listener, &load_socketio);
	assert_says_text(listener, "GET /socket.io/1/ HTTP/1.1\r\nHost: bench.example.org\r\n\r\n");
	hear_text(listener, "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\nabc:60:60:websocket,xh");
	assert_says_among_others(listener, "GET /socket.io/1/websocket/abc HTTP/1.1\r\n");
	buffer_clear(&listener->session.replies);
	hear_text(listener, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
	assert_says(listener, "", 0);
	hear_packet(listener, "1::");
	assert_says_among_others(listener, "1::/rc");
	assert_says_among_others(
	    listener, "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"bench.example.org\"]}");
	buffer_clear(&listener->session.replies);
	hear_packet(listener, "1::/rc");
	assert_false(listener->session.is_ready);
	hear_packet(listener, "6::/rc:1+[null]");
	assert_true(listener->session.is_ready);
}

/* The wire protocol of Socket.IO 0.9: handshake, upgrade, namespace, subscription. */
static void test_socketio_is_ready_when_the_subscription_is_acknowledged(void **state)
{
	struct listener listener;

	(void)state;
	open_socketio(&listener);
	finish(&listener);
}

/* Socket.IO 0.9: a heartbeat is answered by one. */
static void test_socketio_answers_a_heartbeat(void **state)
{
	struct listener listener;

	(void)state;
	open_socketio(&listener);
	hear_packet(&listener, "2::");
	assert_says_packet(&listener, "2::");
	finish(&listener);
}

/* A refused handshake, a close frame, an error packet: the run cannot go on. */
static void test_socketio_refusals_are_failures(void **state)
{
	struct listener listener;

	(void)state;
	begin(&listener, &load_socketio);
	hear_text(&listener, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
	assert_true(listener.session.has_failed);
	finish(&listener);
	open_socketio(&listener);
	hear(&listener, "\x88\x02\x03\xe8", 4);
	assert_true(listener.session.has_failed);
	finish(&listener);
	open_socketio(&listener);
	hear_packet(&listener, "7:::1+0");
	assert_true(listener.session.has_failed);
	finish(&listener);
}

/* --- changes, however they are cut ------------------------------------------ */

static void add_irc_change(uint32_t serial, struct buffer *out)
{
	buffer_append_text(out, ":b!b@s PRIVMSG #bench.example :\00314[[\00307");
	load_title(serial, out);
	buffer_append_text(out, "\00314]]\0034\r\n");
}

/* The event, in a short frame for one serial, in a long one for the next. */
static void add_socketio_change(uint32_t serial, struct buffer *out)
{
	struct buffer packet = {0};

	buffer_append_text(&packet, "5::/rc:{\"args\":[{\"title\":\"");
	load_title(serial, &packet);
	buffer_append_text(&packet, "\"}],\"name\":\"change\"}");
	while (serial % 2 == 1 && packet.length < 300) {
		buffer_append_byte(&packet, ' ');
	}
	add_frame(packet.bytes, packet.length, out);
	buffer_finish(&packet);
}

struct recipe {
	void (*open)(struct listener *listener);
	void (*add)(uint32_t serial, struct buffer *out);
};

static const struct recipe recipes[] = {
    {open_irc, add_irc_change},
    {open_socketio, add_socketio_change},
};

/* Hear all changes in pieces of random lengths up to `piece_max`. */
static void check_pieces(const struct recipe *recipe, size_t piece_max, unsigned seed)
{
	struct listener listener;
	struct buffer stream = {0};
	size_t position = 0;

	recipe->open(&listener);
	for (uint32_t i = 0; i < CHANGES; i++) {
		recipe->add(i, &stream);
	}
	while (position < stream.length) {
		size_t length = 1 + (size_t)rand_r(&seed) % piece_max;

		if (length > stream.length - position) {
			length = stream.length - position;
		}
		hear(&listener, stream.bytes + position, length);
		position += length;
	}
	assert_int_equal(listener.changes, CHANGES);
	assert_int_equal(listener.bytes, stream.length);
	assert_int_equal(listener.held.length, 0);
	buffer_finish(&stream);
	finish(&listener);
}

/* load_protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_changes_are_understood_however_they_are_cut(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
		check_pieces(&recipes[i], 1, seed);
		check_pieces(&recipes[i], 65536, seed);
		for (unsigned round = 0; round < 100; round++) {
			check_pieces(&recipes[i], 500, seed + round);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_serial_of_a_title_is_found),
	    cmocka_unit_test(test_serial_that_is_not_whole_is_none),
	    cmocka_unit_test(test_irc_joins_when_it_is_registered),
	    cmocka_unit_test(test_irc_asks_again_for_a_channel_that_is_not_there),
	    cmocka_unit_test(test_irc_answers_a_ping),
	    cmocka_unit_test(test_irc_error_is_a_failure),
	    cmocka_unit_test(test_socketio_is_ready_when_the_subscription_is_acknowledged),
	    cmocka_unit_test(test_socketio_answers_a_heartbeat),
	    cmocka_unit_test(test_socketio_refusals_are_failures),
	    cmocka_unit_test(test_changes_are_understood_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
