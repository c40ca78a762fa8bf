/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server/base/log: records on standard output, read back through a file.  What a peer
 * sends can stand in a record; it must not forge one, nor hide in it.
 */
#include "server/base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "server/base/log_json.h"
#include "server/base/memory.h"
#include "test/server/base/log_capture.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const struct log_scope scope = {.name = "irc", .peer = "192.0.2.1:4711", .id = 7};

/* Gives the one line that a record with this text makes. */
static char *record_of(enum log_format format, const char *text)
{
	struct log_capture capture;

	log_configure(LOG_LEVEL_DEBUG, format);
	log_capture_start(&capture);
	log_write(LOG_LEVEL_INFO, &scope, "irc.line", "%s", text);
	return log_capture_stop(&capture);
}

static json_t *parse(const char *line)
{
	json_error_t error;
	json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (record == NULL) {
		fail_msg("not JSON: %s: %s", error.text, line);
	}
	return record;
}

static const char *member(const json_t *record, const char *name)
{
	const char *value = json_string_value(json_object_get(record, name));

	return value != NULL ? value : "(no such string)";
}

static json_int_t number(const json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

static void assert_written(const char *text, const char *written)
{
	char *line = record_of(LOG_FORMAT_PLAIN, text);
	const char *message = strstr(line, "irc.line: ");

	assert_non_null(message);
	message += strlen("irc.line: ");
	assert_int_equal(strlen(message), strlen(written) + 1);
	assert_memory_equal(message, written, strlen(written));
	assert_int_equal(message[strlen(written)], '\n');
	free(line);
}

/* log.h: time, level, scope with id and peer, stable id, sentence; one line. */
static void test_log_plain_record_has_its_parts_in_order(void **state)
{
	char *line = record_of(LOG_FORMAT_PLAIN, "nick Huggle");
	int end = 0;

	(void)state;
	(void)sscanf(line, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &end);
	assert_int_equal(end, strlen("2024-01-01T00:00:00.000Z"));
	assert_string_equal(line + end, " info irc[7] 192.0.2.1:4711 irc.line: nick Huggle\n");
	free(line);
}

/* log.h: a NULL scope is the program itself; id 0 and no peer leave nothing behind. */
static void test_log_leaves_out_what_a_scope_has_not(void **state)
{
	const struct log_scope bare = {.name = "feeder"};
	struct log_capture capture;
	char *text;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_PLAIN);
	log_capture_start(&capture);
	log_info(NULL, "server.ready", "ready");
	log_warn(&bare, "feeder.late", "by %d ms", 12);
	text = log_capture_stop(&capture);
	assert_non_null(strstr(text, "Z info server.ready: ready\n"));
	assert_non_null(strstr(text, "Z warn feeder feeder.late: by 12 ms\n"));
	free(text);
}

/* log.h: the JSON form is one object a line with the scope as fields. */
static void test_log_json_record_is_one_object_with_fields(void **state)
{
	char *line = record_of(LOG_FORMAT_JSON, "nick Huggle");
	json_t *record = parse(line);

	(void)state;
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(strlen(member(record, "@timestamp")), strlen("2024-01-01T00:00:00.000Z"));
	assert_string_equal(member(record, "log.level"), "info");
	assert_string_equal(member(record, "message"), "nick Huggle");
	assert_string_equal(member(record, "ecs.version"), LOG_JSON_ECS_VERSION);
	assert_string_equal(member(record, "service.name"), "rcstreamd");
	assert_int_equal(number(record, "process.pid"), getpid());
	assert_string_equal(member(record, "log.logger"), "irc");
	assert_string_equal(member(record, "source.address"), "192.0.2.1");
	assert_string_equal(member(record, "source.ip"), "192.0.2.1");
	assert_int_equal(number(record, "source.port"), 4711);
	assert_string_equal(member(record, "rcstreamd.id"), "7");
	assert_string_equal(member(record, "event.code"), "irc.line");
	assert_int_equal(json_object_size(record), 12);
	json_decref(record);
	free(line);
}

/* log.h: without a scope there are no fields of one. */
static void test_log_json_record_without_a_scope_has_no_scope_fields(void **state)
{
	struct log_capture capture;
	json_t *record;
	char *line;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_capture_start(&capture);
	log_error(NULL, "server.config", "bad");
	line = log_capture_stop(&capture);
	record = parse(line);
	assert_int_equal(json_object_size(record), 7);
	assert_string_equal(member(record, "log.level"), "error");
	json_decref(record);
	free(line);
}

/* log.h: fields are for machines; in plain text the sentence tells it. */
static void test_log_plain_record_has_no_fields(void **state)
{
	const struct log_field fields[] = {{.name = "user.name", .text = "Huggle"}, {0}};
	const struct log_scope of = {.name = "irc", .fields = fields};
	struct log_capture capture;
	char *line;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_PLAIN);
	log_capture_start(&capture);
	log_info(&of, "t.scope", "sentence");
	line = log_capture_stop(&capture);
	assert_non_null(strstr(line, "Z info irc t.scope: sentence\n"));
	free(line);
}

enum stream { STREAM_NONE, STREAM_OUTPUT, STREAM_OTHER_INODE, STREAM_OTHER_DEVICE, STREAM_HALF };

/* Tell of the journal's stream as a service manager does: standard output's, or not quite. */
static void set_stream(enum stream stream)
{
	unsigned long long device, inode;
	struct stat status;
	char text[64];

	assert_int_equal(fstat(STDOUT_FILENO, &status), 0);
	device = status.st_dev + (stream == STREAM_OTHER_DEVICE ? 1 : 0);
	inode = status.st_ino + (stream == STREAM_OTHER_INODE ? 1 : 0);
	(void)snprintf(text, sizeof(text), stream == STREAM_HALF ? "%llu" : "%llu:%llu", device,
	               inode);
	if (stream != STREAM_NONE) {
		assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
	}
}

/* Gives what is written at each level. */
static char *levels_written(enum log_format format, enum stream stream)
{
	struct log_capture capture;

	log_capture_start(&capture);
	set_stream(stream);
	log_configure(LOG_LEVEL_DEBUG, format);
	log_error(&scope, "t.error", "a\nb");
	log_warn(NULL, "t.warn", "-");
	log_info(NULL, "t.info", "-");
	log_debug(NULL, "t.debug", "-");
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	return log_capture_stop(&capture);
}

#define JOURNAL_LINES                                                                           \
	"<3>irc[7] 192.0.2.1:4711 t.error: a\\u000ab\n<4>t.warn: -\n<6>t.info: -\n<7>t.debug: " \
	"-\n"

/* sd-daemon(3): a line's priority stands in angle brackets before it; the journal has the time. */
static void test_log_gives_the_journal_priorities_and_no_time(void **state)
{
	char *text = levels_written(LOG_FORMAT_JOURNAL, STREAM_NONE);

	(void)state;
	assert_string_equal(text, JOURNAL_LINES);
	free(text);
}

/* systemd.exec(5), $JOURNAL_STREAM: the very descriptor is the journal's, or it is not. */
static void test_log_knows_the_journal(void **state)
{
	char *text = levels_written(LOG_FORMAT_AUTO, STREAM_OUTPUT);

	(void)state;
	assert_string_equal(text, JOURNAL_LINES);
	free(text);
	for (int i = STREAM_NONE; i <= STREAM_HALF; i++) {
		if (i == STREAM_OUTPUT) {
			continue;
		}
		text = levels_written(LOG_FORMAT_AUTO, (enum stream)i);
		assert_non_null(strstr(text, "Z info t.info: -\n"));
		assert_null(strchr(text, '<'));
		free(text);
	}
}

/* log.h: JSON in the journal has priorities, too, which it takes off; elsewhere there are none, and
 * plain is plain. */
static void test_log_gives_json_priorities_in_the_journal_alone(void **state)
{
	char *text = levels_written(LOG_FORMAT_JSON, STREAM_OUTPUT);

	(void)state;
	assert_memory_equal(text, "<3>{\"@timestamp\"", 16);
	assert_non_null(strstr(text, "\n<7>{\"@timestamp\""));
	free(text);
	text = levels_written(LOG_FORMAT_JSON, STREAM_NONE);
	assert_null(strchr(text, '<'));
	free(text);
	text = levels_written(LOG_FORMAT_PLAIN, STREAM_OUTPUT);
	assert_null(strchr(text, '<'));
	free(text);
}

/* log.h: there is room until nobody reads any more, and again when someone does. */
static void test_log_sees_whether_there_is_room(void **state)
{
	int standard_output = dup(STDOUT_FILENO);
	char block[4096] = {0};
	int ends[2];

	(void)state;
	(void)fflush(stdout);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	assert_true(log_has_room());
	while (write(ends[1], block, sizeof(block)) > 0) {}
	assert_false(log_has_room());
	assert_int_equal(read(ends[0], block, sizeof(block)), sizeof(block));
	assert_true(log_has_room());
	assert_int_equal(dup2(standard_output, STDOUT_FILENO), STDOUT_FILENO);
	(void)close(standard_output);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* log.h: every word of a form is read back, and no other is. */
static void test_log_reads_the_words_of_its_forms(void **state)
{
	enum log_format format = LOG_FORMAT_JSON;

	(void)state;
	for (int i = LOG_FORMAT_AUTO; i <= LOG_FORMAT_JOURNAL; i++) {
		assert_true(log_format_parse(log_format_name((enum log_format)i), &format));
		assert_int_equal(format, i);
	}
	assert_false(log_format_parse("xml", &format));
	assert_int_equal(format, LOG_FORMAT_JOURNAL);
}

/* log.h: nothing below the level is written; a new level counts at once. */
static void test_log_writes_nothing_below_its_level(void **state)
{
	struct log_capture capture;
	char *text;

	(void)state;
	log_capture_start(&capture);
	log_configure(LOG_LEVEL_WARN, LOG_FORMAT_PLAIN);
	log_debug(NULL, "t.debug", "-");
	log_info(NULL, "t.info", "-");
	log_warn(NULL, "t.warn", "-");
	log_error(NULL, "t.error", "-");
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_PLAIN);
	log_debug(NULL, "t.later", "-");
	text = log_capture_stop(&capture);
	assert_null(strstr(text, "t.debug"));
	assert_null(strstr(text, "t.info"));
	assert_non_null(strstr(text, "warn t.warn: -\n"));
	assert_non_null(strstr(text, "error t.error: -\n"));
	assert_non_null(strstr(text, "debug t.later: -\n"));
	free(text);
}

static int evaluations;

static const char *expensive(void)
{
	evaluations += 1;
	return "text";
}

/* log.h: the macros do not even evaluate their arguments below the level. */
static void test_log_evaluates_no_argument_below_its_level(void **state)
{
	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_PLAIN);
	evaluations = 0;
	log_debug(NULL, "t.debug", "%s", expensive());
	assert_int_equal(evaluations, 0);
}

/* log.h: no text can end a record or steer the terminal that shows it. */
static void test_log_escapes_control_characters(void **state)
{
	(void)state;
	assert_written("a\r\nforged", "a\\u000d\\u000aforged");
	assert_written("\t", "\\u0009");
	assert_written("\x1b[2J", "\\u001b[2J");
	assert_written("\x7f", "\\u007f");
	assert_written("\xc2\x80\xc2\x9b\xc2\x9f", "\\u0080\\u009b\\u009f");
	assert_written("\xc2\xa0", "\xc2\xa0"); /* the first one behind C1 is text */
}

/* log.h: line and paragraph separators end a line for some readers. */
static void test_log_escapes_line_and_paragraph_separators(void **state)
{
	(void)state;
	assert_written("a\xe2\x80\xa8z", "a\\u2028z");
	assert_written("a\xe2\x80\xa9z", "a\\u2029z");
}

/* log.h: bidirectional controls can make a line read as another one; all twelve of UAX #9. */
static void test_log_escapes_bidirectional_controls(void **state)
{
	(void)state;
	assert_written("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u200e\\u200f\\u061c");
	assert_written("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac", "\\u202a\\u202b\\u202c");
	assert_written("\xe2\x80\xad\xe2\x80\xae", "\\u202d\\u202e");
	assert_written("\xe2\x81\xa6\xe2\x81\xa7", "\\u2066\\u2067");
	assert_written("\xe2\x81\xa8\xe2\x81\xa9", "\\u2068\\u2069");
}

/* log.h: other text stays readable as it is; a backslash is doubled, so escapes are unambiguous. */
static void test_log_leaves_text_alone(void **state)
{
	(void)state;
	assert_written("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9d\x84\x9e",
	               "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9d\x84\x9e");
	assert_written("say \"hi\"", "say \"hi\"");
	assert_written("\\u000a", "\\\\u000a");
}

/* log.h: what is not UTF-8 is replaced, and what follows it survives. */
static void test_log_replaces_bytes_that_are_not_utf8(void **state)
{
	(void)state;
	assert_written("a\xffz", "a" REPLACEMENT "z");
	assert_written("a\xe9z", "a" REPLACEMENT "z");
	assert_written("cut \xe2\x82", "cut " REPLACEMENT);
	assert_written("real " REPLACEMENT, "real " REPLACEMENT);
}

/* RFC 3629 §3: a surrogate is no character; how many replacements it leaves is open. */
static void test_log_lets_no_surrogate_pass(void **state)
{
	char *line = record_of(LOG_FORMAT_JSON, "a\xed\xa0\x80z");
	json_t *record = parse(line);
	const char *message = member(record, "message");

	(void)state;
	assert_memory_equal(message, "a" REPLACEMENT, 4);
	assert_int_equal(message[strlen(message) - 1], 'z');
	json_decref(record);
	free(line);
}

/* log.h: a peer's name is a peer's text too. */
static void test_log_escapes_the_peer(void **state)
{
	const struct log_scope hostile = {.name = "irc", .peer = "a\nb\"c", .id = 1};
	struct log_capture capture;
	json_t *record;
	char *line;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_capture_start(&capture);
	log_info(&hostile, "t.peer", "-");
	line = log_capture_stop(&capture);
	record = parse(line);
	assert_string_equal(member(record, "source.address"), "a\nb\"c");
	assert_null(json_object_get(record, "source.ip"));
	json_decref(record);
	free(line);
}

/* RFC 8259 §7: whatever the text, the JSON form parses and gives the text back. */
static void test_log_json_gives_back_what_was_said(void **state)
{
	static const char text[] = "\"quoted\" \\ \r\n\t\x1b\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xae"
				   "caf\xc3\xa9 \xf0\x9d\x84\x9e";
	char *line = record_of(LOG_FORMAT_JSON, text);
	json_t *record = parse(line);

	(void)state;
	assert_string_equal(member(record, "message"), text);
	json_decref(record);
	free(line);
}

/* log.h: a record is at most LOG_LINE_MAX bytes and ends as it must, however long its text. */
static void test_log_cuts_a_record_that_is_too_long(void **state)
{
	static const char *const fillers[] = {"x", "\x1b", "\xf0\x9d\x84\x9e", "\xff"};
	char text[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		const size_t step = strlen(fillers[i]);
		size_t length = 0;
		char *line;

		for (; length + step < sizeof(text); length += step) {
			memcpy(text + length, fillers[i], step);
		}
		text[length] = '\0';
		line = record_of(LOG_FORMAT_JSON, text);
		assert_true(strlen(line) <= LOG_LINE_MAX);
		json_decref(parse(line));
		free(line);
		line = record_of(LOG_FORMAT_PLAIN, text);
		assert_true(strlen(line) <= LOG_LINE_MAX);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		free(line);
	}
}

/* RFC 8259 §7: a cut never falls between a backslash and what it escapes, wherever it falls. */
static void test_log_cuts_no_escape_in_two(void **state)
{
	char text[2048];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < 8; i++) {
		char *line = record_of(LOG_FORMAT_JSON, text);

		json_decref(parse(line));
		free(line);
		text[i] = 'x'; /* the next one is a byte shorter when written */
	}
}

/* log.h: a log that nobody reads any more does not stop the service. */
static void test_log_goes_on_when_the_output_is_gone(void **state)
{
	int standard_output = dup(STDOUT_FILENO);

	(void)state;
	(void)fflush(stdout);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_PLAIN);
	(void)close(STDOUT_FILENO);
	log_info(NULL, "t.closed", "-");
	assert_int_equal(dup2(standard_output, STDOUT_FILENO), STDOUT_FILENO);
	(void)close(standard_output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_plain_record_has_its_parts_in_order),
	    cmocka_unit_test(test_log_leaves_out_what_a_scope_has_not),
	    cmocka_unit_test(test_log_json_record_is_one_object_with_fields),
	    cmocka_unit_test(test_log_json_record_without_a_scope_has_no_scope_fields),
	    cmocka_unit_test(test_log_plain_record_has_no_fields),
	    cmocka_unit_test(test_log_gives_the_journal_priorities_and_no_time),
	    cmocka_unit_test(test_log_knows_the_journal),
	    cmocka_unit_test(test_log_gives_json_priorities_in_the_journal_alone),
	    cmocka_unit_test(test_log_sees_whether_there_is_room),
	    cmocka_unit_test(test_log_reads_the_words_of_its_forms),
	    cmocka_unit_test(test_log_writes_nothing_below_its_level),
	    cmocka_unit_test(test_log_evaluates_no_argument_below_its_level),
	    cmocka_unit_test(test_log_escapes_control_characters),
	    cmocka_unit_test(test_log_escapes_line_and_paragraph_separators),
	    cmocka_unit_test(test_log_escapes_bidirectional_controls),
	    cmocka_unit_test(test_log_leaves_text_alone),
	    cmocka_unit_test(test_log_replaces_bytes_that_are_not_utf8),
	    cmocka_unit_test(test_log_lets_no_surrogate_pass),
	    cmocka_unit_test(test_log_escapes_the_peer),
	    cmocka_unit_test(test_log_json_gives_back_what_was_said),
	    cmocka_unit_test(test_log_cuts_a_record_that_is_too_long),
	    cmocka_unit_test(test_log_cuts_no_escape_in_two),
	    cmocka_unit_test(test_log_goes_on_when_the_output_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
