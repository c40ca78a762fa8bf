/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_rules.h"

/*
 * The rules by themselves, as far as llhttp would hide them: test_http_reader has what
 * comes of both together.
 */

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

/* RFC 9112 §3: method, one space, target, one space, version. */
static void test_rules_check_the_request_line(void **state)
{
	static const struct {
		const char *line;
		unsigned status;
	} rows[] = {
	    {"GET / HTTP/1.1", 0},
	    {"GET / HTTP/1.0", 0},
	    {"!x~ * HTTP/1.1", 0},
	    {"GET / HTTP/1.2", 505},
	    {"GET / HTTP/2.0", 505},
	    {"GET / HTTP/0.9", 505},
	    {"GET / HTTP/9.1", 505},
	    {"", 400},
	    {" ", 400},
	    {"GET", 400},
	    {"GET ", 400},
	    {"GET /", 400},
	    {"GET HTTP/1.1", 400},
	    {"GET  HTTP/1.1", 400},
	    {" / HTTP/1.1", 400},
	    {"GET /  HTTP/1.1", 400},
	    {"GET / HTTP/1.1 ", 400},
	    {"GET / HTTP/1,1", 400},
	    {"GET / HTTP/1.x", 400},
	    {"GET / XTTP/1.1", 400},
	    {"GET / HTTP/1.11", 400},
	    {"G\x7fT / HTTP/1.1", 400},
	    {"GET /\x7f HTTP/1.1", 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(http_rules_check_line(text_of(rows[i].line)), rows[i].status);
	}
}

/* RFC 9112 §3.2: an empty target, and "*" without OPTIONS, name nothing. */
static void test_rules_split_targets(void **state)
{
	struct http_request request = {.method = HTTP_METHOD_GET};

	(void)state;
	assert_true(http_rules_split_target(&request, text_of("/p?q?r")));
	assert_int_equal(request.path.length, 2);
	assert_int_equal(request.query.length, 3);
	assert_memory_equal(request.query.bytes, "q?r", 3);
	assert_false(http_rules_split_target(&request, text_of("*")));
	assert_false(http_rules_split_target(&request, text_of("http://")));
	assert_false(http_rules_split_target(&request, text_of("x")));
	assert_false(http_rules_split_target(&request, text_of("http://h/#f")));
	request = (struct http_request){.method = HTTP_METHOD_OPTIONS};
	assert_true(http_rules_split_target(&request, text_of("*")));
	assert_null(request.query.bytes);
}

/* RFC 9112 §3.2, §6.1, §6.3: what llhttp refuses by itself is refused without it too. */
static void test_rules_check_fields_by_themselves(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		unsigned status;
	} rows[] = {
	    {"Content-Length", "1", 0},
	    {"Content-Length", "1a", 400},
	    {"Content-Length", "", 400},
	    {"Transfer-Encoding", "Chunked", 0},
	    {"Transfer-Encoding", "gzip", 400},
	    {"Host", "again", 400},
	    {"X", "\xc3\xa9 \t", 0},
	    {"X", "\x1b", 400},
	    {"X ", "", 400},
	    {"", "", 400},
	    {"Expect", "100-continue", 0},
	    {"Expect", "", 417},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_field fields[] = {
		    {text_of("Host"), text_of("[::1]:80")},
		    {text_of(rows[i].name), text_of(rows[i].value)},
		};
		struct http_request request = {
		    .minor_version = 1, .fields = fields, .field_count = 2};

		assert_int_equal(http_rules_check_fields(&request), rows[i].status);
	}
}

/* RFC 9112 §6.3: two fields that tell the length are two lengths, even when they agree. */
static void test_rules_take_one_field_for_the_length(void **state)
{
	static const struct {
		const char *names[2];
		const char *values[2];
	} rows[] = {
	    {{"Content-Length", "Content-Length"}, {"1", "1"}},
	    {{"Content-Length", "Transfer-Encoding"}, {"1", "chunked"}},
	    {{"transfer-encoding", "content-length"}, {"chunked", "0"}},
	    {{"Transfer-Encoding", "Transfer-Encoding"}, {"chunked", "chunked"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_field fields[] = {
		    {text_of("Host"), text_of("x")},
		    {text_of(rows[i].names[0]), text_of(rows[i].values[0])},
		    {text_of(rows[i].names[1]), text_of(rows[i].values[1])},
		};
		struct http_request request = {
		    .minor_version = 1, .fields = fields, .field_count = 3};

		assert_int_equal(http_rules_check_fields(&request), 400);
		request.field_count = 2;
		assert_int_equal(http_rules_check_fields(&request), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules_check_the_request_line),
	    cmocka_unit_test(test_rules_split_targets),
	    cmocka_unit_test(test_rules_check_fields_by_themselves),
	    cmocka_unit_test(test_rules_take_one_field_for_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
