/* SPDX-License-Identifier: Apache-2.0 */
/* conf/conf_change: what differs, and what of it can hold before the next start. */
#include "conf/conf_change.h"

#include "conf/conf_schema.h"
#include "test/conf/conf_test.h"

/* "+irc.motd -workers ": what was told, live ones with a plus. */
static void on_change(void *context, const char *key, bool is_live)
{
	buffer_printf(context, "%c%s ", is_live ? '+' : '-', key);
}

/* Settle the second text against the first; what is told and what is in force then must be so. */
static void assert_settles(const char *now, const char *next, const char *told,
                           const char *in_force)
{
	struct conf *conf = conf_of(now);
	struct conf *settled = conf_of(next);
	struct conf *expected = conf_of(in_force);
	struct buffer names = {0};
	char *dump, *expected_dump;

	conf_change_settle(settled, conf, on_change, &names);
	buffer_append_byte(&names, '\0');
	assert_string_equal(names.bytes, told);
	dump = dump_of(settled);
	expected_dump = dump_of(expected);
	assert_string_equal(dump, expected_dump);
	free(dump);
	free(expected_dump);
	buffer_finish(&names);
	conf_destroy(conf);
	conf_destroy(settled);
	conf_destroy(expected);
}

/* conf_change.h: nothing differs, nothing is told. */
static void test_same_file_changes_nothing(void **state)
{
	static const char text[] = "workers: 3\nirc: {motd: \"a\\nb\", topic: t}\nhttp:\n";

	(void)state;
	assert_settles(text, text, "", text);
	assert_settles("", "", "", "");
}

/* options.def: what is LIVE takes its new value, what is START keeps the old one. */
static void test_live_options_change_and_the_others_stay(void **state)
{
	(void)state;
	assert_settles("workers: 3\nirc: {motd: old, server_name: a.example}\n",
	               "workers: 4\nirc: {motd: new, server_name: b.example}\n"
	               "slow_client: {write_timeout: 5}\n",
	               "-irc.server_name +irc.motd +slow_client.write_timeout -workers ",
	               "workers: 3\nirc: {motd: new, server_name: a.example}\n"
	               "slow_client: {write_timeout: 5}\n");
}

/* Lists, maps and addresses are copied whole. */
static void test_listeners_stay_where_they_are(void **state)
{
	(void)state;
	assert_settles("irc: {listen: [\"127.0.0.1:6667\", \"[::1]:7000\"]}\n",
	               "irc: {listen: [\"127.0.0.1:6668\"]}\nchannel_names: {dewiki: \"#d\"}\n",
	               "-irc.listen +channel_names ",
	               "irc: {listen: [\"127.0.0.1:6667\", \"[::1]:7000\"]}\n"
	               "channel_names: {dewiki: \"#d\"}\n");
}

/* A front-end that comes is off until the next start, and so is what is inside its section. */
static void test_front_end_that_comes_waits(void **state)
{
	(void)state;
	assert_settles("irc:\n", "irc:\nhttp: {socketio: {max_sessions: 7}}\n", "-http ", "irc:\n");
}

/* One that goes stays, with all that it had, options that are live among them. */
static void test_front_end_that_goes_stays_as_it_is(void **state)
{
	static const char now[] =
	    "http: {max_body_bytes: 1KiB, socketio: {max_sessions: 7, close_timeout: 9}}\n";

	(void)state;
	assert_settles(now, "log: {level: error}\n", "-http +log.level ",
	               "log: {level: error}\n"
	               "http: {max_body_bytes: 1KiB, socketio: {max_sessions: 7, "
	               "close_timeout: 9}}\n");
}

/* Every option of every section can be given back: what a dump can say, in whatever type. */
static void test_every_option_can_be_kept(void **state)
{
	struct conf *now = conf_of("workers: 7\n"
	                           "irc: {listen: \"[::1]:1\", server_name: \"a\", bot_name: b}\n"
	                           "http: {listen: \"[::1]:2\"}\n"
	                           "history: {changes: 3, bytes: 1MiB, age: 5}\n"
	                           "duplicates: {window: 3, age: 5, join_window: 250ms}\n");
	struct conf *next = conf_of("");
	struct buffer names = {0};
	char *dump = dump_of(now);
	char *settled;

	(void)state;
	conf_change_settle(next, now, on_change, &names);
	settled = dump_of(next);
	assert_string_equal(settled, dump);
	free(dump);
	free(settled);
	buffer_finish(&names);
	conf_destroy(now);
	conf_destroy(next);
}

static void assert_same(const char *one, const char *other, bool is_same)
{
	struct conf *a = conf_of(one);
	struct conf *b = conf_of(other);

	assert_int_equal(conf_change_is_same_entry(&a->ingest[0], &b->ingest[0]), is_same);
	conf_destroy(a);
	conf_destroy(b);
}

/* conf_change.h: type, name and every option; how it is written does not matter. */
static void test_entries_are_the_same_when_all_in_them_is(void **state)
{
	(void)state;
	assert_same("ingest: [{type: rc2udp}]\n",
	            "ingest: [{type: rc2udp, name: rc2udp, listen: \"localhost:9390\"}]\n", true);
	assert_same("ingest: [{type: rc2udp}]\n", "ingest: [{type: rc2udp, name: other}]\n", false);
	assert_same("ingest: [{type: rc2udp}]\n", "ingest: [{type: rc2udp, deduplicate: false}]\n",
	            false);
	assert_same("ingest: [{type: rc2udp}]\n",
	            "ingest: [{type: rc2udp, allow: [\"192.0.2.0/24\"]}]\n", false);
	assert_same("ingest: [{type: rc2udp, name: a}]\n",
	            "ingest: [{type: rcfeed-udp, name: a}]\n", false);
}

/* conf_change.h: by name. */
static void test_entry_is_found_by_its_name(void **state)
{
	struct conf *conf = conf_of("ingest: [{type: rc2udp}, {type: rcfeed-udp, name: b}]\n");

	(void)state;
	assert_ptr_equal(conf_change_find_entry(conf, "b"), &conf->ingest[1]);
	assert_ptr_equal(conf_change_find_entry(conf, "rc2udp"), &conf->ingest[0]);
	assert_null(conf_change_find_entry(conf, "rcfeed-udp"));
	conf_destroy(conf);
}

/* options.def: nothing about a listener or a thread is LIVE; all about a source is SOURCE. */
static void test_reload_column_fits_the_sections(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		for (size_t j = 0; j < section->option_count; j++) {
			const struct conf_option *option = &section->options[j];
			bool is_source = section->kind == CONF_KIND_INGEST;

			assert_int_equal(option->reload == CONF_RELOAD_SOURCE, is_source);
			if (!is_source && strcmp(option->key, "listen") == 0) {
				assert_int_equal(option->reload, CONF_RELOAD_START);
			}
		}
	}
}

/* conf.h: the last share frees it, in whatever order they are given up. */
static void test_shares_keep_it(void **state)
{
	struct conf *conf = conf_of("irc: {motd: kept}\n");
	const struct conf *share = conf_share(conf);

	(void)state;
	assert_ptr_equal(share, conf);
	conf_destroy(conf);
	assert_string_equal(share->irc.motd, "kept");
	conf_destroy(share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_file_changes_nothing),
	    cmocka_unit_test(test_live_options_change_and_the_others_stay),
	    cmocka_unit_test(test_listeners_stay_where_they_are),
	    cmocka_unit_test(test_front_end_that_comes_waits),
	    cmocka_unit_test(test_front_end_that_goes_stays_as_it_is),
	    cmocka_unit_test(test_every_option_can_be_kept),
	    cmocka_unit_test(test_entries_are_the_same_when_all_in_them_is),
	    cmocka_unit_test(test_entry_is_found_by_its_name),
	    cmocka_unit_test(test_reload_column_fits_the_sections),
	    cmocka_unit_test(test_shares_keep_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
