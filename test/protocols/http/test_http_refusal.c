/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_refusal: answers to clients that are not let in. */
#include "protocols/http/http_refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct conf conf = {.limits = {.connections_per_address = 256},
                                 .http = {.connection_rate = 20}};

static void assert_answer(const struct conf *of, enum close_reason reason, const char *status,
                          const char *retry_after, const char *body)
{
	struct buffer out = {0};
	char wanted[512];

	(void)snprintf(wanted, sizeof(wanted),
	               "HTTP/1.1 %s\r\n"
	               "Server: rcstreamd\r\n"
	               "Content-Type: text/plain; charset=UTF-8\r\n"
	               "Content-Length: %zu\r\n"
	               "Cache-Control: no-store\r\n"
	               "Connection: close\r\n"
	               "%s"
	               "Access-Control-Allow-Origin: *\r\n"
	               "\r\n"
	               "%s",
	               status, strlen(body), retry_after, body);
	http_refusal_write(&out, reason, of);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, wanted);
	buffer_finish(&out);
}

/* RFC 6585 §4: one client's fault is a 429; RFC 9110 §15.6.4: the server's is a 503. */
static void test_http_refusal_tells_whose_limit_it_is(void **state)
{
	(void)state;
	assert_answer(&conf, CLOSE_ADDRESS_LIMIT, "429 Too Many Requests", "Retry-After: 30\r\n",
	              "Too many connections from your address: 256 at most\n");
	assert_answer(&conf, CLOSE_LIMIT, "503 Service Unavailable", "Retry-After: 30\r\n",
	              "Too many clients\n");
}

/* RFC 6585 §4: Retry-After of who came too often is when its address has one more, in seconds. */
static void test_http_refusal_tells_when_the_next_may_come(void **state)
{
	const struct conf slow = {.http = {.connection_rate = 0.3}};

	(void)state;
	assert_answer(&conf, CLOSE_RATE_LIMIT, "429 Too Many Requests", "Retry-After: 1\r\n",
	              "Too many new connections from your address: 20 a second at most\n");
	assert_answer(&slow, CLOSE_RATE_LIMIT, "429 Too Many Requests", "Retry-After: 4\r\n",
	              "Too many new connections from your address: 0.3 a second at most\n");
}

/* RFC 9110 §15.5.4: to ask again would not help. */
static void test_http_refusal_gives_a_stranger_no_time(void **state)
{
	(void)state;
	assert_answer(&conf, CLOSE_NOT_ALLOWED, "403 Forbidden", "",
	              "Your address is not allowed\n");
}

/* RFC 9110 §15.5.1: who speaks plain on a port of TLS is not to come again like that. */
static void test_http_refusal_tells_that_tls_is_wanted(void **state)
{
	(void)state;
	assert_answer(&conf, CLOSE_TLS_WANTED, "400 Bad Request", "", "This port speaks TLS\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http_refusal_tells_whose_limit_it_is),
	    cmocka_unit_test(test_http_refusal_tells_when_the_next_may_come),
	    cmocka_unit_test(test_http_refusal_gives_a_stranger_no_time),
	    cmocka_unit_test(test_http_refusal_tells_that_tls_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
