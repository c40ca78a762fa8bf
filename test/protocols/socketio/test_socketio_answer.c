/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_answer.h"

#include "test/protocols/socketio/fake_http.h"

static struct http_exchange exchange;

static void ask(const char *origin)
{
	fake_request(&exchange, HTTP_METHOD_GET, "/socket.io/1/");
	if (origin != NULL) {
		fake_request_origin(&exchange, text_of(origin));
	}
}

/* The client asks with credentials: its very origin must be named, and they be allowed. */
static void test_an_origin_is_allowed_with_credentials(void **state)
{
	static const char *const origins[] = {"http://example.org", "https://example.org:8443",
	                                      "null"};

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		char wanted[200];

		ask(origins[i]);
		socketio_answer_text(&exchange, 200, "1");
		(void)snprintf(wanted, sizeof(wanted),
		               "Access-Control-Allow-Origin: %s\r\n"
		               "Access-Control-Allow-Credentials: true\r\n",
		               origins[i]);
		assert_string_equal(exchange.fields, wanted);
		fake_expect(&exchange, 200, "1");
	}
}

/* A page reads errors too, or its client could not tell them from a dead server. */
static void test_errors_are_allowed_to_be_read_too(void **state)
{
	(void)state;
	ask("http://example.org");
	socketio_answer_text(&exchange, 400, "unknown session");
	assert_non_null(
	    strstr(exchange.fields, "Access-Control-Allow-Origin: http://example.org\r\n"));
	assert_string_equal(exchange.content_type, "text/plain");
	fake_expect(&exchange, 400, "unknown session");
}

/* Without an Origin it is no page of another origin. */
static void test_no_origin_has_no_cors_fields(void **state)
{
	(void)state;
	ask(NULL);
	socketio_answer_body(&exchange, 200, SOCKETIO_PAYLOAD, TEXT("8::"));
	assert_string_equal(exchange.fields, "");
	assert_string_equal(exchange.content_type, "text/plain; charset=UTF-8");
	fake_expect(&exchange, 200, "8::");
}

/* Nothing that could end the field is echoed, and nothing of any length. */
static void test_an_origin_that_is_none_is_not_echoed(void **state)
{
	static const char *const bad[] = {
	    "", "http://a b", "http://a\tb", "http://\xc3\xa9.org", "http://a\r\nX: y", "a\x7f",
	};
	char origin[SOCKETIO_ORIGIN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask(bad[i]);
		socketio_answer_text(&exchange, 200, "1");
		assert_string_equal(exchange.fields, "");
		fake_finish(&exchange);
	}
	memset(origin, 'o', sizeof(origin));
	origin[SOCKETIO_ORIGIN_MAX + 1] = '\0';
	ask(origin);
	socketio_answer_text(&exchange, 200, "1");
	assert_string_equal(exchange.fields, "");
	fake_finish(&exchange);
	origin[SOCKETIO_ORIGIN_MAX] = '\0';
	ask(origin);
	socketio_answer_text(&exchange, 200, "1");
	assert_non_null(strstr(exchange.fields, origin));
	fake_finish(&exchange);
}

/* gevent-socketio meant to answer a preflight so. */
static void test_a_preflight_tells_the_methods(void **state)
{
	(void)state;
	ask("http://example.org");
	socketio_answer_preflight(&exchange);
	assert_string_equal(exchange.fields, "Access-Control-Allow-Origin: http://example.org\r\n"
	                                     "Access-Control-Allow-Credentials: true\r\n"
	                                     "Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"
	                                     "Access-Control-Allow-Headers: Content-Type\r\n"
	                                     "Access-Control-Max-Age: 3600\r\n");
	assert_null(exchange.content_type);
	fake_expect(&exchange, 200, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_origin_is_allowed_with_credentials),
	    cmocka_unit_test(test_errors_are_allowed_to_be_read_too),
	    cmocka_unit_test(test_no_origin_has_no_cors_fields),
	    cmocka_unit_test(test_an_origin_that_is_none_is_not_echoed),
	    cmocka_unit_test(test_a_preflight_tells_the_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
