/* SPDX-License-Identifier: Apache-2.0 */
/* bench/socketio_client: what Socket.IO's packets mean to a client, whatever carries them. */
#include "bench/socketio_client.h"

#include "test/bench/listener.h"

static void begin(struct listener *listener)
{
	listener_begin(listener, &protocol_websocket);
	buffer_clear(&listener->session.replies);
}

static void take(struct listener *listener, const char *packet)
{
	socketio_client_take(&listener->session, packet, strlen(packet), strlen(packet) + 4);
}

/* Socket.IO 0.9: the session's id stands before the first colon, 64 characters at most. */
static void test_handshake_gives_the_session(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n"
				     "a-_1:60:60:websocket";
	struct listener listener;

	(void)state;
	begin(&listener);
	for (size_t i = 1; i < sizeof(answer) - 2; i++) {
		assert_int_equal(socketio_client_take_handshake(&listener.session, answer, i), 0);
	}
	assert_int_equal(
	    socketio_client_take_handshake(&listener.session, answer, sizeof(answer) - 2),
	    sizeof(answer) - 2);
	assert_string_equal(listener.session.sid, "a-_1");
	assert_null(listener.session.failure);
	listener_finish(&listener);
}

/* A session's id that is longer than any server's ends the run, and overruns nothing. */
static void test_handshake_with_too_long_a_session_fails(void **state)
{
	for (size_t length = PROTOCOL_SID_MAX; length <= PROTOCOL_SID_MAX + 1; length++) {
		struct listener listener;
		struct buffer answer = {0};

		(void)state;
		begin(&listener);
		buffer_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
		              length + 1);
		for (size_t i = 0; i < length; i++) {
			buffer_append_byte(&answer, 'x');
		}
		buffer_append_byte(&answer, ':');
		(void)socketio_client_take_handshake(&listener.session, answer.bytes,
		                                     answer.length);
		assert_int_equal(listener.session.failure != NULL, length > PROTOCOL_SID_MAX);
		buffer_finish(&answer);
		listener_finish(&listener);
	}
}

/* Socket.IO 0.9: what a packet asks of the client waits in `pending` for its transport. */
static void test_packets_make_replies_pending(void **state)
{
	struct listener listener;

	(void)state;
	begin(&listener);
	take(&listener, "1::");
	assert_int_equal(listener.session.pending,
	                 SOCKETIO_CLIENT_CONNECT | SOCKETIO_CLIENT_SUBSCRIBE);
	listener.session.pending = 0;
	take(&listener, "1::/rc");
	take(&listener, "8::");
	assert_int_equal(listener.session.pending, 0);
	take(&listener, "2::");
	assert_int_equal(listener.session.pending, SOCKETIO_CLIENT_HEARTBEAT);
	assert_false(listener.session.is_ready);
	take(&listener, "6::/rc:1+[null]");
	assert_true(listener.session.is_ready);
	listener_finish(&listener);
}

/* Events of this run are changes, with the bytes that the transport counted. */
static void test_events_are_changes(void **state)
{
	struct listener listener;

	(void)state;
	begin(&listener);
	take(&listener, "5::/rc:{\"args\":[{\"title\":\"Main Page\"}]}");
	assert_int_equal(listener.changes, 0);
	take(&listener, "5::/rc:{\"args\":[{\"title\":\"Serial 0123abcd.0000000000\"}]}");
	assert_int_equal(listener.changes, 1);
	assert_int_equal(listener.bytes, 56 + 4);
	listener_finish(&listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake_gives_the_session),
	    cmocka_unit_test(test_handshake_with_too_long_a_session_fails),
	    cmocka_unit_test(test_packets_make_replies_pending),
	    cmocka_unit_test(test_events_are_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
