/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_refusal: answers to clients that are not let in. */
#include "protocols/http/http_refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_answer(enum close_reason reason, const char *wanted)
{
	struct buffer out = {0};

	http_refusal_write(&out, reason);
	assert_string_equal(out.bytes, wanted);
	assert_int_equal(out.length, strlen(wanted) + 1);
	buffer_finish(&out);
}

/* RFC 6585 §4: one client's fault is a 429; RFC 9110 §15.6.4: the server's is a 503. */
static void test_http_refusal_tells_whose_limit_it_is(void **state)
{
	(void)state;
	assert_answer(CLOSE_ADDRESS_LIMIT, "HTTP/1.1 429 Too Many Requests\r\n"
	                                   "Server: rcstreamd\r\n"
	                                   "Content-Type: text/plain; charset=UTF-8\r\n"
	                                   "Content-Length: 39\r\n"
	                                   "Cache-Control: no-store\r\n"
	                                   "Connection: close\r\n"
	                                   "Retry-After: 30\r\n"
	                                   "Access-Control-Allow-Origin: *\r\n"
	                                   "\r\n"
	                                   "Too many connections from your address\n");
	assert_answer(CLOSE_LIMIT, "HTTP/1.1 503 Service Unavailable\r\n"
	                           "Server: rcstreamd\r\n"
	                           "Content-Type: text/plain; charset=UTF-8\r\n"
	                           "Content-Length: 17\r\n"
	                           "Cache-Control: no-store\r\n"
	                           "Connection: close\r\n"
	                           "Retry-After: 30\r\n"
	                           "Access-Control-Allow-Origin: *\r\n"
	                           "\r\n"
	                           "Too many clients\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http_refusal_tells_whose_limit_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
