/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_redis.h"

#include "test/conf/value_test.h"

static const struct conf_option option = {.type = &conf_type_redis_url};

static void assert_text(const char *text, const char *expected)
{
	if (expected == NULL) {
		assert_null(text);
	} else {
		assert_non_null(text);
		assert_string_equal(text, expected);
	}
}

/* conf_value.h: the forms; RFC 3986 §2.1 for what is percent-encoded. */
static void test_url_is_taken_apart(void **state)
{
	static const struct {
		const char *url;
		struct conf_redis_url expected;
	} cases[] = {
	    {"redis://h", {.shown = "redis://h", .host = "h", .port = 6379}},
	    {"redis://h:1/", {.shown = "redis://h:1/", .host = "h", .port = 1}},
	    {"rediss://a.b-c_d.:65535/15",
	     {.shown = "rediss://a.b-c_d.:65535/15",
	      .host = "a.b-c_d.",
	      .port = 65535,
	      .database = 15,
	      .is_tls = true}},
	    {"redis://127.0.0.1",
	     {.shown = "redis://127.0.0.1", .host = "127.0.0.1", .port = 6379}},
	    {"redis://[::1]", {.shown = "redis://[::1]", .host = "::1", .port = 6379}},
	    {"redis://[2001:db8::1]:7/1",
	     {.shown = "redis://[2001:db8::1]:7/1",
	      .host = "2001:db8::1",
	      .port = 7,
	      .database = 1}},
	    {"redis://u:p@h",
	     {.shown = "redis://h", .host = "h", .port = 6379, .user = "u", .password = "p"}},
	    {"redis://:p@h", {.shown = "redis://h", .host = "h", .port = 6379, .password = "p"}},
	    {"redis://u@h", {.shown = "redis://h", .host = "h", .port = 6379, .user = "u"}},
	    {"redis://a%40%3a%2F:b:%25%c3%A9@c@h:2/3",
	     {.shown = "redis://h:2/3",
	      .host = "h",
	      .port = 2,
	      .database = 3,
	      .user = "a@:/",
	      .password = "b:%\xc3\xa9@c"}},
	    {"unix:///run/redis.sock",
	     {.shown = "unix:///run/redis.sock", .path = "/run/redis.sock"}},
	    {"redis+unix://u:p@/a%20b?db=7",
	     {.shown = "redis+unix:///a%20b?db=7",
	      .path = "/a b",
	      .database = 7,
	      .user = "u",
	      .password = "p"}},
	    {"unix:///a@b", {.shown = "unix:///a@b", .path = "/a@b"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf_redis_url *expected = &cases[i].expected;
		struct buffer yaml = {0};
		union member member;

		buffer_printf(&yaml, "\"%s\"", cases[i].url);
		assert_null(read_value(&option, yaml.bytes, yaml.length, &member));
		assert_string_equal(member.redis_url.text, cases[i].url);
		assert_string_equal(member.redis_url.shown, expected->shown);
		assert_text(member.redis_url.host, expected->host);
		assert_text(member.redis_url.path, expected->path);
		assert_text(member.redis_url.user, expected->user);
		assert_text(member.redis_url.password, expected->password);
		assert_int_equal(member.redis_url.port, expected->port);
		assert_int_equal(member.redis_url.database, expected->database);
		assert_int_equal(member.redis_url.is_tls, expected->is_tls);
		finish(&option, &member);
		buffer_finish(&yaml);
	}
}

static bool is_refused(const char *url)
{
	struct buffer yaml = {0};
	union member member;
	char *told;

	buffer_printf(&yaml, "\"%s\"", url);
	told = read_value(&option, yaml.bytes, yaml.length, &member);
	if (told == NULL) {
		finish(&option, &member);
	}
	free(told);
	buffer_finish(&yaml);
	return told != NULL;
}

static void test_what_is_no_url_is_refused(void **state)
{
	static const char *const urls[] = {
	    "",
	    "redis",
	    "h:6379",
	    "redis:/h",
	    "redis://",
	    "redis:///0",
	    "http://h",
	    "REDIS://h",
	    "redis://h:",
	    "redis://h:0",
	    "redis://h:65536",
	    "redis://h:+1",
	    "redis://h:1x",
	    "redis://h:99999999999",
	    "redis://h/x",
	    "redis://h/-1",
	    "redis://h/1/2",
	    "redis://h/1234567890",
	    "redis://h?db=1",
	    "redis://h#1",
	    "redis://a b",
	    "redis://a\\tb",
	    "redis://a..b",
	    "redis://.a",
	    "redis://-a",
	    "redis://[::1",
	    "redis://[::1]x",
	    "redis://[h]",
	    "redis://::1",
	    "redis://@h",
	    "redis://:@h",
	    "redis://u:@h",
	    "redis://%@h",
	    "redis://%4@h",
	    "redis://%4g@h",
	    "redis://u:%00@h",
	    "redis://u%00:p@h",
	    "redis://\xc3\xa9",
	    "unix://",
	    "unix://path",
	    "unix:///a%00b",
	    "unix:///a?db=",
	    "unix:///a?db=x",
	    "unix:///a?x=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (!is_refused(urls[i])) {
			fail_msg("%s was taken", urls[i]);
		}
	}
}

/* RFC 1035 §2.3.4 and sockaddr_un: both sides of each limit. */
static void test_url_has_the_limits_of_its_parts(void **state)
{
	static const struct {
		const char *prefix;
		size_t length; /* of what follows, one part of it */
	} cases[] = {{"redis://", 63}, {"unix:///", CONF_REDIS_PATH_MAX - 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char url[256];
		size_t prefix = strlen(cases[i].prefix);

		memcpy(url, cases[i].prefix, prefix);
		memset(url + prefix, 'x', cases[i].length + 1);
		url[prefix + cases[i].length + 1] = '\0';
		assert_true(is_refused(url));
		url[prefix + cases[i].length] = '\0';
		assert_false(is_refused(url));
	}
}

/* conf_type_redis.h: a password that is given in a faulty URL is in no message. */
static void test_fault_does_not_tell_the_password(void **state)
{
	static const struct {
		const char *url;
		const char *shown;
	} cases[] = {
	    {"http://u:secret@h", "\"http://***@h\""},
	    {"redis://u:secret@h:0", "\"redis://***@h:0\""},
	    {"u:secret@h", "\"***@h\""},
	    {"u:secret@redis://h", "\"***@redis://h\""},
	    {"redis://u:secret@b@c d", "\"redis://***@c d\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[128];
		char *told;

		(void)snprintf(yaml, sizeof(yaml), "\"%s\"", cases[i].url);
		told = print_value(&option, yaml);
		assert_null(strstr(told, "secret"));
		assert_non_null(strstr(told, cases[i].shown));
		assert_non_null(strstr(told, "is not a Redis URL (want "));
		free(told);
	}
}

/* A dump is to be read back. */
static void test_url_is_printed_as_it_was_given(void **state)
{
	static const struct value_case cases[] = {
	    {"redis://u:p%25@h", "\"redis://u:p%25@h\""},
	    {"[redis]", NULL},
	    {"~", NULL},
	    {"\"redis://h\\0\"", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_url_is_taken_apart),
	    cmocka_unit_test(test_what_is_no_url_is_refused),
	    cmocka_unit_test(test_url_has_the_limits_of_its_parts),
	    cmocka_unit_test(test_fault_does_not_tell_the_password),
	    cmocka_unit_test(test_url_is_printed_as_it_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
