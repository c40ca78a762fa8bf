/* SPDX-License-Identifier: Apache-2.0 */
/* server/probe: whom it asks; that it asks is shown by test/functional/test_probe.py. */
#include "server/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct conf *conf_of(const char *text)
{
	struct buffer errors = {0};
	struct conf *conf = conf_parse("t", text, strlen(text), &errors);

	assert_int_equal(errors.length, 0);
	return conf;
}

static void assert_asks(const char *listen, const char *expected)
{
	struct buffer url = {0};
	struct error error;
	struct conf *conf;
	char text[128];

	(void)snprintf(text, sizeof(text), "http: {listen: [%s]}\n", listen);
	conf = conf_of(text);
	assert_true(probe_url(conf, &url, &error));
	assert_string_equal(url.bytes, expected);
	buffer_finish(&url);
	conf_destroy(conf);
}

static void assert_refuses(const char *text, const char *expected)
{
	struct error error;
	struct conf *conf = conf_of(text);

	assert_false(probe_run(conf, &error));
	assert_non_null(strstr(error.text, expected));
	conf_destroy(conf);
}

/* The first address is asked, as it is written. */
static void test_probe_asks_the_first_listener(void **state)
{
	(void)state;
	assert_asks("\"127.0.0.2:8080\", \"127.0.0.1:8081\"", "http://127.0.0.2:8080/healthz");
	assert_asks("\"[::1]:80\"", "http://[::1]:80/healthz");
	assert_asks("\"localhost:8080\"", "http://localhost:8080/healthz");
}

/* Where nothing listens without TLS, it asks in TLS. */
static void test_probe_asks_in_tls_where_nothing_else_is(void **state)
{
	struct conf *conf = conf_of("tls: {certificates: [x]}\n"
	                            "http: {listen: [], listen_tls: \"[::]:8443\"}\n");
	struct buffer url = {0};
	struct error error;

	(void)state;
	assert_true(probe_url(conf, &url, &error));
	assert_string_equal(url.bytes, "https://[::1]:8443/healthz");
	buffer_finish(&url);
	conf_destroy(conf);
}

/* Nobody can connect to a wildcard; loopback of the same family is behind it. */
static void test_probe_asks_loopback_for_a_wildcard(void **state)
{
	(void)state;
	assert_asks("\"0.0.0.0:8080\"", "http://127.0.0.1:8080/healthz");
	assert_asks("\"[::]:8080\"", "http://[::1]:8080/healthz");
}

/* What cannot be asked is said, not taken for a server that is down. */
static void test_probe_says_why_there_is_nothing_to_ask(void **state)
{
	(void)state;
	assert_refuses("irc: {listen: \"127.0.0.1:6667\"}\n", "no HTTP listener");
	assert_refuses("http: {listen: \"127.0.0.1:0\"}\n", "any free port");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_probe_asks_the_first_listener),
	    cmocka_unit_test(test_probe_asks_in_tls_where_nothing_else_is),
	    cmocka_unit_test(test_probe_asks_loopback_for_a_wildcard),
	    cmocka_unit_test(test_probe_says_why_there_is_nothing_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
