/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_websocket.h"

#include <signal.h>

#include "protocols/http/http.h"
#include "protocols/http/http_endpoint.h"
#include "test/protocols/irc/harness.h"

#define S ":" TEST_SERVER

enum { MORE = 0x00, TEXT = 0x81, BINARY = 0x82, FIRST_TEXT = 0x01, CLOSE = 0x88, PING = 0x89 };

const struct http_endpoint http_endpoints[] = {
    {
	.path = IRC_WEBSOCKET_PATH,
	.start = irc_websocket_start,
	.on_request = irc_websocket_on_request,
	.destroy = irc_websocket_destroy,
    },
    {.path = NULL},
};

/* --- a worker that has HTTP too ------------------------------------------- */

struct world {
	struct harness *irc;
	void *http;
	bool is_irc_off;
};

static void *state_of(const struct front_end_env *env, const struct front_end *front_end)
{
	const struct world *world = env->mover;

	assert_ptr_equal(front_end, &irc_front_end);
	return world->is_irc_off ? NULL : world->irc->server;
}

static int open_world(void **state)
{
	struct world *world = mem_new(struct world);

	(void)signal(SIGPIPE, SIG_IGN); /* as main() does */
	world->irc = harness_create();
	world->irc->conf.http = (struct conf_http){
	    .present = true,
	    .max_header_bytes = 1024,
	    .max_body_bytes = 1024,
	    .header_timeout = 15,
	    .body_timeout = 30,
	    .keep_alive_timeout = 75,
	    .max_websocket_bytes = 65536,
	};
	harness_start(world->irc);
	world->irc->env.state_of = state_of;
	world->irc->env.mover = world;
	world->http = http_front_end.start(&world->irc->env);
	*state = world;
	return 0;
}

static int close_world(void **state)
{
	struct world *world = *state;

	/* What is left says goodbye to clients that do not read it. */
	net_end(world->irc->net, CLOSE_SHUTDOWN);
	for (int round = 0; world->irc->net->all != NULL && round < WAIT_ROUNDS; round++) {
		step(world->irc, 1000);
	}
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_websocket_clients), 0);
	assert_int_equal(metric_read(&metrics_of(world->irc)->websocket_connections), 0);
	http_front_end.destroy(world->http);
	harness_destroy(world->irc);
	free(world);
	return 0;
}

/* --- clients ---------------------------------------------------------------- */

/* A client of the HTTP listener. */
static int http_open(struct world *world)
{
	struct migrant migrant = {0};
	struct connection *connection;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
	                 0);
	migrant.descriptor = ends[1];
	connection = connection_adopt(world->irc->net, &migrant);
	assert_non_null(connection);
	http_front_end.on_connection(world->http, connection);
	return ends[0];
}

/* Upgraded, with these subprotocols offered, or NULL, and this one chosen, or "". */
static int ws_open(struct world *world, const char *offered, const char *chosen)
{
	struct buffer head = {0};
	int client = http_open(world);
	char wanted[128] = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
	size_t length = strlen(wanted);

	buffer_printf(&head,
	              "GET /irc?x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
	              "Upgrade: websocket\r\nOrigin: https://web.example\r\n"
	              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	              "Sec-WebSocket-Version: 13\r\n%s%s%s\r\n",
	              offered != NULL ? "Sec-WebSocket-Protocol: " : "",
	              offered != NULL ? offered : "", offered != NULL ? "\r\n" : "");
	say_bytes(client, head.bytes, head.length);
	buffer_clear(&head);
	(void)snprintf(wanted + length, sizeof(wanted) - length, "%s%s%s\r\n",
	               chosen[0] != '\0' ? "Sec-WebSocket-Protocol: " : "", chosen,
	               chosen[0] != '\0' ? "\r\n" : "");
	read_until(world->irc, client, wanted, &head);
	assert_memory_equal(head.bytes, "HTTP/1.1 101 ", 13);
	buffer_finish(&head);
	return client;
}

/* Send a frame of less than 65,536 bytes, masked with zeros (RFC 6455 §5.2). */
static void ws_send(int client, unsigned first, const char *bytes, size_t length)
{
	char header[8] = {(char)first, (char)(0x80 | (length < 126 ? length : 126)), 0};
	size_t size = 2;

	if (length >= 126) {
		header[size++] = (char)(length >> 8);
		header[size++] = (char)(length & 0xff);
	}
	say_bytes(client, header, size + 4);
	say_bytes(client, bytes, length);
}

static void ws_say(int client, const char *line)
{
	ws_send(client, TEXT, line, strlen(line));
}

/* Read exactly `length` bytes. */
static void read_exactly(struct world *world, int client, unsigned char *bytes, size_t length)
{
	for (int round = 0; length > 0 && round < WAIT_ROUNDS; round++) {
		ssize_t got = recv(client, bytes, length, 0);

		if (got > 0) {
			bytes += got;
			length -= (size_t)got;
			round = 0;
		} else {
			assert_int_not_equal(got, 0);
			turn(world->irc);
			(void)usleep(length > 0 && round > 10 ? 1000 : 0);
		}
	}
	assert_int_equal(length, 0);
}

#define PAYLOAD_MAX 65536

/* Read the next frame: its first byte; its payload, with a NUL behind it. */
static unsigned ws_read(struct world *world, int client, char payload[PAYLOAD_MAX])
{
	unsigned char header[4];
	size_t length;

	read_exactly(world, client, header, 2);
	length = header[1];
	if (length == 126) {
		read_exactly(world, client, header + 2, 2);
		length = (size_t)header[2] << 8 | header[3];
	}
	assert_in_range(length, 0, PAYLOAD_MAX - 1);
	read_exactly(world, client, (unsigned char *)payload, length);
	payload[length] = '\0';
	return header[0];
}

/* The next frame is this. */
static void ws_expect(struct world *world, int client, unsigned first, const char *line)
{
	static char payload[PAYLOAD_MAX];
	unsigned got = ws_read(world, client, payload);

	assert_string_equal(payload, line);
	assert_int_equal(got, first);
}

/* The next frame is a close frame with this code and text, and then the connection ends. */
static void ws_expect_close(struct world *world, int client, unsigned code, const char *text)
{
	static char payload[PAYLOAD_MAX];
	struct buffer rest = {0};

	assert_int_equal(ws_read(world, client, payload), CLOSE);
	assert_int_equal((unsigned char)payload[0] << 8 | (unsigned char)payload[1], code);
	assert_string_equal(payload + 2, text);
	read_until(world->irc, client, NULL, &rest);
	assert_int_equal(rest.length, 0);
	buffer_finish(&rest);
	(void)close(client);
}

/* All that was said before is answered by now: the next frame answers this. */
static void ws_expect_nothing(struct world *world, int client, unsigned first)
{
	ws_say(client, "PING nothing");
	ws_expect(world, client, first, S " PONG " TEST_SERVER " :nothing");
}

/* Registered, its welcome read. */
static int ws_registered(struct world *world, const char *subprotocol, const char *nick)
{
	static char payload[PAYLOAD_MAX];
	int client = ws_open(world, subprotocol, subprotocol != NULL ? subprotocol : "");
	char line[64];

	(void)snprintf(line, sizeof(line), "NICK %s", nick);
	ws_say(client, line);
	ws_say(client, "USER user 0 * :Real");
	(void)snprintf(line, sizeof(line), S " 221 %s +i", nick);
	do {
		(void)ws_read(world, client, payload);
		assert_null(strpbrk(payload, "\r\n"));
	} while (strcmp(payload, line) != 0);
	return client;
}

static void ws_join(struct world *world, int client, const char *channel)
{
	static char payload[PAYLOAD_MAX];
	char line[128];

	(void)snprintf(line, sizeof(line), "JOIN %s", channel);
	ws_say(client, line);
	do {
		(void)ws_read(world, client, payload);
	} while (strstr(payload, " 366 ") == NULL);
}

/* --- the beginning ------------------------------------------------------------ */

/* The client's order decides; text without an agreement, since browsers want to show it. */
static void test_irc_websocket_agrees_on_a_subprotocol(void **state)
{
	static const struct {
		const char *offered, *chosen;
		unsigned first;
	} rows[] = {
	    {"text.ircv3.net", "text.ircv3.net", TEXT},
	    {"binary.ircv3.net", "binary.ircv3.net", BINARY},
	    {"binary.ircv3.net, text.ircv3.net", "binary.ircv3.net", BINARY},
	    {"x,text.ircv3.net,binary.ircv3.net", "text.ircv3.net", TEXT},
	    {"irc", "", TEXT},
	    {NULL, "", TEXT},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int client = ws_open(world, rows[i].offered, rows[i].chosen);

		ws_say(client, "PING one");
		ws_expect(world, client, rows[i].first, S " PONG " TEST_SERVER " :one");
		ws_send(client, BINARY, "PING two", 8);
		ws_expect(world, client, rows[i].first, S " PONG " TEST_SERVER " :two");
		assert_int_equal(metric_read(&metrics_of(world->irc)->irc_websocket_clients), 1);
		assert_int_equal(metric_read(&metrics_of(world->irc)->irc_clients), 1);
		(void)close(client);
		turn(world->irc);
		turn(world->irc);
	}
}

/* 404 while there is no IRC; RFC 9110 §15.5.22: 426 says what to upgrade to. */
static void test_irc_websocket_refuses_other_requests(void **state)
{
	static const char request[] = "GET /irc HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char old_version[] =
	    "GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 7\r\n\r\n";
	struct world *world = *state;
	struct buffer out = {0};
	int client = http_open(world);

	say_bytes(client, request, sizeof(request) - 1);
	read_until(world->irc, client, "IRC client\n", &out);
	buffer_append_byte(&out, '\0');
	assert_memory_equal(out.bytes, "HTTP/1.1 426 Upgrade Required\r\n", 31);
	assert_non_null(strstr(out.bytes, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
	buffer_clear(&out);
	world->is_irc_off = true;
	say_bytes(client, request, sizeof(request) - 1);
	read_until(world->irc, client, "Not Found\n", &out);
	assert_memory_equal(out.bytes, "HTTP/1.1 404 Not Found\r\n", 24);
	buffer_clear(&out);
	world->is_irc_off = false;
	(void)close(client);
	client = http_open(world);
	say_bytes(client, old_version, sizeof(old_version) - 1);
	read_until(world->irc, client, NULL, &out);
	assert_memory_equal(out.bytes, "HTTP/1.1 426 ", 13);
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_clients), 0);
	buffer_finish(&out);
	(void)close(client);
}

/* --- changes -------------------------------------------------------------------- */

/* Both transports know the same channels and get the same lines, each in its framing. */
static void test_irc_websocket_and_stream_share_the_channels(void **state)
{
	struct world *world = *state;
	int stream = client_registered(world->irc, "stream");
	int text = ws_registered(world, "text.ircv3.net", "text");
	int binary = ws_registered(world, "binary.ircv3.net", "binary");

	publish(world->irc, "#en.wikipedia", "makes the channel");
	client_join(world->irc, stream, "#en.wikipedia");
	ws_join(world, text, "#en.wikipedia");
	ws_join(world, binary, "#en.wikipedia");
	publish(world->irc, "#en.wikipedia", "\00314[[\00307Ä\00314]]");
#define SAID ":rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG #en.wikipedia :\00314[[\00307Ä\00314]]"
	expect(world->irc, stream, SAID "\r\n");
	ws_expect(world, text, TEXT, SAID);
	ws_expect(world, binary, BINARY, SAID);
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_deliveries), 3);
	ws_say(text, "PART #en.wikipedia");
	ws_expect(world, text, TEXT, ":text!user@" TEST_SERVER " PART #en.wikipedia");
	publish(world->irc, "#en.wikipedia", "more");
	ws_expect_nothing(world, text, TEXT);
	(void)close(stream);
	(void)close(text);
	(void)close(binary);
}

/* --- lines ------------------------------------------------------------------------ */

/*
 * A message is a line; one that ends in CR LF all the same, holds several, is empty or comes in
 * fragments with a ping in between, is taken (the specification asks for compatibility).
 */
static void test_irc_websocket_takes_lines_as_they_come(void **state)
{
	struct world *world = *state;
	int client = ws_open(world, "text.ircv3.net", "text.ircv3.net");

	ws_say(client, "PING :a\r\n");
	ws_say(client, "");
	ws_say(client, "\r\n");
	ws_say(client, "PING :b\nPING :c");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :a");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :b");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :c");
	ws_send(client, FIRST_TEXT, "PI", 2);
	ws_send(client, PING, "?", 1);
	ws_send(client, MORE, "", 0);
	ws_send(client, MORE | 0x80, "NG :d", 5);
	ws_expect(world, client, 0x8a, "?");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :d");
	(void)close(client);
}

/* Write over bytes in the middle of others. */
static void put(char *at, const char *text)
{
	while (*text != '\0') {
		*at++ = *text++;
	}
}

/* docs/protocols/irc.md, "Lines": what is cut off is thrown away, and ends with its message. */
static void test_irc_websocket_cuts_long_lines_by_themselves(void **state)
{
	static char line[60000];
	char expected[600];
	struct world *world = *state;
	int client = ws_open(world, "text.ircv3.net", "text.ircv3.net");

	memset(line, 'x', sizeof(line));
	put(line, "PING :");
	put(line + 512, "\rPING :y");
	ws_send(client, TEXT, line, 512);
	ws_say(client, "PING :next");
	ws_send(client, TEXT, line, sizeof(line));
	ws_say(client, "PING :last");
	(void)snprintf(expected, sizeof(expected), S " PONG " TEST_SERVER " :%.*s",
	               (int)(510 - strlen(S " PONG " TEST_SERVER " :")), line + 6);
	ws_expect(world, client, TEXT, expected);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :next");
	ws_expect(world, client, TEXT, expected);
	/* Only a line end ends what is thrown away: CR is one. */
	(void)snprintf(expected, sizeof(expected), S " PONG " TEST_SERVER " :y%.*s",
	               (int)(510 - strlen(S " PONG " TEST_SERVER " :y")), line + 520);
	ws_expect(world, client, TEXT, expected);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :last");
	(void)close(client);
}

/* A binary message may be no UTF-8: ignored, or repaired where USER needs it; never 1007. */
static void test_irc_websocket_ignores_binary_that_is_not_utf8(void **state)
{
	static char payload[PAYLOAD_MAX];
	struct world *world = *state;
	int client = ws_open(world, "binary.ircv3.net", "binary.ircv3.net");

	ws_send(client, BINARY, "PING \xff", 6);
	ws_expect_nothing(world, client, BINARY);
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_lines_ignored), 1);
	ws_say(client, "NICK reader");
	ws_send(client, BINARY, "USER user 0 * :Jos\xe9", 19);
	assert_int_equal(ws_read(world, client, payload), BINARY);
	assert_non_null(strstr(payload, " 001 reader "));
	ws_send(client, TEXT, "\xff", 1);
	do {
		(void)ws_read(world, client, payload);
	} while (strncmp(payload, "ERROR", 5) != 0);
	assert_string_equal(payload, "ERROR :Closing Link: (Not UTF-8)");
	ws_expect_close(world, client, 1007, "Not UTF-8");
}

/* --- the end ------------------------------------------------------------------------ */

/* ERROR first, as a line like others; then the close frame. */
static void test_irc_websocket_says_why_it_ends(void **state)
{
	struct world *world = *state;
	int client = ws_open(world, "text.ircv3.net", "text.ircv3.net");

	ws_say(client, "QUIT :bye\r\nPING never");
	ws_say(client, "PING never");
	ws_expect(world, client, TEXT, "ERROR :Closing Link: (Quit: bye)");
	ws_expect_close(world, client, 1000, "Client quit");
	client = ws_open(world, NULL, "");
	step(world->irc, 31000);
	ws_expect(world, client, TEXT, "ERROR :Closing Link: (Registration timed out)");
	ws_expect_close(world, client, 1001, "Registration timed out");
	client = ws_registered(world, "binary.ircv3.net", "reader");
	step(world->irc, 46000);
	ws_expect(world, client, BINARY, "PING :" TEST_SERVER);
	ws_say(client, "PONG :" TEST_SERVER);
	net_end(world->irc->net, CLOSE_SHUTDOWN);
	ws_expect(world, client, BINARY, "ERROR :Closing Link: (Server shutting down)");
	ws_expect_close(world, client, 1001, "Server shutting down");
}

/* RFC 6455 §5.5.1: nothing is sent behind a close frame; the session goes all the same. */
static void test_irc_websocket_answers_a_close_frame_and_no_more(void **state)
{
	struct world *world = *state;
	int client = ws_registered(world, "text.ircv3.net", "reader");

	ws_send(client, CLOSE, "\x03\xe8", 2);
	ws_expect_close(world, client, 1000, "");
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_websocket_clients), 0);
	assert_int_equal(metric_read(&metrics_of(world->irc)->irc_registered), 0);
}

/* --- slow clients --------------------------------------------------------------------- */

static void make_channels(struct world *world, unsigned count)
{
	char name[32];

	world->irc->conf.irc.max_channels = count;
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "#c%05u", i);
		publish(world->irc, name, "makes it");
	}
}

/*
 * A LIST longer than the outbox is given as fast as the client takes it: what is behind it in
 * its message and in the next ones waits, and none of it is lost or run twice.
 */
static void test_irc_websocket_gives_a_long_list_in_parts(void **state)
{
	enum { CHANNELS = 20000 };
	static char payload[PAYLOAD_MAX];
	struct world *world = *state;
	char name[32];
	int client;

	world->irc->net->limits.outbox_max = 65536;
	make_channels(world, CHANNELS);
	client = ws_registered(world, "text.ircv3.net", "reader");
	ws_say(client, "PING first\nLIST\nPING behind");
	ws_say(client, "PING next");
	ws_send(client, PING, "!", 1);
	for (int i = 0; i < 100; i++) {
		turn(world->irc);
	}
	assert_in_range(connection_queued(world->irc->net->all), 1, 65536);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :first");
	for (unsigned i = 0; i < CHANNELS; i++) {
		assert_int_equal(ws_read(world, client, payload), TEXT);
		(void)snprintf(name, sizeof(name), " 322 reader #c%05u 1 ", i);
		assert_non_null(strstr(payload, name));
		assert_in_range(connection_queued(world->irc->net->all), 0, 65536);
	}
	ws_expect(world, client, TEXT, S " 323 reader :End of /LIST");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :behind");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :next");
	ws_expect(world, client, 0x8a, "!");
	(void)close(client);
}

/* irc.input_rate holds for the lines of a message, too: what is over it waits, and so does all
 * else. */
static void test_irc_websocket_lines_wait_for_the_budget(void **state)
{
	struct world *world = *state;
	int client;

	world->irc->conf.irc.input_rate = 1;
	world->irc->conf.irc.input_burst = 2;
	client = ws_open(world, "text.ircv3.net", "text.ircv3.net");
	ws_say(client, "PING :a\nPING :b\nPING :c");
	ws_say(client, "PING :d");
	ws_send(client, PING, "!", 1);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :a");
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :b");
	assert_int_equal(recv(client, &(char){0}, 1, 0), -1);
	step(world->irc, 1000 + DEADLINE_TICK_MS);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :c");
	assert_int_equal(recv(client, &(char){0}, 1, 0), -1);
	step(world->irc, 1000 + DEADLINE_TICK_MS);
	ws_expect(world, client, TEXT, S " PONG " TEST_SERVER " :d");
	ws_expect(world, client, 0x8a, "!");
	(void)close(client);
}

/* The outbox's limits hold as for a stream: whole frames, then ERROR, then 1008. */
static void test_irc_websocket_tells_who_is_too_slow(void **state)
{
	static char payload[PAYLOAD_MAX];
	struct world *world = *state;
	char text[400];
	unsigned first;
	int client;

	world->irc->net->limits.outbox_max = 65536;
	publish(world->irc, "#en.wikipedia", "makes the channel");
	client = ws_registered(world, "text.ircv3.net", "slow");
	ws_join(world, client, "#en.wikipedia");
	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 3000; i++) {
		publish(world->irc, "#en.wikipedia", text);
	}
	do {
		first = ws_read(world, client, payload);
		assert_int_equal(first, TEXT);
	} while (strstr(payload, text) != NULL);
	assert_string_equal(payload, "ERROR :Closing Link: (SendQ exceeded)");
	ws_expect_close(world, client, 1008, "SendQ exceeded");
	assert_int_equal(metric_read(&metrics_of(world->irc)->closed[CLOSE_SENDQ_EXCEEDED]), 1);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORLD_TEST(test_irc_websocket_agrees_on_a_subprotocol),
	    WORLD_TEST(test_irc_websocket_refuses_other_requests),
	    WORLD_TEST(test_irc_websocket_and_stream_share_the_channels),
	    WORLD_TEST(test_irc_websocket_takes_lines_as_they_come),
	    WORLD_TEST(test_irc_websocket_cuts_long_lines_by_themselves),
	    WORLD_TEST(test_irc_websocket_ignores_binary_that_is_not_utf8),
	    WORLD_TEST(test_irc_websocket_says_why_it_ends),
	    WORLD_TEST(test_irc_websocket_answers_a_close_frame_and_no_more),
	    WORLD_TEST(test_irc_websocket_gives_a_long_list_in_parts),
	    WORLD_TEST(test_irc_websocket_lines_wait_for_the_budget),
	    WORLD_TEST(test_irc_websocket_tells_who_is_too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
