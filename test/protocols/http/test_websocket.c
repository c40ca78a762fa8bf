/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include "protocols/http/http_connection.h"
#include "protocols/http/http_endpoint.h"
#include "protocols/http/websocket.h"
#include "protocols/http/websocket_frame.h"
#include "server/base/random.h"
#include "test/protocols/http/websocket_client.h"

/* --- an endpoint that writes down what it gets -------------------------- */

struct recorder {
	struct websocket *websocket;
	struct buffer texts; /* each with "|" behind it */
	unsigned gone;
	enum close_reason reason;
};

static void *recorder_start(const struct front_end_env *env)
{
	(void)env;
	return mem_new(struct recorder);
}

static void recorder_destroy(void *state)
{
	struct recorder *recorder = state;

	buffer_finish(&recorder->texts);
	free(recorder);
}

#define MUCH_BYTES  10000
#define LATER_BYTES (3 * NET_CHOKE) /* more than the socket takes at once */

/*
 * "echo ..." is echoed, "?" is answered with much, "close" closes, and tries what must have no
 * effect then; of "later..." nothing or only "l" is done with at first.
 */
static void on_text(struct websocket *websocket, void *owner, const char *bytes, size_t length)
{
	struct recorder *recorder = owner;

	assert_int_equal(recorder->gone, 0);
	buffer_append(&recorder->texts, bytes, length);
	buffer_append_byte(&recorder->texts, '|');
	if (length >= 5 && memcmp(bytes, "later", 5) == 0) {
		static char reply[LATER_BYTES];

		memset(reply, 'r', sizeof(reply));
		websocket_send_text(websocket, reply, sizeof(reply));
		websocket_put_off(websocket, length == 5 ? 0 : 1);
	} else if (length >= 4 && memcmp(bytes, "echo", 4) == 0) {
		websocket_send_text(websocket, bytes, length);
	} else if (length == 1 && bytes[0] == '?') {
		char much[MUCH_BYTES];

		memset(much, '!', sizeof(much));
		websocket_send_text(websocket, much, sizeof(much));
	} else if (length == 5 && memcmp(bytes, "close", 5) == 0) {
		websocket_close(websocket, CLOSE_PROTOCOL_DONE);
		websocket_send_text(websocket, "too late", 8);
		websocket_close(websocket, CLOSE_LIMIT);
	}
}

static void on_gone(struct websocket *websocket, void *owner, enum close_reason reason)
{
	struct recorder *recorder = owner;

	assert_ptr_equal(websocket, recorder->websocket);
	recorder->gone++;
	recorder->reason = reason;
	if (reason == CLOSE_SHUTDOWN) {
		websocket_send_text(websocket, "last word", 9);
	}
}

static const char *const subprotocols[] = {"one", "two", NULL};

static const struct websocket_ops ops = {
    .subprotocols = subprotocols,
    .on_text = on_text,
    .on_gone = on_gone,
};

static void on_request(void *state, struct http_exchange *exchange)
{
	struct recorder *recorder = state;

	recorder->gone = 0;
	buffer_clear(&recorder->texts);
	recorder->websocket = websocket_accept(exchange, &ops, recorder);
}

static struct http_exchange *late; /* what /late was asked */

static void on_late_gone(struct http_exchange *exchange, void *owner)
{
	(void)exchange;
	(void)owner;
	fail();
}

static void on_late_request(void *state, struct http_exchange *exchange)
{
	(void)state;
	late = exchange;
	http_hold(exchange, NULL, on_late_gone);
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/ws", .start = recorder_start, .on_request = on_request, .destroy = recorder_destroy},
    {.path = "/late", .on_request = on_late_request},
    {.path = NULL},
};

/* --- clients ------------------------------------------------------------ */

static struct recorder *recorder_of(const struct harness *harness)
{
	const struct http_worker *worker = harness->http;

	return worker->states[0];
}

/* One conversation: what the client sends after the handshake, and what must come of it. */
struct scene {
	struct buffer sent;
	struct buffer answered;
	const char *texts;
	bool ends;
	enum close_reason reason;
};

static void scene_finish(struct scene *scene)
{
	buffer_finish(&scene->sent);
	buffer_finish(&scene->answered);
}

#define PIECE_MAX 9 /* pieces of 1 to so many bytes are tried */

/* How much is sent next: all that is left, a piece of so many bytes, or what the seed says. */
static size_t next_cut(size_t left, unsigned *cuts)
{
	size_t cut = left;

	if (*cuts > PIECE_MAX) {
		cut = 1 + (size_t)rand_r(cuts) % left;
	} else if (*cuts > 0) {
		cut = *cuts;
	}
	return cut < left ? cut : left;
}

static void play_cut(const struct scene *scene, unsigned cuts)
{
	struct harness harness;
	struct buffer got = {0};
	struct recorder *recorder;
	bool end;
	int client;

	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	harness_expect(&harness, client, SWITCHED, false);
	recorder = recorder_of(&harness);
	for (size_t at = 0; at < scene->sent.length;) {
		size_t cut = next_cut(scene->sent.length - at, &cuts);

		harness_write(&harness, client, scene->sent.bytes + at, cut);
		at += cut;
	}
	end = harness_read(&harness, client, &got);
	assert_int_equal(got.length, scene->answered.length);
	if (got.length > 0) {
		assert_memory_equal(got.bytes, scene->answered.bytes, got.length);
	}
	assert_int_equal(end, scene->ends);
	assert_int_equal(recorder->gone, scene->ends ? 1 : 0);
	if (scene->ends) {
		assert_int_equal(recorder->reason, scene->reason);
		assert_int_equal(harness_closed(&harness, scene->reason), 1);
	}
	assert_int_equal(recorder->texts.length, strlen(scene->texts));
	if (recorder->texts.length > 0) {
		assert_memory_equal(recorder->texts.bytes, scene->texts, strlen(scene->texts));
	}
	buffer_finish(&got);
	close(client);
	harness_finish(&harness);
}

/* Whole, in pieces of a few bytes and in random cuts it must go the same way. */
static void play(struct scene *scene)
{
	unsigned seed;

	random_fill(&seed, sizeof(seed));
	for (unsigned way = 0; way <= PIECE_MAX + 3; way++) {
		unsigned cuts = way <= PIECE_MAX ? way : (seed | 0x100) + way;

		if (way > 0 && way <= PIECE_MAX && scene->sent.length > 2000) {
			continue;
		}
		print_message("cuts (0 whole, up to %d so many bytes, else the seed): %u\n",
		              PIECE_MAX, cuts);
		play_cut(scene, cuts);
	}
	scene_finish(scene);
}

/* --- the handshake ------------------------------------------------------ */

/*
 * RFC 6455 §4.2.1: another version is told which one there is, and of what (RFC 9110 §15.5.22);
 * anything else is a bad request.
 */
static void test_websocket_refuses_other_handshakes(void **state)
{
	static const struct {
		const char *fields;
		const char *status;
	} rows[] = {
	    {"Connection: Upgrade\r\nUpgrade: websocket\r\n"
	     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n",
	     "HTTP/1.1 426 "},
	    {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key1: 4 @1  "
	     "46546xW%0l\r\n",
	     "HTTP/1.1 426 "},
	    {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
	     "HTTP/1.1 400 "},
	    {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
	     "HTTP/1.1 400 "},
	};
	struct harness harness;

	(void)state;
	harness_start(&harness);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer got = {0};
		int client = harness_connect(&harness);

		harness_send(&harness, client, "GET /ws HTTP/1.1\r\nHost: x\r\n");
		harness_send(&harness, client, rows[i].fields);
		harness_send(&harness, client, "\r\n");
		assert_true(harness_read(&harness, client, &got));
		buffer_append_byte(&got, '\0');
		assert_memory_equal(got.bytes, rows[i].status, strlen(rows[i].status));
		assert_non_null(strstr(got.bytes, "\r\nSec-WebSocket-Version: 13\r\n"));
		assert_int_equal(
		    strstr(got.bytes, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n") != NULL,
		    strstr(rows[i].status, "426") != NULL);
		assert_null(recorder_of(&harness)->websocket);
		buffer_finish(&got);
		close(client);
	}
	harness_finish(&harness);
}

/* Frames that came with the handshake, or before a late answer to it, are not lost. */
static void test_websocket_reads_what_came_with_the_handshake(void **state)
{
	struct harness harness;
	struct buffer sent = {0};
	struct recorder *recorder;
	int client;

	(void)state;
	harness_start(&harness);
	recorder = recorder_of(&harness);
	client = harness_connect(&harness);
	buffer_append_text(&sent, UPGRADE("/ws"));
	put_frame(&sent, FIN | TEXT, "echo 1", 6);
	harness_write(&harness, client, sent.bytes, sent.length);
	harness_expect(&harness, client,
	               SWITCHED "\x81\x06"
	                        "echo 1",
	               false);
	close(client);
	harness_turn(&harness);
	assert_int_equal(recorder->gone, 1);
	assert_int_equal(recorder->reason, CLOSE_CLIENT_CLOSED);
	buffer_clear(&sent);
	client = harness_connect(&harness);
	buffer_append_text(&sent, UPGRADE("/late"));
	put_frame(&sent, FIN | TEXT, "echo 2", 6);
	harness_write(&harness, client, sent.bytes, sent.length);
	recorder->gone = 0;
	recorder->websocket = websocket_accept(late, &ops, recorder);
	assert_non_null(recorder->websocket);
	harness_expect(&harness, client,
	               SWITCHED "\x81\x06"
	                        "echo 2",
	               false);
	assert_int_equal(metric_read(&harness.stats.metrics.http_connections), 0);
	assert_int_equal(metric_read(&harness.stats.metrics.websocket_connections), 1);
	buffer_finish(&sent);
	close(client);
	harness_finish(&harness);
}

/* --- messages ----------------------------------------------------------- */

/* RFC 6455 §5.7: the masked "Hello", and "Hel" and "lo", with a ping in between (§5.4). */
static void test_websocket_reads_the_examples_of_the_rfc(void **state)
{
	static const char hello[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
	struct scene scene = {.texts = "Hello|Hello|"};

	(void)state;
	buffer_append(&scene.sent, hello, sizeof(hello) - 1);
	put_frame(&scene.sent, TEXT, "Hel", 3);
	put_frame(&scene.sent, FIN | PING, "Hello", 5);
	put_frame(&scene.sent, FIN | PONG, "unasked", 7);
	put_frame(&scene.sent, FIN | MORE, "lo", 2);
	buffer_append_text(&scene.answered, "\x8a\x05Hello");
	play(&scene);
}

/* RFC 6455 §5.4: fragments may be empty, and a message too. */
static void test_websocket_puts_fragments_together(void **state)
{
	struct scene scene = {.texts = "abc||echo|d|"};

	(void)state;
	put_frame(&scene.sent, TEXT, "", 0);
	put_frame(&scene.sent, MORE, "a", 1);
	put_frame(&scene.sent, MORE, "", 0);
	put_frame(&scene.sent, FIN | PING, "", 0);
	put_frame(&scene.sent, MORE, "bc", 2);
	put_frame(&scene.sent, FIN | MORE, "", 0);
	put_frame(&scene.sent, FIN | TEXT, "", 0);
	put_frame(&scene.sent, FIN | TEXT, "echo", 4);
	put_frame(&scene.sent, FIN | TEXT, "d", 1);
	buffer_append(&scene.answered,
	              "\x8a\0\x81\x04"
	              "echo",
	              8);
	play(&scene);
}

/* RFC 6455 §5.2: the three forms of a length, at their borders, in both directions. */
static void test_websocket_reads_and_writes_all_lengths(void **state)
{
	static const size_t lengths[] = {125, 126, 65535, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *text = mem_zeroed(lengths[i] + 2);
		struct scene scene = {.texts = text};

		memset(text, 'e', lengths[i]);
		memcpy(text, "echo", 4);
		put_frame(&scene.sent, FIN | TEXT, text, lengths[i]);
		websocket_frame_text(&scene.answered, text, lengths[i]);
		text[lengths[i]] = '|';
		play(&scene);
		free(text);
	}
}

/* RFC 6455 §8.1: UTF-8 is judged over fragments, and as early as it is wrong. */
static void test_websocket_takes_characters_cut_by_fragments(void **state)
{
	struct scene scene = {.texts = "\xe2\x82\xac\xf0\x9f\x98\x80|"};

	(void)state;
	put_frame(&scene.sent, TEXT, "\xe2", 1);
	put_frame(&scene.sent, MORE, "\x82", 1);
	put_frame(&scene.sent, FIN | PING, "\xff", 1); /* not text */
	put_frame(&scene.sent, MORE, "\xac\xf0\x9f", 3);
	put_frame(&scene.sent, FIN | MORE, "\x98\x80", 2);
	buffer_append_text(&scene.answered, "\x8a\x01\xff");
	play(&scene);
}

static void test_websocket_refuses_what_is_not_utf8(void **state)
{
	static const char *const rows[] = {
	    "a\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = {.texts = "", .ends = true, .reason = CLOSE_NOT_UTF8};

		put_frame(&scene.sent, TEXT, "b", 1);
		put_frame(&scene.sent, FIN | MORE, rows[i], strlen(rows[i]));
		put_close(&scene.answered, 1007, "Not UTF-8");
		play(&scene);
	}
}

/* http.max_websocket_bytes: of a whole message, whatever it is cut into. */
static void test_websocket_refuses_big_messages(void **state)
{
	static char big[65537];
	struct scene whole = {.texts = "", .ends = true, .reason = CLOSE_TOO_BIG};
	struct scene cut = {.texts = "", .ends = true, .reason = CLOSE_TOO_BIG};
	struct scene announced = {.texts = "", .ends = true, .reason = CLOSE_TOO_BIG};
	struct scene continued = {.texts = "", .ends = true, .reason = CLOSE_TOO_BIG};

	(void)state;
	memset(big, 'b', sizeof(big));
	put_frame(&whole.sent, FIN | TEXT, big, sizeof(big));
	put_close(&whole.answered, 1009, "Message too big");
	play(&whole);
	put_frame(&cut.sent, TEXT, big, 65535);
	put_frame(&cut.sent, MORE, "1", 1);
	put_frame(&cut.sent, FIN | MORE, "2", 1);
	put_close(&cut.answered, 1009, "Message too big");
	play(&cut);
	put_frame(&announced.sent, FIN | TEXT, big, sizeof(big));
	announced.sent.length = 14; /* the head alone will do */
	put_close(&announced.answered, 1009, "Message too big");
	play(&announced);
	put_frame(&continued.sent, TEXT, big, 65536);
	put_frame(&continued.sent, FIN | PING, "p", 1); /* counts for nothing */
	put_frame(&continued.sent, FIN | MORE, "1", 1);
	continued.sent.length--;
	buffer_append_text(&continued.answered, "\x8a\x01p");
	put_close(&continued.answered, 1009, "Message too big");
	play(&continued);
}

/* This server's clients send text; binary is told so (RFC 6455 §7.4.1: 1003). */
static void test_websocket_refuses_binary_where_nobody_takes_it(void **state)
{
	struct scene scene = {.texts = "a|", .ends = true, .reason = CLOSE_PROTOCOL_ERROR};

	(void)state;
	put_frame(&scene.sent, FIN | TEXT, "a", 1);
	put_frame(&scene.sent, FIN | BINARY, "b", 1);
	put_frame(&scene.sent, FIN | TEXT, "c", 1);
	put_close(&scene.answered, 1003, "Text messages only");
	play(&scene);
}

/* RFC 6455 §5.1, §5.2, §5.4, §5.5, §7.4.1: each of these fails the connection with 1002. */
static void test_websocket_refuses_protocol_errors(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
#define ROW(bytes) {bytes, sizeof(bytes) - 1}
	    ROW("\x81\x01x"),                            /* no mask */
	    ROW("\xc1\x81\0\0\0\0x"),                    /* reserved bits */
	    ROW("\xa1\x81\0\0\0\0x"),                    /* the second */
	    ROW("\x91\x81\0\0\0\0x"),                    /* the third */
	    ROW("\x83\x81\0\0\0\0x"),                    /* reserved opcodes */
	    ROW("\x87\x80\0\0\0\0"),                     /* the last for data */
	    ROW("\x8b\x80\0\0\0\0"),                     /* the first for control */
	    ROW("\x8f\x80\0\0\0\0"),                     /* the last */
	    ROW("\x80\x81\0\0\0\0x"),                    /* continues nothing */
	    ROW("\x01\x81\0\0\0\0x\x81\x81\0\0\0\0y"),   /* a message within a message */
	    ROW("\x09\x80\0\0\0\0"),                     /* a ping in fragments */
	    ROW("\x89\xfe\0\x7e\0\0\0\0"),               /* a ping of 126 bytes */
	    ROW("\x81\xfe\0\x7d\0\0\0\0"),               /* 125 in two bytes */
	    ROW("\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"), /* 65535 in eight */
	    ROW("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0"),   /* 2^63 */
	    ROW("\x88\x81\0\0\0\0\x03"),                 /* half a close code */
	    ROW("\x88\x82\0\0\0\0\x03\xe7"),             /* 999 */
	    ROW("\x88\x82\0\0\0\0\x03\xec"),             /* 1004 */
	    ROW("\x88\x82\0\0\0\0\x03\xed"),             /* 1005 */
	    ROW("\x88\x82\0\0\0\0\x03\xee"),             /* 1006 */
	    ROW("\x88\x82\0\0\0\0\x03\xf7"),             /* 1015 */
	    ROW("\x88\x82\0\0\0\0\x07\xd0"),             /* 2000 */
	    ROW("\x88\x82\0\0\0\0\x13\x88"),             /* 5000 */
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = {.texts = "a|", .ends = true, .reason = CLOSE_PROTOCOL_ERROR};

		print_message("row %zu\n", i);
		put_frame(&scene.sent, FIN | TEXT, "a", 1);
		buffer_append(&scene.sent, rows[i].bytes, rows[i].length);
		put_frame(&scene.sent, FIN | TEXT, "after", 5);
		put_close(&scene.answered, 1002, "Protocol error");
		play(&scene);
	}
}

/* --- the end ------------------------------------------------------------ */

/* RFC 6455 §5.5.1: a close frame is answered with its code and is the last that is heard. */
static void test_websocket_answers_a_close_frame(void **state)
{
	static const struct {
		const char *payload;
		size_t length;
	} rows[] = {
	    {"", 0},
	    {"\x03\xe8", 2},
	    {"\x03\xe9going", 7},
	    {"\x0b\xb8", 2},
	    {"\x13\x87", 2},
	    {"\x03\xe8κόσμε, κόσμε", 24}, /* is cut within characters */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = {.texts = "a|", .ends = true, .reason = CLOSE_CLIENT_QUIT};

		put_frame(&scene.sent, FIN | TEXT, "a", 1);
		put_frame(&scene.sent, FIN | CLOSE, rows[i].payload, rows[i].length);
		put_frame(&scene.sent, FIN | TEXT, "after", 5);
		put_number(&scene.answered, FIN | CLOSE, 1);
		put_number(&scene.answered, rows[i].length, 1);
		buffer_append(&scene.answered, rows[i].payload, rows[i].length);
		play(&scene);
	}
}

/* §8.1 holds for the text of a close frame too. */
static void test_websocket_refuses_a_close_text_that_is_not_utf8(void **state)
{
	static const char *const rows[] = {"\xff", "ok \xed\xa0\x80 ok", "cut \xe2\x82"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = {.texts = "", .ends = true, .reason = CLOSE_NOT_UTF8};
		char payload[32] = "\x03\xe8";

		memcpy(payload + 2, rows[i], strlen(rows[i]));
		put_frame(&scene.sent, FIN | CLOSE, payload, 2 + strlen(rows[i]));
		put_close(&scene.answered, 1007, "Not UTF-8");
		play(&scene);
	}
}

/* websocket_close(): the reason's code and text, after what was sent before, and nothing after. */
static void test_websocket_says_goodbye_once(void **state)
{
	struct scene scene = {.texts = "echo|close|", .ends = true, .reason = CLOSE_PROTOCOL_DONE};

	(void)state;
	put_frame(&scene.sent, FIN | TEXT, "echo", 4);
	put_frame(&scene.sent, FIN | TEXT, "close", 5);
	put_frame(&scene.sent, FIN | TEXT, "after", 5);
	put_frame(&scene.sent, FIN | PING, "", 0);
	put_frame(&scene.sent, FIN | CLOSE, "", 0);
	buffer_append_text(&scene.answered, "\x81\x04"
	                                    "echo");
	put_close(&scene.answered, 1000, "Done");
	play(&scene);
}

/* RFC 6455 §7.4.1: a server that goes away says 1001, in the middle of a message too. */
static void test_websocket_tells_that_the_server_ends(void **state)
{
	struct harness harness;
	struct buffer sent = {0};
	struct buffer expected = {0};
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	put_frame(&sent, TEXT, "half", 4);
	harness_write(&harness, client, sent.bytes, sent.length);
	harness_expect(&harness, client, SWITCHED, false);
	net_end(harness.net, CLOSE_SHUTDOWN);
	buffer_append_text(&expected, "\x81\x09last word"); /* websocket.h, on_gone() */
	put_close(&expected, 1001, "Server shutting down");
	buffer_append_byte(&expected, '\0');
	harness_expect(&harness, client, expected.bytes, true);
	assert_int_equal(recorder_of(&harness)->gone, 1);
	assert_int_equal(recorder_of(&harness)->reason, CLOSE_SHUTDOWN);
	buffer_finish(&sent);
	buffer_finish(&expected);
	close(client);
	harness_finish(&harness);
}

/* --- slow clients ------------------------------------------------------- */

/* websocket_send_frame() goes past wslay; frames stay whole whatever pongs come between. */
static void test_websocket_sends_whole_frames_between_pongs(void **state)
{
	struct harness harness;
	struct buffer frame = {0};
	struct buffer ping = {0};
	struct wire *wire;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	harness_expect(&harness, client, SWITCHED, false);
	websocket_frame_text(&frame, "change", 6);
	wire = wire_take(&frame);
	put_frame(&ping, FIN | PING, "p", 1);
	websocket_send_frame(recorder_of(&harness)->websocket, wire);
	harness_write(&harness, client, ping.bytes, ping.length);
	websocket_send_frame(recorder_of(&harness)->websocket, wire);
	harness_expect(&harness, client,
	               "\x81\x06"
	               "change\x8a\x01p\x81\x06"
	               "change",
	               false);
	assert_int_equal(wire->references, 1);
	wire_unref(wire);
	buffer_finish(&ping);
	close(client);
	harness_finish(&harness);
}

/* net.h, NET_CHOKE: questions of a client that does not read wait, and none is lost. */
static void test_websocket_leaves_who_does_not_read_waiting(void **state)
{
	enum { QUESTIONS = 2000 }; /* of 7 bytes, answered with twenty million */
	const size_t answer_bytes = 4 + MUCH_BYTES;
	struct harness harness;
	struct buffer sent = {0};
	struct buffer got = {0};
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	for (unsigned i = 0; i < QUESTIONS; i++) {
		put_frame(&sent, FIN | TEXT, "?", 1);
	}
	harness_write(&harness, client, sent.bytes, sent.length);
	assert_in_range(connection_queued(harness.net->all), NET_CHOKE / 2,
	                NET_CHOKE + 2 * answer_bytes);
	assert_false(harness_read(&harness, client, &got));
	assert_int_equal(got.length, sizeof(SWITCHED) - 1 + QUESTIONS * answer_bytes);
	assert_int_equal(recorder_of(&harness)->texts.length, 2 * QUESTIONS);
	assert_int_equal(recorder_of(&harness)->gone, 0);
	buffer_finish(&sent);
	buffer_finish(&got);
	close(client);
	harness_finish(&harness);
}

/*
 * websocket_put_off(): the rest of a message comes again when there is room, before any other,
 * pings and what came in the same segment included.
 */
static void test_websocket_delivers_again_what_was_put_off(void **state)
{
	struct harness harness;
	struct buffer sent = {0};
	struct buffer got = {0};
	struct recorder *recorder;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	harness_expect(&harness, client, SWITCHED, false);
	recorder = recorder_of(&harness);
	put_frame(&sent, FIN | TEXT, "later1", 6);
	put_frame(&sent, FIN | TEXT, "echo", 4);
	put_frame(&sent, FIN | PING, "p", 1);
	harness_write(&harness, client, sent.bytes, sent.length);
	assert_int_equal(recorder->texts.length, 7);
	assert_false(harness_read(&harness, client, &got));
	buffer_append_byte(&recorder->texts, '\0');
	assert_string_equal(recorder->texts.bytes, "later1|ater1|echo|");
	assert_int_equal(got.length, 10 + LATER_BYTES + 6 + 3);
	assert_memory_equal(got.bytes + got.length - 9,
	                    "\x81\x04"
	                    "echo\x8a\x01p",
	                    9);
	/* The last frame, with nothing held behind it; and one that never gets done. */
	buffer_clear(&sent);
	buffer_clear(&got);
	buffer_clear(&recorder->texts);
	put_frame(&sent, FIN | TEXT, "later", 5);
	harness_write(&harness, client, sent.bytes, sent.length);
	while (got.length < 3 * (10 + LATER_BYTES)) {
		harness_turn(&harness);
		got.length += (size_t)read(client, buffer_reserve(&got, 65536), 65536);
	}
	assert_memory_equal(recorder->texts.bytes, "later|later|later|", 18);
	close(client);
	harness_turn(&harness);
	assert_int_equal(recorder->gone, 1);
	buffer_finish(&sent);
	buffer_finish(&got);
	harness_finish(&harness);
}

/* The chosen subprotocol is told to the client and to the owner, who may be another by now. */
static void test_websocket_knows_its_subprotocol_and_owner(void **state)
{
	struct harness harness;
	struct recorder other = {0};
	struct websocket *websocket;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client,
	             "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	             "Sec-WebSocket-Protocol: three, two\r\nSec-WebSocket-Protocol: one\r\n\r\n");
	harness_expect(&harness, client,
	               "HTTP/1.1 101 Switching Protocols\r\nServer: rcstreamd\r\n"
	               "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	               "Sec-WebSocket-Protocol: two\r\n\r\n",
	               false);
	websocket = recorder_of(&harness)->websocket;
	assert_ptr_equal(websocket_subprotocol(websocket), subprotocols[1]);
	other.websocket = websocket;
	websocket_set_owner(websocket, &other);
	close(client);
	harness_turn(&harness);
	assert_int_equal(other.gone, 1);
	assert_int_equal(recorder_of(&harness)->gone, 0);
	harness_finish(&harness);
}

/* outbox.h: one that is over its limit is told 1008 on a frame's border, and nothing more. */
static void test_websocket_tells_who_is_too_slow(void **state)
{
	static char text[100000];
	struct harness harness;
	struct buffer got = {0};
	struct buffer goodbye = {0};
	size_t at = sizeof(SWITCHED) - 1;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, UPGRADE("/ws"));
	memset(text, 't', sizeof(text));
	for (unsigned i = 0; i < 60; i++) {
		websocket_send_text(recorder_of(&harness)->websocket, text, sizeof(text));
	}
	assert_int_equal(recorder_of(&harness)->gone, 0); /* never within a call */
	assert_true(harness_read(&harness, client, &got));
	assert_int_equal(recorder_of(&harness)->gone, 1);
	assert_int_equal(recorder_of(&harness)->reason, CLOSE_SENDQ_EXCEEDED);
	while (at + 10 + sizeof(text) <= got.length) {
		assert_memory_equal(got.bytes + at, "\x81\x7f\0\0\0\0\0\x01\x86\xa0", 10);
		at += 10 + sizeof(text);
	}
	put_close(&goodbye, 1008, "SendQ exceeded");
	assert_int_equal(got.length - at, goodbye.length);
	assert_memory_equal(got.bytes + at, goodbye.bytes, goodbye.length);
	buffer_finish(&got);
	buffer_finish(&goodbye);
	close(client);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_websocket_refuses_other_handshakes),
	    cmocka_unit_test(test_websocket_reads_what_came_with_the_handshake),
	    cmocka_unit_test(test_websocket_reads_the_examples_of_the_rfc),
	    cmocka_unit_test(test_websocket_puts_fragments_together),
	    cmocka_unit_test(test_websocket_reads_and_writes_all_lengths),
	    cmocka_unit_test(test_websocket_takes_characters_cut_by_fragments),
	    cmocka_unit_test(test_websocket_refuses_what_is_not_utf8),
	    cmocka_unit_test(test_websocket_refuses_big_messages),
	    cmocka_unit_test(test_websocket_refuses_binary_where_nobody_takes_it),
	    cmocka_unit_test(test_websocket_refuses_protocol_errors),
	    cmocka_unit_test(test_websocket_answers_a_close_frame),
	    cmocka_unit_test(test_websocket_refuses_a_close_text_that_is_not_utf8),
	    cmocka_unit_test(test_websocket_says_goodbye_once),
	    cmocka_unit_test(test_websocket_tells_that_the_server_ends),
	    cmocka_unit_test(test_websocket_sends_whole_frames_between_pongs),
	    cmocka_unit_test(test_websocket_leaves_who_does_not_read_waiting),
	    cmocka_unit_test(test_websocket_delivers_again_what_was_put_off),
	    cmocka_unit_test(test_websocket_knows_its_subprotocol_and_owner),
	    cmocka_unit_test(test_websocket_tells_who_is_too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
