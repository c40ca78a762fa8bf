/* SPDX-License-Identifier: Apache-2.0 */
/* The rules beyond types; what their messages say is pinned by test/data/conf/. */
#include "conf/conf_check.h"

#include "test/conf/conf_test.h"

/* Whether "key: value" with `format`'s %s replaced is taken. */
static bool is_taken(const char *format, const char *value)
{
	struct buffer text = {0};
	struct buffer errors = {0};
	const char *hole = strstr(format, "%s");
	struct conf *conf;
	bool is_good;

	buffer_append(&text, format, (size_t)(hole - format));
	buffer_append_text(&text, value);
	buffer_append_text(&text, hole + 2);
	conf = conf_parse("t", text.bytes, text.length, &errors);
	is_good = conf != NULL;
	assert_int_equal(is_good, errors.length == 0);
	conf_destroy(conf);
	buffer_finish(&text);
	buffer_finish(&errors);
	return is_good;
}

static void assert_all(const char *format, const char *const *values, bool are_taken)
{
	for (; *values != NULL; values++) {
		if (is_taken(format, *values) != are_taken) {
			fail_msg("%s was %staken", *values, are_taken ? "not " : "");
		}
	}
}

/* RFC 2812 §2.3.1: the name is a prefix, which a blank ends and "!" or "@" would divide. */
static void test_server_name_is_a_prefix(void **state)
{
	static const char *const good[] = {"irc.example.org", "localhost", "a:b", "x", NULL};
	static const char *const bad[] = {"irc example", ":irc",    "a!b",     "a@b",
	                                  "a\\tb",       "a\\x7fb", "a\\x01b", NULL};

	(void)state;
	assert_all("irc: {server_name: \"%s\"}", good, true);
	assert_all("irc: {server_name: \"%s\"}", bad, false);
}

/* A blank would end NETWORK= in the line of ISUPPORT. */
static void test_network_has_no_blanks(void **state)
{
	static const char *const good[] = {"Wikimedia", "My-Network_2", NULL};
	static const char *const bad[] = {"My Network", "a\\tb", "\\x02a", NULL};

	(void)state;
	assert_all("irc: {network: \"%s\"}", good, true);
	assert_all("irc: {network: \"%s\"}", bad, false);
}

/* The nickname stands in front of every change: what clients split a prefix at is refused. */
static void test_bot_name_is_a_nickname(void **state)
{
	static const char *const good[] = {"rc-pmtpa", "[bot]", "a_b'c`d^e{f}g|h\\\\i", "9", NULL};
	static const char *const bad[] = {"rc bot", "rc!bot", "rc@bot", ":rc",
	                                  "rc.bot", "#rc",    "бот",    NULL};

	(void)state;
	assert_all("irc: {bot_name: \"%s\"}", good, true);
	assert_all("irc: {bot_name: \"%s\"}", bad, false);
}

/* RFC 2812 §1.3: at most fifty characters, the first of which is "#" here. */
static void test_channel_names_are_channels(void **state)
{
	static const char *const good[] = {"#a", "#en.wikipedia", "#A_b-9",
	                                   "#1234567890123456789012345678901234567890123456789",
	                                   NULL};
	static const char *const bad[] = {
	    "a",    "#",  "##a",     "#a b", "#a,b",
	    "#a:b", "&a", "#a\\x07", "#ä",   "#12345678901234567890123456789012345678901234567890",
	    NULL};
	static const char *const good_wikis[] = {"enwiki", "be-x-oldwiki", "wiki.example.org",
	                                         NULL};
	static const char *const bad_wikis[] = {"en wiki", "en\\twiki", NULL};

	(void)state;
	assert_all("channel_names: {enwiki: \"%s\"}", good, true);
	assert_all("channel_names: {enwiki: \"%s\"}", bad, false);
	assert_all("channel_names: {\"%s\": \"#a\"}", good_wikis, true);
	assert_all("channel_names: {\"%s\": \"#a\"}", bad_wikis, false);
	assert_all("irc: {channels: [\"#b\", \"%s\"]}", good, true);
	assert_all("irc: {channels: [\"#b\", \"%s\"]}", bad, false);
}

/* A channel that is listed and does not come into being would be missed. */
static void test_listed_channels_are_within_max_channels(void **state)
{
	static const char *const good[] = {"[]", "[\"#a\"]", "[\"#a\", \"#b\"]", NULL};
	static const char *const bad[] = {"[\"#a\", \"#b\", \"#c\"]", NULL};

	(void)state;
	assert_all("irc: {max_channels: 2, channels: %s}", good, true);
	assert_all("irc: {max_channels: 2, channels: %s}", bad, false);
}

/* The soft limit may be the hard one, but not over it. */
static void test_soft_limit_is_at_most_the_hard_one(void **state)
{
	static const char *const good[] = {"1MiB", "1025KiB", "2MiB", NULL};
	static const char *const bad[] = {"1048575", "64KiB", NULL};

	(void)state;
	assert_all("slow_client: {outbox_max: %s}", good, true);
	assert_all("slow_client: {outbox_max: %s}", bad, false);
	assert_all("slow_client: {outbox_max: %s, outbox_soft: 1MiB}", good, true);
	assert_all("slow_client: {outbox_max: %s, outbox_soft: 1MiB}", bad, false);
}

/* Socket.IO 0.9: a heartbeat that comes with the timeout comes too late. */
static void test_heartbeat_comes_before_its_timeout(void **state)
{
	static const char *const good[] = {"26", "1m", "1h", NULL};
	static const char *const bad[] = {"25", "24", "2", NULL};

	(void)state;
	assert_all("http: {socketio: {heartbeat_timeout: %s}}", good, true);
	assert_all("http: {socketio: {heartbeat_timeout: %s}}", bad, false);
}

/* address_rates.h: a bucket that fills in a quarter of an hour; 0 is any number. */
static void test_connection_rate_is_none_or_not_tiny(void **state)
{
	static const char *const good[] = {"0", "0.001", "0.2", "1", "1000000", NULL};
	static const char *const bad[] = {"0.0009", "0.0000001", "-1", "1000001", "fast", NULL};

	(void)state;
	assert_all("irc: {connection_rate: %s}", good, true);
	assert_all("irc: {connection_rate: %s}", bad, false);
	assert_all("http: {connection_rate: %s}", good, true);
	assert_all("http: {connection_rate: %s}", bad, false);
}

/* With SO_REUSEPORT the kernel would deal IRC clients out to HTTP and the other way round. */
static void test_listeners_do_not_share_an_address(void **state)
{
	static const char *const good[] = {"127.0.0.2:6667", "localhost:8080", "localhost:0",
	                                   "\"[::]:6667\"",  "0.0.0.0:6667",   NULL};
	static const char *const bad[] = {"localhost:6667",
	                                  "127.0.0.1:6667",
	                                  "\"[::1]:6667\"",
	                                  "\"[0:0::1]:6667\"",
	                                  "\"[::ffff:127.0.0.1]:6667\"",
	                                  NULL};

	(void)state;
	assert_all("{irc: , http: {listen: %s}}", good, true);
	assert_all("{irc: , http: {listen: %s}}", bad, false);
	assert_all("{http: {listen: %s}}", bad, true);
	assert_true(is_taken("irc: {listen: [%s]}", "\"[::1]:0\", \"[::1]:0\""));
	assert_false(is_taken("irc: {listen: [%s]}", "\"[::1]:7\", \"[::1]:7\""));
}

/* Two sources of one socket would each get some of its datagrams; TCP's ports are others. */
static void test_sources_do_not_share_an_address(void **state)
{
	static const char *const good[] = {
	    "{type: rcfeed-udp}", "{type: rc2udp, listen: \"localhost:9392\"}",
	    "{type: rc2udp, listen: \"localhost:0\"}, {type: rc2udp, listen: \"localhost:0\"}",
	    "{type: rcfeed-udp, listen: \"localhost:6667\"}", NULL};
	static const char *const bad[] = {"{type: rc2udp}",
	                                  "{type: rcfeed-udp, listen: \"127.0.0.1:9390\"}",
	                                  "{type: rcfeed-udp, listen: \"[::1]:9390\"}", NULL};

	(void)state;
	assert_all("{irc: , ingest: [{type: rc2udp}, %s]}", good, true);
	assert_all("{irc: , ingest: [{type: rc2udp}, %s]}", bad, false);
}

/* options.def: a socket hears the groups it joined only where it is bound to all or to one of them.
 */
static void test_groups_need_an_address_that_hears_them(void **state)
{
	static const char *const good[] = {
	    "listen: \"0.0.0.0:1\", join: [239.1.2.3], interface: lo",
	    "listen: \"[::]:1\", join: [239.1.2.3, \"ff15::1\"]",
	    "listen: \"239.1.2.3:1\", join: [239.1.2.4, 239.1.2.3]",
	    "listen: \"[ff15::1]:1\", join: \"ff15::1\"",
	    "listen: \"localhost:1\", interface: \"\"",
	    NULL};
	static const char *const bad[] = {"listen: \"localhost:1\", join: [239.1.2.3]",
	                                  "join: [239.1.2.3]",
	                                  "listen: \"192.0.2.1:1\", join: [239.1.2.3]",
	                                  "listen: \"239.1.2.4:1\", join: [239.1.2.3]",
	                                  "listen: \"unix:/a\", join: [239.1.2.3]",
	                                  "listen: \"0.0.0.0:1\", interface: lo",
	                                  NULL};

	(void)state;
	assert_all("ingest: [{type: rc2udp, %s}]", good, true);
	assert_all("ingest: [{type: rcfeed-udp, %s}]", good, true);
	assert_all("ingest: [{type: rc2udp, %s}]", bad, false);
	assert_all("ingest: [{type: rcfeed-udp, %s}]", bad, false);
}

/* Two sources of one file would be one; a file is no other place than itself. */
static void test_paths_are_bound_once(void **state)
{
	static const char *const good[] = {"unix:b", "unix:a/", "localhost:1", NULL};
	static const char *const bad[] = {"unix:a", NULL};

	(void)state;
	assert_all("ingest: [{type: rc2udp, listen: \"unix:a\"},"
	           "{type: rcfeed-udp, listen: \"%s\"}]",
	           good, true);
	assert_all("ingest: [{type: rc2udp, listen: \"unix:a\"},"
	           "{type: rcfeed-udp, listen: \"%s\"}]",
	           bad, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_server_name_is_a_prefix),
	    cmocka_unit_test(test_network_has_no_blanks),
	    cmocka_unit_test(test_bot_name_is_a_nickname),
	    cmocka_unit_test(test_channel_names_are_channels),
	    cmocka_unit_test(test_listed_channels_are_within_max_channels),
	    cmocka_unit_test(test_soft_limit_is_at_most_the_hard_one),
	    cmocka_unit_test(test_heartbeat_comes_before_its_timeout),
	    cmocka_unit_test(test_connection_rate_is_none_or_not_tiny),
	    cmocka_unit_test(test_listeners_do_not_share_an_address),
	    cmocka_unit_test(test_sources_do_not_share_an_address),
	    cmocka_unit_test(test_groups_need_an_address_that_hears_them),
	    cmocka_unit_test(test_paths_are_bound_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
