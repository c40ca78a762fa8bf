/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/error: a sentence that is set once and prefixed as it rises. */
#include "server/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fill(char *text, size_t size, char with)
{
	memset(text, with, size - 1);
	text[size - 1] = '\0';
}

/* error.h: the sentence is composed where the facts are. */
static void test_error_holds_the_sentence_that_was_set(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, "\"%s\" is not a port (want 0 to %d)", "soon", 65535);
	assert_string_equal(error.text, "\"soon\" is not a port (want 0 to 65535)");
}

/* error.h: a later sentence replaces the earlier one. */
static void test_error_holds_the_last_sentence(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, "a much longer sentence that came first");
	error_set(&error, "second");
	assert_string_equal(error.text, "second");
}

/* error.h: each level on the way up puts "where" in front. */
static void test_error_prefixes_stand_outermost_first(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, "address in use");
	error_prefix(&error, "listen: ");
	error_prefix(&error, "%s[%u]: ", "irc", 2u);
	assert_string_equal(error.text, "irc[2]: listen: address in use");
}

/* error.h: a sentence too long is cut at the size of `text`, and ends there. */
static void test_error_cuts_a_sentence_that_is_too_long(void **state)
{
	struct error error;
	char text[1000];

	(void)state;
	fill(text, sizeof(text), 'x');
	error_set(&error, "%s", text);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_memory_equal(error.text, text, sizeof(error.text) - 1);
}

/* error.h: a prefix keeps its whole length; the end of the sentence gives way. */
static void test_error_cuts_the_end_when_a_prefix_fills_it(void **state)
{
	struct error error;
	char text[sizeof(error.text)];

	(void)state;
	fill(text, sizeof(text), 'x');
	error_set(&error, "%s", text);
	error_prefix(&error, "irc: ");
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_memory_equal(error.text, "irc: xx", 7);
	fill(text, sizeof(text), 'y');
	error_prefix(&error, "%s", text);
	assert_string_equal(error.text, text);
}

/* error.h: who does not want the sentence passes NULL. */
static void test_error_null_takes_nothing(void **state)
{
	(void)state;
	error_set(NULL, "%d", 1);
	error_prefix(NULL, "%d", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error_holds_the_sentence_that_was_set),
	    cmocka_unit_test(test_error_holds_the_last_sentence),
	    cmocka_unit_test(test_error_prefixes_stand_outermost_first),
	    cmocka_unit_test(test_error_cuts_a_sentence_that_is_too_long),
	    cmocka_unit_test(test_error_cuts_the_end_when_a_prefix_fills_it),
	    cmocka_unit_test(test_error_null_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
