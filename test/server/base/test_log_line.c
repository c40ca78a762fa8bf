/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/log_line: a line that is cut, wherever that is. */
#include "server/base/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_holds(const struct log_line *line, const char *text)
{
	assert_int_equal(line->length, strlen(text));
	assert_memory_equal(line->bytes, text, line->length);
}

/* log_line.h: what does not fit is left out whole, and so is all that comes behind it. */
static void test_log_line_has_no_holes(void **state)
{
	struct log_line line = {.room = 8};

	(void)state;
	log_line_put_text(&line, "abc");
	log_line_put_number(&line, 12345);
	assert_holds(&line, "abc12345");
	assert_false(line.is_full);
	line.length = 3;
	log_line_put_number(&line, 123456);
	assert_true(line.is_full);
	log_line_put_text(&line, "d");
	assert_holds(&line, "abc");
}

/* RFC 8259 §7, log_line.h: a cut leaves every escape and every character whole. */
static void test_log_line_is_cut_between_characters(void **state)
{
	static const char text[] = "a\"\\\n\xf0\x9d\x84\x9e\xff\xe2\x80\xae";
	static const char *const steps[] = {
	    "",
	    "a",
	    "a\\\"",
	    "a\\\"\\\\",
	    "a\\\"\\\\\\u000a",
	    "a\\\"\\\\\\u000a\xf0\x9d\x84\x9e",
	    "a\\\"\\\\\\u000a\xf0\x9d\x84\x9e\xef\xbf\xbd",
	    "a\\\"\\\\\\u000a\xf0\x9d\x84\x9e\xef\xbf\xbd\\u202e",
	};
	size_t step = 0;

	(void)state;
	for (size_t room = 0; room < 40; room++) {
		struct log_line line = {.room = room};

		while (step + 1 < sizeof(steps) / sizeof(steps[0]) &&
		       strlen(steps[step + 1]) <= room) {
			step++;
		}
		log_line_put_escaped(&line, text, true);
		assert_holds(&line, steps[step]);
	}
	assert_int_equal(step + 1, sizeof(steps) / sizeof(steps[0]));
}

/* RFC 3339 §5.6, with milliseconds. */
static void test_log_line_has_a_time(void **state)
{
	struct log_line line = {.room = LOG_LINE_MAX};
	int end = 0;

	(void)state;
	log_line_put_time(&line);
	line.bytes[line.length] = '\0';
	(void)sscanf(line.bytes, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &end);
	assert_int_equal(end, strlen("2024-01-01T00:00:00.000Z"));
	assert_int_equal(line.length, end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_line_has_no_holes),
	    cmocka_unit_test(test_log_line_is_cut_between_characters),
	    cmocka_unit_test(test_log_line_has_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
