/* SPDX-License-Identifier: Apache-2.0 */
/* bench/http_head: the heads of answers. */
#include "bench/http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/buffer.h"

static enum http_head_result read_text(const char *text, struct http_head *head, size_t *length)
{
	return http_head_read(text, strlen(text), head, length);
}

/* RFC 9110, 5.1: names in any case; RFC 9112, 5.1: spaces around a value. */
static void test_head_has_the_fields_a_client_needs(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\n"
				     "content-LENGTH:  12 \r\nConnection: Close\r\n\r\n";
	struct http_head head;
	size_t length = 0;

	(void)state;
	assert_int_equal(read_text(answer, &head, &length), HTTP_HEAD_WHOLE);
	assert_int_equal(length, sizeof(answer) - 1);
	assert_int_equal(head.status, 200);
	assert_int_equal(head.content_length, 12);
	assert_true(head.is_last);
	assert_false(head.is_chunked);
	assert_int_equal(read_text("HTTP/1.1 101 x\r\nTransfer-Encoding: chunked\r\n"
	                           "Connection: keep-alive\r\n\r\nbody\r\n\r\n",
	                           &head, &length),
	                 HTTP_HEAD_WHOLE);
	assert_int_equal(head.status, 101);
	assert_int_equal(head.content_length, 0);
	assert_true(head.is_chunked);
	assert_false(head.is_last);
}

/* http_head.h: every beginning of a head is partial. */
static void test_head_that_is_not_whole_is_partial(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
	struct http_head head;
	size_t length = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(answer) - 1; i++) {
		assert_int_equal(http_head_read(answer, i, &head, &length), HTTP_HEAD_PARTIAL);
	}
}

/* http_head.h: another protocol is bad at its first bytes, and so is a head without an end. */
static void test_head_that_is_none_is_bad(void **state)
{
	struct buffer endless = {0};
	struct http_head head;
	size_t length = 0;

	(void)state;
	assert_int_equal(read_text(":irc.example NOTICE", &head, &length), HTTP_HEAD_BAD);
	assert_int_equal(read_text("HTTP/2", &head, &length), HTTP_HEAD_BAD);
	buffer_append_text(&endless, "HTTP/1.1 200 OK\r\n");
	while (endless.length <= HTTP_HEAD_MAX) {
		assert_int_equal(http_head_read(endless.bytes, endless.length, &head, &length),
		                 HTTP_HEAD_PARTIAL);
		buffer_append_text(&endless, "X: y\r\n");
	}
	assert_int_equal(http_head_read(endless.bytes, endless.length, &head, &length),
	                 HTTP_HEAD_BAD);
	buffer_append_text(&endless, "\r\n");
	assert_int_equal(http_head_read(endless.bytes, endless.length, &head, &length),
	                 HTTP_HEAD_BAD);
	buffer_finish(&endless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_head_has_the_fields_a_client_needs),
	    cmocka_unit_test(test_head_that_is_not_whole_is_partial),
	    cmocka_unit_test(test_head_that_is_none_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
