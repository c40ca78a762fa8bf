/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_reader.h"
#include "server/base/random.h"

static const struct http_limits limits = {.head_bytes = 1024, .body_bytes = 256};

/* How bytes are cut: all at once, one at a time, or in pieces from a seed. */
#define WHOLE    0
#define ONE_BYTE 1

static size_t next_cut(unsigned *seed, size_t left)
{
	if (*seed == WHOLE) {
		return left;
	}
	if (*seed == ONE_BYTE) {
		return 1;
	}
	return 1 + (size_t)rand_r(seed) % (left < 40 ? left : 40);
}

static void print_request(const struct http_request *request, struct buffer *out)
{
	buffer_printf(out, "method %d 1.%u keep %d upgrade %d path [%.*s] query [%.*s]\n",
	              (int)request->method, request->minor_version, request->keep_alive,
	              request->is_upgrade, (int)request->path.length, request->path.bytes,
	              (int)request->query.length,
	              request->query.bytes != NULL ? request->query.bytes : "");
	for (size_t i = 0; i < request->field_count; i++) {
		buffer_printf(out, "  [%.*s]=[%.*s]\n", (int)request->fields[i].name.length,
		              request->fields[i].name.bytes, (int)request->fields[i].value.length,
		              request->fields[i].value.bytes);
	}
	buffer_printf(out, "  body [%.*s]\n", (int)request->body.length,
	              request->body.bytes != NULL ? request->body.bytes : "");
}

static void take_all(struct http_reader *reader, const char *bytes, size_t length,
                     struct buffer *out)
{
	size_t taken = 0;

	while (taken < length && reader->state != HTTP_READER_REFUSED) {
		taken += http_reader_take(reader, bytes + taken, length - taken);
		if (reader->state == HTTP_READER_WHOLE) {
			struct http_request *request = http_reader_give(reader);

			print_request(request, out);
			http_request_destroy(request);
		}
	}
}

/*
 * Feed `bytes` and write what was read as text: for each request its parts, and at
 * the end "refused STATUS" or the state.
 */
static void transcribe(const char *bytes, size_t length, unsigned seed, struct buffer *out)
{
	struct http_reader reader;

	http_reader_init(&reader, &limits);
	for (size_t at = 0; at < length && reader.state != HTTP_READER_REFUSED;) {
		size_t cut = next_cut(&seed, length - at);

		/* A copy of exact size, so that a byte read too far is seen by ASan. */
		char *piece = malloc(cut);

		memcpy(piece, bytes + at, cut);
		take_all(&reader, piece, cut, out);
		free(piece);
		at += cut;
	}
	if (reader.state == HTTP_READER_REFUSED) {
		buffer_printf(out, "refused %u", reader.status);
	} else {
		buffer_printf(out, "state %d", (int)reader.state);
	}
	buffer_append_byte(out, '\0'); /* for strstr() */
	http_reader_finish(&reader);
}

/* Whole, one byte at a time and in random cuts it must read the same, and as `expected`. */
static void expect(const char *bytes, size_t length, const char *expected)
{
	unsigned seed;

	random_fill(&seed, sizeof(seed));
	seed |= 2;
	for (unsigned way = 0; way < 12; way++) {
		unsigned cuts = way < 2 ? way : seed + way * 4;
		struct buffer out = {0};

		transcribe(bytes, length, cuts, &out);
		if (strcmp(out.bytes, expected) != 0) {
			print_error("cuts (0 whole, 1 single bytes, else the seed): %u\n%s\n", cuts,
			            bytes);
		}
		assert_string_equal(out.bytes, expected);
		buffer_finish(&out);
	}
}

static void expect_text(const char *text, const char *expected)
{
	expect(text, strlen(text), expected);
}

/* What must come out of a request that is fine, but for one thing: the status. */
static void expect_status(const char *text, unsigned status)
{
	char expected[32];

	(void)snprintf(expected, sizeof(expected), "refused %u", status);
	expect_text(text, expected);
}

/* RFC 9112 §3, §5: the parts of a request, blanks around values taken off. */
static void test_reader_reads_a_request(void **state)
{
	(void)state;
	expect_text("GET /a/b?c=d&e HTTP/1.1\r\nHost: x\r\nEmpty:\r\nBlank: \t \r\n"
	            "Accept:  text/html, */* \r\n\r\n",
	            "method 0 1.1 keep 1 upgrade 0 path [/a/b] query [c=d&e]\n"
	            "  [Host]=[x]\n  [Empty]=[]\n  [Blank]=[]\n  [Accept]=[text/html, */*]\n"
	            "  body []\nstate 0");
}

/* RFC 9112 §6.2, §7.1: a body by its length and by its chunks, then the next request. */
static void test_reader_reads_bodies_and_what_follows_them(void **state)
{
	(void)state;
	expect_text("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
	            "POST /q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	            "3\r\nfoo\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n"
	            "HEAD /r HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
	            "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
	            "method 2 1.1 keep 1 upgrade 0 path [/p] query []\n"
	            "  [Host]=[x]\n  [Content-Length]=[5]\n  body [hello]\n"
	            "method 2 1.1 keep 1 upgrade 0 path [/q] query []\n"
	            "  [Host]=[x]\n  [Transfer-Encoding]=[chunked]\n  body [foo0123456789]\n"
	            "method 1 1.1 keep 1 upgrade 0 path [/r] query []\n"
	            "  [Host]=[x]\n  [Content-Length]=[0]\n  body []\n"
	            "method 3 1.1 keep 1 upgrade 0 path [*] query []\n"
	            "  [Host]=[x]\n  body []\nstate 0");
}

/* RFC 9112 §9.3: 1.1 stays unless it says close, 1.0 closes unless it says keep-alive. */
static void test_reader_tells_who_wants_another_request(void **state)
{
	(void)state;
	expect_text("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n",
	            "method 0 1.1 keep 0 upgrade 0 path [/] query []\n"
	            "  [Host]=[x]\n  [Connection]=[foo, Close]\n  body []\nstate 0");
	expect_text("GET / HTTP/1.0\r\n\r\n",
	            "method 0 1.0 keep 0 upgrade 0 path [/] query []\n  body []\nstate 0");
	expect_text("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
	            "method 0 1.0 keep 1 upgrade 0 path [/] query []\n"
	            "  [Connection]=[Keep-Alive]\n  body []\nstate 0");
}

/* RFC 9112 §3.2.2: the absolute-form is accepted; its authority is not looked at. */
static void test_reader_accepts_absolute_targets(void **state)
{
	static const struct {
		const char *target;
		const char *path;
		const char *query;
	} rows[] = {
	    {"http://h.example:80/a?b", "/a", "b"},
	    {"HTTPS://h/", "/", ""},
	    {"http://h", "/", ""},
	    {"http://h?q=1", "/", "q=1"},
	    {"//a//b", "//a//b", ""},
	    {"/%2e%2E/?", "/%2e%2E/", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		char expected[256];

		(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
		               rows[i].target);
		(void)snprintf(expected, sizeof(expected),
		               "method 0 1.1 keep 1 upgrade 0 path [%s] query [%s]\n"
		               "  [Host]=[x]\n  body []\nstate 0",
		               rows[i].path, rows[i].query);
		expect_text(text, expected);
	}
}

/* RFC 6455 §4.1: an upgrade is a GET of HTTP/1.1 with both fields and no body. */
static void test_reader_tells_an_upgrade_from_what_looks_like_one(void **state)
{
	static const struct {
		const char *request;
		bool is_upgrade;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n"
	     "Upgrade: WebSocket\r\n\r\n",
	     true},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
	     true},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\r\n", false},
	    {"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	     false},
	    {"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	     false},
	    {"GET / HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	     false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	     "Content-Length: 1\r\n\r\n.",
	     false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer out = {0};

		transcribe(rows[i].request, strlen(rows[i].request), WHOLE, &out);
		assert_non_null(strstr(out.bytes, rows[i].is_upgrade ? "upgrade 1" : "upgrade 0"));
		assert_non_null(strstr(out.bytes, "state 0"));
		buffer_finish(&out);
	}
}

/* RFC 9112 §2.2: empty lines before a request are ignored. */
static void test_reader_ignores_empty_lines_before_a_request(void **state)
{
	(void)state;
	expect_text("\r\n\r\nGET / HTTP/1.0\r\n\r\n",
	            "method 0 1.0 keep 0 upgrade 0 path [/] query []\n  body []\nstate 0");
	expect_text("\r\n", "state 0");
}

#define LINE    "GET / HTTP/1.1\r\n"
#define HOST    "Host: x\r\n"
#define POST    "POST / HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static const char *const smuggled[] = {
    POST "Content-Length: 5\r\n" CHUNKED "\r\n0\r\n\r\n",
    POST CHUNKED "Content-Length: 5\r\n\r\n0\r\n\r\n",
    POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    POST "Content-Length: 5, 5\r\n\r\nhello",
    POST "Content-Length: +5\r\n\r\nhello",
    POST "Content-Length: -5\r\n\r\nhello",
    POST "Content-Length: 0x5\r\n\r\nhello",
    POST "Content-Length: 5 5\r\n\r\nhello",
    POST "Content-Length: five\r\n\r\nhello",
    POST "Content-Length:\r\n\r\n",
    POST "Content-Length: 99999999999999999999999\r\n\r\n",
    POST "Transfer-Encoding: identity\r\n\r\n",
    POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    POST "Transfer-Encoding:\r\n\r\n",
    POST CHUNKED CHUNKED "\r\n0\r\n\r\n",
    POST CHUNKED "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.0\r\n" CHUNKED "\r\n0\r\n\r\n",
    /* The end of a line, and lines that go on. */
    LINE "Host: x\n\r\n",
    "GET / HTTP/1.1\nHost: x\r\n\r\n",
    LINE HOST "\n",
    LINE "Host: x\rY: z\r\n\r\n",
    LINE HOST "A: b\r\r\n\r\n",
    LINE HOST "A: b\r\n c\r\n\r\n",
    LINE HOST "A: b\r\n\tc\r\n\r\n",
    LINE " Host: x\r\n\r\n",
    " GET / HTTP/1.1\r\n" HOST "\r\n",
    POST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST "X:\r Content-Length: 5\r\n\r\nhello",
    /* Names and values. */
    LINE HOST "A : b\r\n\r\n",
    LINE HOST "A\t: b\r\n\r\n",
    POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    POST "Content Length: 5\r\n\r\nhello",
    LINE HOST ": b\r\n\r\n",
    LINE HOST "A\r\n\r\n",
    LINE HOST "A(: b\r\n\r\n",
    LINE HOST "\x80: b\r\n\r\n",
    LINE HOST "A: b\x01\r\n\r\n",
    LINE HOST "A: b\x7f\r\n\r\n",
    /* Hosts. */
    LINE "\r\n",
    LINE HOST HOST "\r\n",
    LINE HOST "host: y\r\n\r\n",
    LINE "Host: x y\r\n\r\n",
    LINE "Host: x/y\r\n\r\n",
    LINE "Host: u@x\r\n\r\n",
    "GET / HTTP/1.0\r\n" HOST HOST "\r\n",
    /* Request lines. */
    "GET  / HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1 \r\n" HOST "\r\n",
    "GET /a b HTTP/1.1\r\n" HOST "\r\n",
    "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1\t\r\n" HOST "\r\n",
    "GET /\x80 HTTP/1.1\r\n" HOST "\r\n",
    "GET /#a HTTP/1.1\r\n" HOST "\r\n",
    "GET a HTTP/1.1\r\n" HOST "\r\n",
    "GET * HTTP/1.1\r\n" HOST "\r\n",
    "GET ftp://x/ HTTP/1.1\r\n" HOST "\r\n",
    "GET /\r\n\r\n",
    "GET / http/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.10\r\n" HOST "\r\n",
    "GET / HTTP/11\r\n" HOST "\r\n",
    "GET / ICE/1.0\r\n" HOST "\r\n",
    "GET\r\n\r\n",
    "G@T / HTTP/1.1\r\n" HOST "\r\n",
    "\x16\x03\x01\x02\r\n\r\n",
    /* Chunks. */
    POST CHUNKED "\r\nx\r\n\r\n",
    POST CHUNKED "\r\n-1\r\n\r\n",
    POST CHUNKED "\r\n0x5\r\nhello\r\n0\r\n\r\n",
    POST CHUNKED "\r\n 5\r\nhello\r\n0\r\n\r\n",
    POST CHUNKED "\r\n5\nhello\r\n0\r\n\r\n",
    POST CHUNKED "\r\n5\r\nhelloXX0\r\n\r\n",
    POST CHUNKED "\r\n5\r\nhello\n0\r\n\r\n",
    POST CHUNKED "\r\n5\r\nhello!\r\n0\r\n\r\n",
    POST CHUNKED "\r\n5\rhello\r\n0\r\n\r\n",
    POST CHUNKED "\r\n5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n",
    POST CHUNKED "\r\n0\r\nContent-Length: 5\r\n\r\n",
    POST CHUNKED "\r\n0\r\nX: y\r\n\r\n",
    POST CHUNKED "\r\n0\r\n\n",
    POST CHUNKED "\r\nfffffffffffffffff\r\n",
};

/* RFC 9112 §2.2, §5, §6.1, §6.3, §11.2: what two readers could read differently is refused. */
static void test_reader_refuses_what_smuggles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(smuggled) / sizeof(smuggled[0]); i++) {
		expect_status(smuggled[i], 400);
	}
	expect(LINE HOST "A: \0\r\n\r\n", sizeof(LINE HOST "A: \0\r\n\r\n") - 1, "refused 400");
	expect("GET /\0 HTTP/1.1\r\n\r\n", 20, "refused 400");
}

/* Nobody waits for the end of a head that is wrong already, or reads on in one. */
static void test_reader_refuses_at_the_first_wrong_byte(void **state)
{
	(void)state;
	expect_status(LINE "A: b\rc", 400);
	expect_status(LINE "A: b\n", 400);
	expect_status(LINE "A: b\r\n ", 400);
	expect_status(LINE "A: b\r\n\t", 400);
	expect_status("\x80\n", 400);
	expect_status(POST CHUNKED "\r\n5\r\nhellox", 400);
}

/* RFC 9110 §15.6.2, §15.6.6: what is well-formed but not served here has a status of its own. */
static void test_reader_refuses_other_versions_and_methods_by_name(void **state)
{
	(void)state;
	expect_status("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
	expect_status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
	expect_status("GET / HTTP/0.9\r\n" HOST "\r\n", 505);
	expect_status("GET / HTTP/1.2\r\n" HOST "\r\n", 505);
	expect_status("BREW / HTTP/1.1\r\n" HOST "\r\n", 501);
	expect_status("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 501);
	expect_text("TRACE / HTTP/1.0\r\n\r\n",
	            "method 4 1.0 keep 0 upgrade 0 path [/] query []\n  body []\nstate 0");
}

/* RFC 9110 §10.1.1: one expectation is known; HTTP/1.0 cannot have one. */
static void test_reader_knows_one_expectation(void **state)
{
	struct http_reader reader;
	static const char wants[] = POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n";

	(void)state;
	expect_status(POST "Expect: a-miracle\r\nContent-Length: 1\r\n\r\n.", 417);
	http_reader_init(&reader, &limits);
	assert_int_equal(http_reader_take(&reader, wants, sizeof(wants) - 1), sizeof(wants) - 1);
	assert_int_equal(reader.state, HTTP_READER_BODY);
	assert_true(http_reader_wants_continue(&reader));
	http_reader_finish(&reader);
}

/* The limits of the configuration, at the byte: http.max_header_bytes, http.max_body_bytes. */
static void test_reader_holds_its_limits(void **state)
{
	static const char open[] = LINE HOST "A: ";
	char head[1100];
	size_t fill = limits.head_bytes - strlen(open) - 4;
	struct buffer out = {0};

	(void)state;
	memcpy(head, open, sizeof(open));
	memset(head + strlen(open), 'a', fill);
	memcpy(head + strlen(open) + fill, "\r\n\r\n", 5);
	transcribe(head, strlen(head), ONE_BYTE, &out);
	assert_non_null(strstr(out.bytes, "state 0"));
	buffer_finish(&out);
	memcpy(head + strlen(open) + fill, "a\r\n\r\n", 6);
	expect_text(head, "refused 431");
	memset(head, 'a', limits.head_bytes + 1);
	memcpy(head, "GET /", 5);
	head[limits.head_bytes + 1] = '\0';
	expect_text(head, "refused 414");
}

/* 413 as soon as the length is known, before any of the body has come. */
static void test_reader_refuses_a_big_body_at_once(void **state)
{
	struct buffer text = {0};

	(void)state;
	expect_status(POST "Content-Length: 257\r\n\r\n", 413);
	expect_status(POST "Content-Length: 9223372036854775808\r\n\r\n", 413);
	expect_text(POST "Content-Length: 256\r\n\r\n", "state 2");
	buffer_append_text(&text, POST CHUNKED "\r\n80\r\n");
	for (unsigned i = 0; i < 128; i++) {
		buffer_append_byte(&text, 'a');
	}
	buffer_append_text(&text, "\r\n81\r\n");
	for (unsigned i = 0; i < 129; i++) {
		buffer_append_byte(&text, 'b');
	}
	buffer_append_text(&text, "\r\n");
	expect(text.bytes, text.length, "refused 413");
	buffer_finish(&text);
}

/* A body of the limit in chunks of one byte passes; chunk extensions without end do not. */
static void test_reader_bounds_what_frames_chunks(void **state)
{
	struct buffer text = {0};
	struct buffer out = {0};

	(void)state;
	buffer_append_text(&text, POST CHUNKED "\r\n");
	for (unsigned i = 0; i < limits.body_bytes; i++) {
		buffer_append_text(&text, "1\r\nx\r\n");
	}
	buffer_append_text(&text, "0\r\n\r\n");
	transcribe(text.bytes, text.length, ONE_BYTE, &out);
	assert_non_null(strstr(out.bytes, "state 0"));
	buffer_finish(&out);
	buffer_clear(&text);
	buffer_append_text(&text, POST CHUNKED "\r\n1;");
	for (unsigned i = 0; i < limits.head_bytes + 6 * limits.body_bytes; i++) {
		buffer_append_byte(&text, 'a');
	}
	expect(text.bytes, text.length, "refused 413");
	buffer_finish(&text);
}

/* Each line of a field costs a struct: their number has a limit of its own. */
static void test_reader_limits_the_number_of_fields(void **state)
{
	struct buffer text = {0};
	struct buffer out = {0};

	(void)state;
	buffer_append_text(&text, LINE HOST);
	for (unsigned i = 0; i < HTTP_FIELDS_MAX - 1; i++) {
		buffer_append_text(&text, "a:\r\n");
	}
	buffer_append(&text, "\r\n", 3);
	transcribe(text.bytes, strlen(text.bytes), WHOLE, &out);
	assert_non_null(strstr(out.bytes, "state 0"));
	buffer_finish(&out);
	memcpy(text.bytes + text.length - 3, "a:\r\n", 4);
	text.length += 1;
	buffer_append(&text, "\r\n", 3);
	expect(text.bytes, strlen(text.bytes), "refused 431");
	buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reader_reads_a_request),
	    cmocka_unit_test(test_reader_reads_bodies_and_what_follows_them),
	    cmocka_unit_test(test_reader_tells_who_wants_another_request),
	    cmocka_unit_test(test_reader_accepts_absolute_targets),
	    cmocka_unit_test(test_reader_tells_an_upgrade_from_what_looks_like_one),
	    cmocka_unit_test(test_reader_ignores_empty_lines_before_a_request),
	    cmocka_unit_test(test_reader_refuses_what_smuggles),
	    cmocka_unit_test(test_reader_refuses_at_the_first_wrong_byte),
	    cmocka_unit_test(test_reader_refuses_other_versions_and_methods_by_name),
	    cmocka_unit_test(test_reader_knows_one_expectation),
	    cmocka_unit_test(test_reader_holds_its_limits),
	    cmocka_unit_test(test_reader_refuses_a_big_body_at_once),
	    cmocka_unit_test(test_reader_bounds_what_frames_chunks),
	    cmocka_unit_test(test_reader_limits_the_number_of_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
