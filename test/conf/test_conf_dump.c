/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include "test/conf/conf_test.h"

/* conf.h: what is dumped reads back to the same; dumping that gives the same bytes. */
static void assert_round_trip(struct conf *conf)
{
	char *dump = dump_of(conf);
	struct conf *again = conf_of(dump);
	char *dump_again = dump_of(again);

	assert_string_equal(dump, dump_again);
	assert_int_equal(conf->irc.present, again->irc.present);
	assert_int_equal(conf->http.present, again->http.present);
	assert_int_equal(conf->ingest_count, again->ingest_count);
	for (size_t i = 0; i < conf->ingest_count; i++) {
		assert_string_equal(conf->ingest[i].type, again->ingest[i].type);
		assert_string_equal(conf->ingest[i].name, again->ingest[i].name);
		assert_true(conf->ingest[i].deduplicate == again->ingest[i].deduplicate);
	}
	free(dump);
	free(dump_again);
	conf_destroy(again);
	conf_destroy(conf);
}

static void test_defaults_survive_the_round_trip(void **state)
{
	(void)state;
	assert_round_trip(conf_create_default(NULL));
	assert_round_trip(conf_create_default("/usr/share/a \"file\": #1.ndjson"));
}

/* What is off stays off. */
static void test_absent_sections_survive_the_round_trip(void **state)
{
	(void)state;
	assert_round_trip(conf_of(""));
	assert_round_trip(conf_of("irc:\n"));
	assert_round_trip(conf_of("http:\n"));
}

/* Texts that YAML would read differently without care: words, colours, quotes, line ends. */
static void test_odd_texts_survive_the_round_trip(void **state)
{
	static const char text[] =
	    "workers: 7\n"
	    "channel_names: {\"a:b\": \"#x\", \"yes\": \"#no\", \"~\": \"#null\", \"é\": \"#e\"}\n"
	    "log: {level: error, format: json}\n"
	    "slow_client: {outbox_max: 1073741823, outbox_soft: 4097, write_timeout: 1h}\n"
	    "irc:\n"
	    "  listen: [\"[::1]:6667\", \"0.0.0.0:0\"]\n"
	    "  server_name: 'null'\n"
	    "  network: '#{}'\n"
	    "  bot_name: \"a'b`c\\\\d\"\n"
	    "  topic: \"\\x03\\x02 {channel} \\\"q\\\" \\u2028 \\uFEFF \\x85 \\U0001F600\"\n"
	    "  motd: |2+\n"
	    "      deep\n"
	    "\n"
	    "    # no comment\n"
	    "\n"
	    "http: {socketio: {heartbeat_interval: 3599, heartbeat_timeout: 3600}}\n"
	    "ingest:\n"
	    "  - {type: replay, file: \" a\\tb \", rate: 0.1, loop: false, refresh: true}\n"
	    "  - {type: redis, url: \"redis://a%40b:c@[::1]:1/2\", pattern: \"a: [b]\"}\n"
	    "  - {type: redis-stream, url: unix:///x?db=1, streams: [\"#\", '\"'], start: 1-2}\n"
	    "  - {type: replay, file: ~x, rate: 33.333333333333336, name: other, deduplicate: "
	    "false}\n"
	    "  - {type: rc2udp, allow: [10.1.2.3/8, \"2001:db8::1/32\", \"::/0\"]}\n";
	struct conf *conf = conf_of(text);

	(void)state;
	assert_string_equal(conf->irc.motd, "  deep\n\n# no comment\n\n");
	assert_round_trip(conf);
}

/* A dump read back holds the very bytes of a text. */
static void test_text_is_the_same_after_the_round_trip(void **state)
{
	struct conf *conf = conf_of("irc: {motd: \"\\x01\\x7f\\\"\\\\ \\t\\n\\x85\\uFFFE é \\n\"}");
	char *dump = dump_of(conf);
	struct conf *again = conf_of(dump);

	(void)state;
	assert_string_equal(conf->irc.motd, again->irc.motd);
	free(dump);
	conf_destroy(again);
	conf_destroy(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults_survive_the_round_trip),
	    cmocka_unit_test(test_absent_sections_survive_the_round_trip),
	    cmocka_unit_test(test_odd_texts_survive_the_round_trip),
	    cmocka_unit_test(test_text_is_the_same_after_the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
