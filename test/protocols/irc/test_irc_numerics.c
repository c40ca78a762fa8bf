/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_numerics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/irc/irc_message.h"

#define ARGUMENTS_MAX 7

static const char *const arguments[ARGUMENTS_MAX + 1] = {"one",  "two", "three", "four",
                                                         "five", "six", "seven", NULL};

static void write_numeric(struct buffer *out, enum irc_numeric numeric)
{
	size_t count = irc_numeric_arguments(numeric);

	assert_true(count <= ARGUMENTS_MAX);
	/* The first ones would end too late: take the last ones. */
	irc_numeric_write(out, numeric, "irc.example.org", "nick",
	                  arguments + ARGUMENTS_MAX - count);
}

/* Every row makes one line with source, number of three digits and nick, and nothing left to fill
 * in. */
static void test_irc_numerics_all_make_a_line(void **state)
{
	(void)state;
	for (enum irc_numeric numeric = 0; numeric < IRC_NUMERICS; numeric++) {
		struct buffer out = {0};
		char start[64];

		write_numeric(&out, numeric);
		(void)snprintf(start, sizeof(start), ":irc.example.org %03u nick ",
		               irc_numeric_number(numeric));
		assert_memory_equal(out.bytes, start, strlen(start));
		assert_true(out.length <= IRC_LINE_MAX);
		assert_memory_equal(out.bytes + out.length - 2, "\r\n", 2);
		assert_null(memchr(out.bytes, '%', out.length));
		assert_ptr_equal(memchr(out.bytes, '\r', out.length), out.bytes + out.length - 2);
		buffer_finish(&out);
	}
}

/* In the order of their numbers, each once; and no other directive of printf() than "%s". */
static void test_irc_numerics_are_in_order(void **state)
{
	(void)state;
	for (enum irc_numeric numeric = 0; numeric + 1 < IRC_NUMERICS; numeric++) {
		assert_true(irc_numeric_number(numeric) < irc_numeric_number(numeric + 1));
	}
	assert_true(irc_numeric_number(IRC_NUMERICS - 1) < 1000);
}

/* A text from a configuration or a client ends nothing and overflows nothing. */
static void test_irc_numerics_cut_and_clean_their_arguments(void **state)
{
	struct buffer out = {0};
	char topic[2000];
	const char *const with_topic[] = {"#c", topic, NULL};

	(void)state;
	memset(topic, 'x', sizeof(topic));
	memcpy(topic, "a\r\nb", 4);
	topic[sizeof(topic) - 1] = '\0';
	irc_numeric_write(&out, RPL_TOPIC, "S", "nick", with_topic);
	assert_int_equal(out.length, IRC_LINE_MAX);
	assert_memory_equal(out.bytes, ":S 332 nick #c :abxxx", 21);
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_numerics_all_make_a_line),
	    cmocka_unit_test(test_irc_numerics_are_in_order),
	    cmocka_unit_test(test_irc_numerics_cut_and_clean_their_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
