/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_response.h"

static void expect(const struct http_response *response, struct http_response_form form,
                   const char *expected)
{
	struct buffer out = {0};

	http_response_write(&out, response, form);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, expected);
	buffer_finish(&out);
}

static const struct http_response_form form_1_1 = {.minor_version = 1, .keep_alive = true};

/* RFC 9112 §4, §6: status line, fields, an empty line, the body with its length. */
static void test_response_is_written_whole(void **state)
{
	(void)state;
	expect(&(struct http_response){.status = 200,
	                               .content_type = "text/plain",
	                               .fields = "A: b\r\nC: d\r\n",
	                               .body = {.bytes = "x\0y", .length = 3}},
	       (struct http_response_form){.minor_version = 1, .keep_alive = true, .is_head = true},
	       "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/plain\r\n"
	       "Content-Length: 3\r\nCache-Control: no-store\r\nA: b\r\nC: d\r\n\r\n");
	expect(&(struct http_response){.status = 404, .body = {.bytes = "no", .length = 2}},
	       form_1_1,
	       "HTTP/1.1 404 Not Found\r\nServer: rcstreamd\r\nContent-Length: 2\r\n"
	       "Cache-Control: no-store\r\n\r\nno");
}

/* RFC 9112 §6.3: a body whose length nobody knows is chunked, or ends with its connection. */
static void test_response_of_a_stream_is_a_head(void **state)
{
	static const struct http_response response = {
	    .status = 200,
	    .content_type = "text/html",
	    .body = {.bytes = "x", .length = 1},
	};
	struct http_response_form form = {.minor_version = 1, .is_stream = true};

	(void)state;
	expect(&response, form,
	       "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/html\r\n"
	       "Transfer-Encoding: chunked\r\nCache-Control: no-store\r\n"
	       "Connection: close\r\n\r\n");
	form.minor_version = 0;
	expect(&response, form,
	       "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/html\r\n"
	       "Cache-Control: no-store\r\nConnection: close\r\n\r\n");
}

/* RFC 9112 §9.3: what the version implies need not be said, and 1.1 implies that it stays. */
static void test_response_says_whether_the_connection_stays(void **state)
{
	static const struct http_response response = {.status = 204};
	struct http_response_form form = {0};

	(void)state;
	expect(&response, form_1_1,
	       "HTTP/1.1 204 No Content\r\nServer: rcstreamd\r\nCache-Control: no-store\r\n\r\n");
	expect(&response, form,
	       "HTTP/1.1 204 No Content\r\nServer: rcstreamd\r\nCache-Control: no-store\r\n"
	       "Connection: close\r\n\r\n");
	form.minor_version = 1;
	expect(&response, form,
	       "HTTP/1.1 204 No Content\r\nServer: rcstreamd\r\nCache-Control: no-store\r\n"
	       "Connection: close\r\n\r\n");
	form = (struct http_response_form){.keep_alive = true};
	expect(&response, form,
	       "HTTP/1.1 204 No Content\r\nServer: rcstreamd\r\nCache-Control: no-store\r\n"
	       "Connection: keep-alive\r\n\r\n");
}

/* RFC 9111 §5.2: live figures are not to be kept, unless the endpoint says otherwise. */
static void test_response_is_not_to_be_stored_by_default(void **state)
{
	(void)state;
	expect(&(struct http_response){.status = 200,
	                               .fields = "X-Cache-Control: a\r\ncache-control: public\r\n"},
	       form_1_1,
	       "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Length: 0\r\n"
	       "X-Cache-Control: a\r\ncache-control: public\r\n\r\n");
	expect(&(struct http_response){.status = 200, .fields = "X-Cache-Control: a\r\n"}, form_1_1,
	       "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Length: 0\r\n"
	       "Cache-Control: no-store\r\nX-Cache-Control: a\r\n\r\n");
}

/* Every status that this program sends has its phrase (RFC 9110 §15, RFC 6585). */
static void test_response_knows_the_phrases_it_needs(void **state)
{
	static const unsigned statuses[] = {100, 101, 200, 204, 400, 404, 405, 408, 413,
	                                    414, 417, 426, 431, 500, 501, 503, 505};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_string_not_equal(http_response_phrase(statuses[i]), "Unknown");
	}
	assert_string_equal(http_response_phrase(431), "Request Header Fields Too Large");
	assert_string_equal(http_response_phrase(299), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_response_is_written_whole),
	    cmocka_unit_test(test_response_of_a_stream_is_a_head),
	    cmocka_unit_test(test_response_says_whether_the_connection_stays),
	    cmocka_unit_test(test_response_is_not_to_be_stored_by_default),
	    cmocka_unit_test(test_response_knows_the_phrases_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
