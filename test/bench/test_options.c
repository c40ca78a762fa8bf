/* SPDX-License-Identifier: Apache-2.0 */
/* bench/options: what the command line may say, and one sentence for what it may not. */
#include "bench/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define WORDS_MAX 64

/* Read a command line of words with single spaces between them; `options` lend from it. */
struct command_line {
	char *text;
	char *words[WORDS_MAX];
	struct options options;
	struct error error;
};

static bool read_line(struct command_line *line, const char *text)
{
	int count = 0;
	char *rest;

	*line = (struct command_line){.text = mem_copy_text(text, strlen(text))};
	line->words[count++] = (char[]){"rcstream-bench"};
	for (char *word = strtok_r(line->text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		line->words[count++] = word;
	}
	return options_read(&line->options, count, line->words, &line->error);
}

/* options.h: without options, a hundred IRC clients of the server that runs here. */
static void test_options_have_defaults(void **state)
{
	struct command_line line;

	(void)state;
	assert_true(read_line(&line, ""));
	assert_int_equal(line.options.task, OPTIONS_RUN);
	assert_int_equal(line.options.group_count, 1);
	assert_ptr_equal(line.options.groups[0].protocol, &protocol_irc);
	assert_int_equal(line.options.groups[0].clients, 100);
	assert_int_equal(line.options.groups[0].port, 6667);
	assert_string_equal(line.options.host, "127.0.0.1");
	assert_string_equal(line.options.inject_host, "127.0.0.1");
	assert_string_equal(line.options.channel, "#bench.example");
	assert_string_equal(line.options.injection->name, "rcfeed-udp");
	assert_int_equal(line.options.inject_port, 9391);
	assert_int_equal(line.options.changes, 1000);
	assert_int_equal(line.options.time_limit_s, 60);
	free(line.text);
}

/* options.def: clients of several protocols, each with its port. */
static void test_options_take_groups_of_clients(void **state)
{
	struct command_line line;

	(void)state;
	assert_true(read_line(&line, "--clients websocket=5000 --clients polling=2000@80 "
	                             "--host stream.example --inject rc2udp@99 "
	                             "--wiki de.wikipedia.org"));
	assert_int_equal(line.options.group_count, 2);
	assert_ptr_equal(line.options.groups[0].protocol, &protocol_websocket);
	assert_int_equal(line.options.groups[0].clients, 5000);
	assert_int_equal(line.options.groups[0].port, 8080);
	assert_ptr_equal(line.options.groups[1].protocol, &protocol_polling);
	assert_int_equal(line.options.groups[1].clients, 2000);
	assert_int_equal(line.options.groups[1].port, 80);
	assert_string_equal(line.options.injection->name, "rc2udp");
	assert_int_equal(line.options.inject_port, 99);
	assert_string_equal(line.options.inject_host, "stream.example");
	assert_string_equal(line.options.channel, "#de.wikipedia");
	free(line.text);
}

/* options.def: how long is a number of changes at a rate; a minute beyond it is left. */
static void test_options_count_seconds_in_changes(void **state)
{
	struct command_line line;

	(void)state;
	assert_true(read_line(&line, "--rate 50 --seconds 30 --warm-up 0"));
	assert_int_equal(line.options.changes, 1500);
	assert_int_equal(line.options.time_limit_s, 90);
	free(line.text);
	assert_true(read_line(&line, "--seconds 30 --rate 50 --time-limit 7"));
	assert_int_equal(line.options.changes, 1500);
	assert_int_equal(line.options.time_limit_s, 7);
	free(line.text);
}

/* options.def: where nothing is injected there is nothing to count. */
static void test_options_without_injection_have_no_changes(void **state)
{
	struct command_line line;

	(void)state;
	assert_true(read_line(&line, "--inject none --changes 50"));
	assert_null(line.options.injection);
	assert_int_equal(line.options.changes, 0);
	assert_int_equal(line.options.warm_up, 0);
	free(line.text);
}

/* options.h: one sentence that names the option and what was met. */
static void test_options_refuse_in_one_sentence(void **state)
{
	static const struct {
		const char *line, *sentence;
	} cases[] = {
	    {"--foo", "--foo: there is no such option (--help lists the options)"},
	    {"--rate", "--rate: needs a value (--help lists the options)"},
	    {"word", "word: not an option (--help lists them)"},
	    {"--rate -1", "--rate: \"-1\" is no number from 0 to 1000000"},
	    {"--rate 1000001", "--rate: \"1000001\" is no number from 0 to 1000000"},
	    {"--rate 99999999999999999999",
	     "--rate: \"99999999999999999999\" is no number from 0 to 1000000"},
	    {"--window 0", "--window: \"0\" is no number from 1 to 100000"},
	    {"--pid x", "--pid: \"x\" is no number from 1 to 2147483647"},
	    {"--clients irc", "--clients: \"\" is no number from 1 to 1000000"},
	    {"--clients irc=0", "--clients: \"0\" is no number from 1 to 1000000"},
	    {"--clients irc=1@", "--clients: \"\" is no number from 1 to 65535"},
	    {"--clients irc=1@65536", "--clients: \"65536\" is no number from 1 to 65535"},
	    {"--clients gopher=1", "--clients: \"gopher\" is no protocol: irc, websocket, polling, "
	                           "sse or redis is wanted"},
	    {"--inject mail",
	     "--inject: \"mail\" is no method: rcfeed-udp, rc2udp, irc, post, redis or none is "
	     "wanted"},
	    {"--wiki a/b", "--wiki: \"a/b\" is no wiki's server name that has a channel"},
	    {"--sse-path events",
	     "--sse-path: \"events\" is no path: it begins with \"/\" and has no spaces"},
	    {"--seconds 5", "--seconds: needs a --rate that makes 1 to 10000000 changes of it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command_line line;

		assert_false(read_line(&line, cases[i].line));
		assert_string_equal(line.error.text, cases[i].sentence);
		free(line.text);
	}
}

/* options.h, TALLY_GROUPS_MAX and OPTIONS_FROM_MAX: as many as that, and not one more. */
static void test_options_have_room_for_as_many_as_they_say(void **state)
{
	struct command_line line;
	struct buffer text = {0};

	(void)state;
	for (int i = 0; i < TALLY_GROUPS_MAX; i++) {
		buffer_append_text(&text, "--clients irc=1 ");
	}
	buffer_append_byte(&text, '\0');
	assert_true(read_line(&line, text.bytes));
	assert_int_equal(line.options.group_count, TALLY_GROUPS_MAX);
	free(line.text);
	text.length--;
	buffer_append(&text, "--clients irc=1", sizeof("--clients irc=1"));
	assert_false(read_line(&line, text.bytes));
	assert_string_equal(line.error.text, "--clients: more than 8 of them");
	free(line.text);
	buffer_finish(&text);
	assert_true(read_line(&line, "--from 127.0.0.2 --from 127.0.0.3"));
	assert_int_equal(line.options.from_count, 2);
	assert_string_equal(line.options.from[1], "127.0.0.3");
	free(line.text);
}

/* options.h: --help and --version are tasks of their own; help fits a terminal. */
static void test_options_help_is_narrow(void **state)
{
	struct command_line line;
	char *text = NULL, *rest, *one;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	assert_true(read_line(&line, "--help"));
	assert_int_equal(line.options.task, OPTIONS_HELP);
	free(line.text);
	assert_true(read_line(&line, "--version --json --tls"));
	assert_int_equal(line.options.task, OPTIONS_VERSION);
	assert_true(line.options.is_json);
	assert_true(line.options.is_tls);
	free(line.text);
	options_help(file);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "\n  --clients PROTOCOL=N[@PORT]\n"));
	assert_non_null(strstr(text, "\n  --json\n"));
	for (one = strtok_r(text, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest)) {
		assert_in_range(strlen(one), 1, 80);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options_have_defaults),
	    cmocka_unit_test(test_options_take_groups_of_clients),
	    cmocka_unit_test(test_options_count_seconds_in_changes),
	    cmocka_unit_test(test_options_without_injection_have_no_changes),
	    cmocka_unit_test(test_options_refuse_in_one_sentence),
	    cmocka_unit_test(test_options_have_room_for_as_many_as_they_say),
	    cmocka_unit_test(test_options_help_is_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
