/* SPDX-License-Identifier: Apache-2.0 */
/* What the messages say is pinned by test/data/conf/redis.yaml. */
#include "conf/conf_check_redis.h"

#include "test/conf/conf_test.h"

/* Whether `ingest` with these entries is taken. */
static bool is_taken(const char *entries)
{
	struct buffer text = {0};
	struct buffer errors = {0};
	struct conf *conf;
	bool is_good;

	buffer_printf(&text, "ingest: [%s]\n", entries);
	conf = conf_parse("t", text.bytes, text.length, &errors);
	is_good = conf != NULL;
	conf_destroy(conf);
	buffer_finish(&text);
	buffer_finish(&errors);
	return is_good;
}

static void assert_all(const char *before, const char *const *options, bool are_taken)
{
	for (; *options != NULL; options++) {
		char entry[512];

		(void)snprintf(entry, sizeof(entry), "{%s, %s}", before, *options);
		if (is_taken(entry) != are_taken) {
			fail_msg("%s was %staken", entry, are_taken ? "not " : "");
		}
	}
}

/* Two places for one thing would leave open which is meant. */
static void test_login_is_given_once_and_whole(void **state)
{
	static const char *const good[] = {
	    "url: \"redis://h\"",
	    "url: \"redis://u:p@h\"",
	    "url: \"redis://:p@h\", user: u",
	    "url: \"redis://h\", password_file: f",
	    "url: \"redis://h\", user: u, password_file: f",
	    "url: \"redis://u@h\", password_file: f",
	    NULL,
	};
	static const char *const bad[] = {
	    "url: \"redis://u:p@h\", user: v",
	    "url: \"redis://:p@h\", password_file: f",
	    "url: \"redis://h\", user: u",
	    "url: \"redis://u@h\"",
	    NULL,
	};

	(void)state;
	assert_all("type: redis", good, true);
	assert_all("type: redis", bad, false);
	assert_all("type: redis-stream, streams: s", good, true);
	assert_all("type: redis-stream, streams: s", bad, false);
}

/* Who sets them means to be safe, and would not be. */
static void test_tls_options_go_with_tls(void **state)
{
	static const char *const options[] = {"tls_ca: f", "tls_cert: f, tls_key: f", NULL};
	static const char *const halves[] = {"tls_cert: f", "tls_key: f", NULL};

	(void)state;
	assert_all("type: redis, url: \"rediss://h\"", options, true);
	assert_all("type: redis, url: \"redis://h\"", options, false);
	assert_all("type: redis, url: \"unix:///h\"", options, false);
	assert_all("type: redis, url: \"rediss://h\"", halves, false);
}

static void test_names_differ(void **state)
{
	static const char *const good[] = {"pattern: [a, b]", "pattern: [a, A]", NULL};
	static const char *const bad[] = {"pattern: [a, b, a]", NULL};

	(void)state;
	assert_all("type: redis, url: \"redis://h\"", good, true);
	assert_all("type: redis, url: \"redis://h\"", bad, false);
	assert_true(is_taken("{type: redis-stream, url: \"redis://h\", streams: [a, b]}"));
	assert_false(is_taken("{type: redis-stream, url: \"redis://h\", streams: [a, a]}"));
}

/* What XREAD takes, but for "+", which is none of ours. */
static void test_start_is_a_place_in_a_stream(void **state)
{
	static const char *const good[] = {
	    "start: $", "start: 0", "start: 0-1", "start: 1700000000000", "start: 1700000000000-12",
	    NULL};
	static const char *const bad[] = {"start: +",
	                                  "start: \"\"",
	                                  "start: 1-",
	                                  "start: \"-1\"",
	                                  "start: 1-2-3",
	                                  "start: 1 - 2",
	                                  "start: 0x1",
	                                  "start: $$",
	                                  "start: 123456789012345678901",
	                                  "start: 1-123456789012345678901",
	                                  NULL};

	(void)state;
	assert_all("type: redis-stream, url: \"redis://h\", streams: s", good, true);
	assert_all("type: redis-stream, url: \"redis://h\", streams: s", bad, false);
}

/* Each would write over the other's place. */
static void test_state_file_is_that_of_one_entry(void **state)
{
	static const char first[] =
	    "{type: redis-stream, url: \"redis://h\", streams: s, state_file: a}";

	(void)state;
	for (int i = 0; i < 2; i++) {
		char entries[256];

		(void)snprintf(entries, sizeof(entries),
		               "%s, {type: rc2udp}, {type: redis-stream, url: \"redis://h\", "
		               "streams: s, state_file: %s}",
		               first, i == 0 ? "a" : "b");
		assert_int_equal(is_taken(entries), i == 1);
	}
	assert_true(is_taken("{type: redis-stream, url: \"redis://h\", streams: s}, "
	                     "{type: redis-stream, url: \"redis://h\", streams: s}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_login_is_given_once_and_whole),
	    cmocka_unit_test(test_tls_options_go_with_tls),
	    cmocka_unit_test(test_names_differ),
	    cmocka_unit_test(test_start_is_a_place_in_a_stream),
	    cmocka_unit_test(test_state_file_is_that_of_one_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
