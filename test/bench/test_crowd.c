/* SPDX-License-Identifier: Apache-2.0 */
/* bench/crowd: clients connect, reconnect, and are heard however much comes. */
#include "bench/crowd.h"

#include "server/base/memory.h"
#include "test/bench/tiny_server.h"

#define HEAD_OK    "HTTP/1.1 200 OK\r\nContent-Length: "
#define TURNS_MAX  1000
#define LONG_BYTES 600000 /* more than is read at once */

static const struct subject subject = {.host = "h", .wiki = "w.org", .run = "0123abcd"};

/* One client of a protocol, and a server that the test plays. */
struct stage {
	struct tally tally;
	struct crowd crowd;
	int listener;
};

static void raise_stage(struct stage *stage, const struct protocol *protocol)
{
	const uint32_t clients = 1;
	struct error error = {""};
	uint16_t port;

	*stage = (struct stage){0};
	stage->listener = tiny_server_bind(SOCK_STREAM, &port);
	assert_return_code(listen(stage->listener, 4), errno);
	tally_init(&stage->tally, &clients, 1, 2, 0);
	stage->crowd.subject = &subject;
	stage->crowd.at_once = 1;
	stage->crowd.tally = &stage->tally;
	stage->crowd.groups[0].protocol = protocol;
	assert_true(endpoint_resolve(&stage->crowd.groups[0].server, "127.0.0.1", port, &error));
	assert_true(crowd_init(&stage->crowd, &error));
	crowd_connect(&stage->crowd, 1);
	assert_int_equal(stage->crowd.begun, 1);
}

static void strike_stage(struct stage *stage)
{
	crowd_finish(&stage->crowd);
	tally_finish(&stage->tally);
	(void)close(stage->listener);
}

/* Gives the next connection, once the client has said `words` on it. */
static int expect(struct stage *stage, int connection, const char *words)
{
	char heard[512] = "";
	size_t length = 0;

	crowd_turn(&stage->crowd, 100);
	if (connection < 0) {
		connection = accept(stage->listener, NULL, NULL);
	}
	for (int i = 0; i < TURNS_MAX && strstr(heard, words) == NULL; i++) {
		ssize_t count;

		crowd_turn(&stage->crowd, 10);
		count = recv(connection, heard + length, sizeof(heard) - 1 - length, MSG_DONTWAIT);
		length += count > 0 ? (size_t)count : 0;
	}
	assert_non_null(strstr(heard, words));
	return connection;
}

static void say(struct stage *stage, int connection, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(connection, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
		crowd_turn(&stage->crowd, 10);
	}
}

static void say_text(struct stage *stage, int connection, const char *text)
{
	say(stage, connection, text, strlen(text));
}

/* protocol.h, wants_connection: the next request goes over a new connection. */
static void test_crowd_connects_again_when_the_server_closes(void **state)
{
	struct stage stage;
	int first, second;

	(void)state;
	raise_stage(&stage, &protocol_polling);
	first = expect(&stage, -1, "GET /socket.io/1/ ");
	say_text(&stage, first, HEAD_OK "9\r\nConnection: close\r\n\r\nabc:60:60");
	second = expect(&stage, -1, "GET /socket.io/1/xhr-polling/abc");
	assert_int_not_equal(first, second);
	say_text(&stage, second, HEAD_OK "15\r\n\r\n6::/rc:1+[null]");
	(void)expect(&stage, second, "GET /socket.io/1/xhr-polling/abc");
	assert_false(stage.crowd.has_failed);
	assert_int_equal(stage.crowd.ready, 1);
	(void)close(first);
	(void)close(second);
	strike_stage(&stage);
}

/* crowd.c: what is longer than one read is put together, and what follows it is heard. */
static void test_crowd_hears_what_is_longer_than_a_read(void **state)
{
	struct stage stage;
	struct buffer frame = {0};
	int connection;

	(void)state;
	raise_stage(&stage, &protocol_websocket);
	connection = expect(&stage, -1, "GET /socket.io/1/ ");
	say_text(&stage, connection, HEAD_OK "9\r\n\r\nabc:60:60");
	(void)expect(&stage, connection, "Upgrade: websocket");
	buffer_append_text(&frame, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	buffer_append(&frame, "\x81\x7f\0\0\0\0", 6);
	for (int shift = 24; shift >= 0; shift -= 8) {
		buffer_append_byte(&frame, (char)(LONG_BYTES >> shift));
	}
	memset(buffer_reserve(&frame, LONG_BYTES), ' ', LONG_BYTES);
	frame.length += LONG_BYTES;
	buffer_append(&frame,
	              "\x81\x0f"
	              "6::/rc:1+[null]",
	              17);
	say(&stage, connection, frame.bytes, frame.length);
	for (int i = 0; i < TURNS_MAX && stage.crowd.ready == 0; i++) {
		crowd_turn(&stage.crowd, 10);
	}
	assert_false(stage.crowd.has_failed);
	assert_int_equal(stage.crowd.ready, 1);
	buffer_finish(&frame);
	(void)close(connection);
	strike_stage(&stage);
}

/* crowd.h: which client failed, and why. */
static void test_crowd_says_who_failed(void **state)
{
	struct stage stage;
	int connection;

	(void)state;
	raise_stage(&stage, &protocol_irc);
	connection = expect(&stage, -1, "USER ");
	(void)shutdown(connection, SHUT_WR);
	for (int i = 0; i < TURNS_MAX && !stage.crowd.has_failed; i++) {
		crowd_turn(&stage.crowd, 10);
	}
	assert_true(stage.crowd.has_failed);
	assert_string_equal(stage.crowd.failure.text,
	                    "client 0 (irc): the server closed the connection");
	(void)close(connection);
	strike_stage(&stage);
}

/* crowd.h: the one that speaks is no client: what it hears is not counted. */
static void test_crowd_speaks_by_another_connection(void **state)
{
	struct stage stage;
	struct crowd_group speaker;
	int client, connection;

	(void)state;
	raise_stage(&stage, &protocol_irc);
	client = expect(&stage, -1, "USER ");
	speaker = stage.crowd.groups[0];
	crowd_connect_speaker(&stage.crowd, &speaker);
	assert_false(crowd_has_speaker(&stage.crowd));
	connection = expect(&stage, -1, "NICK b1\r\n");
	say_text(&stage, connection, ":s 376 b1 :x\r\n:s 366 b1 #c :x\r\n");
	for (int i = 0; i < TURNS_MAX && !crowd_has_speaker(&stage.crowd); i++) {
		crowd_turn(&stage.crowd, 10);
	}
	assert_true(crowd_has_speaker(&stage.crowd));
	assert_int_equal(stage.crowd.ready, 0);
	crowd_speak(&stage.crowd, "PRIVMSG #c :hello\r\n", 19);
	(void)expect(&stage, connection, "PRIVMSG #c :hello\r\n");
	(void)tally_sent(&stage.tally, 1);
	say_text(&stage, connection, ":b PRIVMSG #c :Serial 0123abcd.0000000000\r\n");
	assert_int_equal(tally_deliveries(&stage.tally), 0);
	say_text(&stage, client, ":b PRIVMSG #c :Serial 0123abcd.0000000000\r\n");
	for (int i = 0; i < TURNS_MAX && tally_deliveries(&stage.tally) == 0; i++) {
		crowd_turn(&stage.crowd, 10);
	}
	assert_int_equal(tally_deliveries(&stage.tally), 1);
	(void)close(client);
	(void)close(connection);
	strike_stage(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crowd_connects_again_when_the_server_closes),
	    cmocka_unit_test(test_crowd_hears_what_is_longer_than_a_read),
	    cmocka_unit_test(test_crowd_says_who_failed),
	    cmocka_unit_test(test_crowd_speaks_by_another_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
