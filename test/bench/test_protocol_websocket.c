/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol_websocket: Socket.IO 0.9 over WebSocket, as a client of the load. */
#include "bench/protocol.h"

#include "test/bench/listener.h"

/* Add a server's frame: the length in one byte, or in two or eight more (RFC 6455, 5.2). */
static void add_frame(unsigned char opening, const char *payload, size_t length, struct buffer *out)
{
	buffer_append_byte(out, (char)opening);
	if (length < 126) {
		buffer_append_byte(out, (char)length);
	} else if (length < 65536) {
		buffer_append_byte(out, 126);
		buffer_append_byte(out, (char)(length >> 8));
		buffer_append_byte(out, (char)length);
	} else {
		buffer_append_byte(out, 127);
		for (int shift = 56; shift >= 0; shift -= 8) {
			buffer_append_byte(out, (char)(length >> shift));
		}
	}
	buffer_append(out, payload, length);
}

static void hear_packet(struct listener *listener, const char *packet)
{
	struct buffer frame = {0};

	add_frame(0x81, packet, strlen(packet), &frame);
	listener_hear(listener, frame.bytes, frame.length);
	buffer_finish(&frame);
}

/* A frame of a client, masked with zeros. */
static void assert_says_frame(struct listener *listener, unsigned char opening, const char *payload)
{
	struct buffer frame = {0};

	assert_in_range(strlen(payload), 1, 125);
	buffer_append_byte(&frame, (char)opening);
	buffer_append_byte(&frame, (char)(0x80 | strlen(payload)));
	buffer_append(&frame, "\0\0\0\0", 4);
	buffer_append_text(&frame, payload);
	assert_says(listener, frame.bytes, frame.length);
	buffer_finish(&frame);
}

static void open_websocket(struct listener *listener)
{
	listener_begin(listener, &protocol_websocket);
	assert_says_text(listener, "GET /socket.io/1/ HTTP/1.1\r\nHost: host.example\r\n\r\n");
	listener_hear_text(listener,
	                   "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\nabc:60:60:websocket,xh");
	assert_says_among_others(listener, "GET /socket.io/1/websocket/abc HTTP/1.1\r\n");
	buffer_clear(&listener->session.replies);
	listener_hear_text(listener,
	                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
	assert_says_text(listener, "");
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
static void test_websocket_is_ready_when_the_subscription_is_acknowledged(void **state)
{
	struct listener listener;

	(void)state;
	open_websocket(&listener);
	listener_finish(&listener);
}

/* RFC 9112, 9.6: behind "Connection: close" the upgrade goes over a connection of its own. */
static void test_websocket_takes_another_connection_when_told(void **state)
{
	struct listener listener;

	(void)state;
	listener_begin(&listener, &protocol_websocket);
	buffer_clear(&listener.session.replies);
	listener_hear_text(&listener, "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n"
	                              "Connection: close\r\n\r\nabc:60:60:websocket");
	assert_true(listener.session.wants_connection);
	assert_says_among_others(&listener, "GET /socket.io/1/websocket/abc HTTP/1.1\r\n");
	listener_finish(&listener);
}

/* Socket.IO 0.9: a heartbeat is answered by one; RFC 6455, 5.5.2: a ping by a pong. */
static void test_websocket_answers_heartbeats_and_pings(void **state)
{
	struct listener listener;
	struct buffer ping = {0};

	(void)state;
	open_websocket(&listener);
	hear_packet(&listener, "2::");
	assert_says_frame(&listener, 0x81, "2::");
	add_frame(0x89, "hello", 5, &ping);
	listener_hear(&listener, ping.bytes, ping.length);
	assert_says_frame(&listener, 0x8a, "hello");
	buffer_finish(&ping);
	listener_finish(&listener);
}

/* A refused handshake or upgrade, a close frame, an error packet: the run cannot go on. */
static void test_websocket_refusals_are_failures(void **state)
{
	static const char *const refusals[] = {
	    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nno colon",
	    "SSH-2.0-OpenSSH\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na:b:HTTP/1.1 400 Bad Request\r\n\r\n",
	};
	struct listener listener;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		listener_begin(&listener, &protocol_websocket);
		listener_hear_text(&listener, refusals[i]);
		assert_failed(&listener);
	}
	open_websocket(&listener);
	listener_hear(&listener, "\x88\x02\x03\xe8", 4);
	assert_failed(&listener);
	open_websocket(&listener);
	hear_packet(&listener, "7:::1+0");
	assert_failed(&listener);
	open_websocket(&listener);
	hear_packet(&listener, "0::");
	assert_failed(&listener);
	open_websocket(&listener);
	listener_hear(&listener, "\x81\x81\0\0\0\0x", 7);
	assert_failed(&listener);
}

/* The event, in a short frame for one serial, in a longer one for the next two. */
static void add_change(uint32_t serial, struct buffer *out)
{
	static const size_t lengths[] = {0, 300, 70000};
	struct buffer packet = {0};

	buffer_append_text(&packet, "5::/rc:{\"args\":[{\"title\":\"");
	protocol_title(&listener_subject, serial, &packet);
	buffer_append_text(&packet, "\"}],\"name\":\"change\"}");
	while (packet.length < lengths[serial < 3 ? serial : serial % 2]) {
		buffer_append_byte(&packet, ' ');
	}
	add_frame(0x81, packet.bytes, packet.length, out);
	buffer_finish(&packet);
}

/* protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_websocket_changes_are_understood_however_they_are_cut(void **state)
{
	static const struct listener_recipe recipe = {open_websocket, add_change, 0};

	(void)state;
	listener_check_cuts(&recipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_websocket_is_ready_when_the_subscription_is_acknowledged),
	    cmocka_unit_test(test_websocket_takes_another_connection_when_told),
	    cmocka_unit_test(test_websocket_answers_heartbeats_and_pings),
	    cmocka_unit_test(test_websocket_refusals_are_failures),
	    cmocka_unit_test(test_websocket_changes_are_understood_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
