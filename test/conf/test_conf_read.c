/* SPDX-License-Identifier: Apache-2.0 */
/* Sections, entries of `ingest` and what is in neither; through conf_parse(). */
#include "conf/conf_read.h"

#include "test/conf/conf_test.h"

/* DESIGN: a section that is absent is off, whatever else stands in the file. */
static void test_absent_front_ends_are_off(void **state)
{
	static const char *const texts[] = {"", "---\n", "# nothing\n", "{}", "~", "workers: 2\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf *conf = conf_of(texts[i]);

		assert_false(conf->irc.present);
		assert_false(conf->http.present);
		assert_int_equal(conf->ingest_count, 0);
		assert_true(conf->log.present && conf->slow_client.present);
		conf_destroy(conf);
	}
}

/* Members of a section that is off have their defaults, so that nobody meets a NULL. */
static void test_absent_sections_have_defaults(void **state)
{
	struct conf *conf = conf_of("");

	(void)state;
	assert_string_equal(conf->irc.server_name, "localhost");
	assert_string_equal(conf->irc.listen.items[0].text, "localhost:6667");
	assert_int_equal(conf->irc.listen.items[0].mark.line, 0);
	assert_int_equal(conf->slow_client.outbox_max, 4 << 20);
	assert_true(conf->socketio.present);
	assert_int_equal(conf->socketio.heartbeat_interval, 25);
	assert_int_equal(conf->root.workers, 0);
	assert_int_equal(conf->log.level, LOG_LEVEL_INFO);
	conf_destroy(conf);
}

/* `irc:` alone turns the front-end on; so does an empty mapping. */
static void test_section_with_nothing_in_it_is_on(void **state)
{
	static const char *const texts[] = {"irc:\n", "irc: {}\n", "irc: ~\n", "irc: null\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf *conf = conf_of(texts[i]);

		assert_true(conf->irc.present);
		assert_false(conf->http.present);
		assert_int_equal(conf->irc.ping_timeout, 180);
		conf_destroy(conf);
	}
}

/* Every type of value arrives in its member, the rest of the section keeps its defaults. */
static void test_values_arrive_in_their_members(void **state)
{
	struct conf *conf = conf_of("workers: 3\n"
	                            "channel_names: {enwiki: \"#en\", dewiki: \"#de\"}\n"
	                            "log: {level: debug, format: json, client_rate: 3}\n"
	                            "slow_client: {outbox_max: 8MiB, write_timeout: 2m}\n"
	                            "irc:\n"
	                            "  listen: [\"[::]:6667\", \"127.0.0.1:6697\"]\n"
	                            "  motd: |\n"
	                            "    Welcome!\n"
	                            "    Behave.\n"
	                            "http:\n"
	                            "  socketio: {max_subscriptions: 20}\n");

	(void)state;
	assert_int_equal(conf->root.workers, 3);
	assert_int_equal(conf->root.channel_names.count, 2);
	assert_string_equal(conf->root.channel_names.items[1].key, "dewiki");
	assert_string_equal(conf->root.channel_names.items[1].value, "#de");
	assert_int_equal(conf->root.channel_names.items[1].mark.line, 2);
	assert_int_equal(conf->log.level, LOG_LEVEL_DEBUG);
	assert_int_equal(conf->log.format, LOG_FORMAT_JSON);
	assert_int_equal(conf->log.client_rate, 3);
	assert_int_equal(conf->slow_client.outbox_max, 8 << 20);
	assert_int_equal(conf->slow_client.outbox_soft, 1 << 20);
	assert_int_equal(conf->slow_client.write_timeout, 120);
	assert_int_equal(conf->irc.listen.count, 2);
	assert_string_equal(conf->irc.listen.items[0].host, "::");
	assert_int_equal(conf->irc.listen.items[1].port, 6697);
	assert_int_equal(conf->irc.listen.items[1].mark.line, 6);
	assert_int_equal(conf->irc.listen.items[1].mark.column, 25);
	assert_string_equal(conf->irc.motd, "Welcome!\nBehave.\n");
	assert_int_equal(conf->socketio.max_subscriptions, 20);
	assert_int_equal(conf->socketio.heartbeat_timeout, 60);
	assert_string_equal(conf->file, "t");
	conf_destroy(conf);
}

/* Entries keep their order, their place and what they say; the rest is the type's default. */
static void test_ingest_entries_are_read_by_type(void **state)
{
	struct conf *conf = conf_of("ingest:\n"
	                            "  - type: rc2udp\n"
	                            "    allow: 192.0.2.0/24\n"
	                            "  - {listen: \"[::]:9391\", type: rcfeed-udp}\n"
	                            "  - {type: replay, file: changes.ndjson, loop: false}\n");

	(void)state;
	assert_int_equal(conf->ingest_count, 3);
	assert_string_equal(conf->ingest[0].type, "rc2udp");
	assert_int_equal(conf->ingest[0].mark.line, 2);
	assert_int_equal(conf->ingest[0].mark.column, 5);
	assert_string_equal(conf->ingest[0].as.rc2udp.listen.text, "localhost:9390");
	assert_int_equal(conf->ingest[0].as.rc2udp.receive_buffer, 8 << 20);
	assert_int_equal(conf->ingest[0].as.rc2udp.allow.count, 1);
	assert_string_equal(conf->ingest[1].as.rcfeed_udp.listen.host, "::");
	assert_string_equal(conf->ingest[2].as.replay.file, "changes.ndjson");
	assert_false(conf->ingest[2].as.replay.loop);
	assert_true(conf->ingest[2].as.replay.rate > 49.9 && conf->ingest[2].as.replay.rate < 50.1);
	conf_destroy(conf);
}

/* conf.h: the name given, else the type, made unique by -2, -3; given names come first. */
static void test_ingest_names_are_unique(void **state)
{
	struct conf *conf = conf_of("ingest:\n"
	                            "  - {type: replay, file: a}\n"
	                            "  - {type: replay, file: b}\n"
	                            "  - {type: replay, file: c, name: replay-2}\n"
	                            "  - {type: replay, file: d, name: Feed_1.x}\n"
	                            "  - {type: rc2udp}\n"
	                            "  - {type: replay, file: e}\n");
	static const char *const names[] = {"replay",   "replay-3", "replay-2",
	                                    "Feed_1.x", "rc2udp",   "replay-4"};

	(void)state;
	assert_int_equal(conf->ingest_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(conf->ingest[i].name, names[i]);
	}
	conf_destroy(conf);
}

/* conf.h: sources take part in the search for duplicates unless an entry says otherwise. */
static void test_ingest_entries_deduplicate_unless_told(void **state)
{
	struct conf *conf = conf_of("duplicates: {window: 5, age: 1m, join_window: 250ms}\n"
	                            "ingest:\n"
	                            "  - {type: replay, file: a}\n"
	                            "  - {type: rc2udp, deduplicate: false}\n"
	                            "  - {type: rcfeed-udp, deduplicate: true}\n");

	(void)state;
	assert_true(conf->ingest[0].deduplicate);
	assert_false(conf->ingest[1].deduplicate);
	assert_true(conf->ingest[2].deduplicate);
	assert_int_equal(conf->duplicates.window, 5);
	assert_int_equal(conf->duplicates.age, 60);
	assert_int_equal(conf->duplicates.join_window, 250);
	conf_destroy(conf);
	conf = conf_of("duplicates:\n");
	assert_int_equal(conf->duplicates.join_window, 0);
	conf_destroy(conf);
	assert_faults(
	    "ingest: [{type: rc2udp, deduplicate: 1}]\n",
	    "t:1:38: ingest[0].deduplicate: \"1\" is not a boolean (want true or false)\n");
}

/* options.def: changes do not wait unless told; how long they may is a time with its unit. */
static void test_changes_wait_when_told(void **state)
{
	struct conf *conf = conf_of("flush_delay: 100ms\nflush_adaptive: true\n");

	(void)state;
	assert_int_equal(conf->root.flush_delay, 100);
	assert_true(conf->root.flush_adaptive);
	conf_destroy(conf);
	conf = conf_of("workers: 1\n");
	assert_int_equal(conf->root.flush_delay, 0);
	assert_false(conf->root.flush_adaptive);
	conf_destroy(conf);
}

/* A list whose entries are all commented out is a list without entries. */
static void test_ingest_may_be_empty(void **state)
{
	struct conf *conf = conf_of("ingest:\n#  - type: rc2udp\n");

	(void)state;
	assert_int_equal(conf->ingest_count, 0);
	conf_destroy(conf);
	conf = conf_of("ingest: []\n");
	assert_int_equal(conf->ingest_count, 0);
	conf_destroy(conf);
}

/* CONF_INGEST_MAX entries are taken, one more is not. */
static void test_ingest_entries_are_limited(void **state)
{
	struct buffer text = {0};
	char *told;

	(void)state;
	buffer_append_text(&text, "ingest:\n");
	for (size_t i = 0; i < 256; i++) {
		buffer_append_text(&text, "- {type: replay, file: a}\n");
	}
	buffer_append_byte(&text, '\0');
	conf_destroy(conf_of(text.bytes));
	text.length--;
	buffer_append_text(&text, "- {type: replay, file: a}\n");
	buffer_append_byte(&text, '\0');
	told = faults_of(text.bytes);
	assert_string_equal(told, "t:2:1: ingest: a list is too long (want at most 256 entries)\n");
	free(told);
	buffer_finish(&text);
}

/* The http section is where Socket.IO is set up: at the top, the key is unknown. */
static void test_socketio_is_inside_http_only(void **state)
{
	(void)state;
	assert_faults("socketio: {}\n",
	              "t:1:1: socketio: is not a key here (want workers, channel_names, "
	              "flush_delay, flush_adaptive, log, drain, "
	              "slow_client, limits, tls, duplicates, history, irc, http, admin or "
	              "ingest)\n");
	assert_faults("http.socketio: {}\n",
	              "t:1:1: \"http.socketio\": is not a key here (want workers, channel_names, "
	              "flush_delay, flush_adaptive, "
	              "log, drain, slow_client, limits, tls, duplicates, history, irc, http, admin "
	              "or ingest)\n");
}

/* A file of nothing but faults ends with a count, not with a book. */
static void test_many_faults_are_cut(void **state)
{
	struct buffer text = {0};
	char *told;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		buffer_printf(&text, "k%zu: 1\n", i);
	}
	buffer_append_byte(&text, '\0');
	told = faults_of(text.bytes);
	assert_non_null(strstr(told, "t:200:1: k199: is not a key here"));
	assert_non_null(strstr(told, "t:201:1: more faults than 200, 800 are not shown\n"));
	free(told);
	buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_absent_front_ends_are_off),
	    cmocka_unit_test(test_absent_sections_have_defaults),
	    cmocka_unit_test(test_section_with_nothing_in_it_is_on),
	    cmocka_unit_test(test_values_arrive_in_their_members),
	    cmocka_unit_test(test_ingest_entries_are_read_by_type),
	    cmocka_unit_test(test_ingest_names_are_unique),
	    cmocka_unit_test(test_ingest_entries_deduplicate_unless_told),
	    cmocka_unit_test(test_changes_wait_when_told),
	    cmocka_unit_test(test_ingest_may_be_empty),
	    cmocka_unit_test(test_ingest_entries_are_limited),
	    cmocka_unit_test(test_socketio_is_inside_http_only),
	    cmocka_unit_test(test_many_faults_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
