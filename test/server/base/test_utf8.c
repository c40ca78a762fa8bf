/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/utf8: what is well-formed, and where it may be cut. */
#include "server/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* a, é, €, 𝄞: characters of one, two, three and four bytes. */
static const char mixed[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e";

/* RFC 3629 §4: the first and last code point of each row of its grammar. */
static const char *const valid[] = {
    "",
    "plain ASCII",
    "\x7f",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xed\x9f\xbf", /* U+D7FF, the last one before the surrogates */
    "\xee\x80\x80", /* U+E000, the first one behind them */
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    mixed,
};

/* RFC 3629 §3 and §10: what a decoder must not take. */
static const char *const malformed[] = {
    "\x80",             /* a continuation with no start */
    "a\xbf",            /* the same behind a character */
    "\xc3",             /* a start with no continuation */
    "\xe2\x82",         /* one byte short */
    "\xf0\x9d\x84",     /* one byte short */
    "\xc3(",            /* a start before another character */
    "\xc0\x80",         /* overlong NUL */
    "\xc1\xbf",         /* overlong in two bytes */
    "\xe0\x9f\xbf",     /* overlong in three */
    "\xf0\x8f\xbf\xbf", /* overlong in four */
    "\xed\xa0\x80",     /* the first surrogate */
    "\xed\xbf\xbf",     /* the last one */
    "\xf4\x90\x80\x80", /* U+110000 */
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
    "caf\xe9 au lait", /* Latin-1 */
};

/* RFC 3629 §4. */
static void test_utf8_takes_every_well_formed_sequence(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(valid); i++) {
		if (!utf8_is_valid(valid[i], strlen(valid[i]))) {
			fail_msg("valid[%zu] was refused", i);
		}
	}
	assert_true(utf8_is_valid("a\0b", 3));
}

/* RFC 3629 §3 and §10. */
static void test_utf8_refuses_every_malformed_sequence(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(malformed); i++) {
		if (utf8_is_valid(malformed[i], strlen(malformed[i]))) {
			fail_msg("malformed[%zu] was taken", i);
		}
	}
}

/* utf8.h: the length is a limit; a sequence cut by it is malformed. */
static void test_utf8_looks_no_further_than_the_length(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("a\xff", 1));
	assert_true(utf8_is_valid("\xc3\xa9", 2));
	assert_false(utf8_is_valid("\xc3\xa9", 1));
}

/* Whether `sequence` is taken between so many letters. */
static bool is_valid_between(size_t before, const char *sequence, size_t behind)
{
	char bytes[64];
	size_t length = strlen(sequence);

	assert_true(before + length + behind <= sizeof(bytes));
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes + before, sequence, length);
	return utf8_is_valid(bytes, before + length + behind);
}

/* utf8.h: wherever it stands; ASCII is looked at by the word, and what is between by itself. */
static void test_utf8_judges_the_same_at_every_place(void **state)
{
	(void)state;
	for (size_t place = 0; place < (size_t)18 * 18; place++) {
		size_t before = place / 18;
		size_t behind = place % 18;

		for (size_t i = 0; i < LENGTH(valid); i++) {
			assert_true(is_valid_between(before, valid[i], behind));
		}
		for (size_t i = 0; i < LENGTH(malformed); i++) {
			assert_false(is_valid_between(before, malformed[i], behind));
		}
	}
}

/* utf8.h: what fits stays whole, at the limit too. */
static void test_utf8_cuts_nothing_that_fits(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut(mixed, strlen(mixed), strlen(mixed)), strlen(mixed));
	assert_int_equal(utf8_cut(mixed, strlen(mixed), 4096), strlen(mixed));
	assert_int_equal(utf8_cut("", 0, 0), 0);
}

/* utf8.h: the longest part that cuts no character, for every possible limit. */
static void test_utf8_cuts_between_characters(void **state)
{
	static const size_t cut[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};

	(void)state;
	assert_int_equal(LENGTH(cut), sizeof(mixed));
	for (size_t length_max = 0; length_max < LENGTH(cut); length_max++) {
		assert_int_equal(utf8_cut(mixed, strlen(mixed), length_max), cut[length_max]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utf8_takes_every_well_formed_sequence),
	    cmocka_unit_test(test_utf8_refuses_every_malformed_sequence),
	    cmocka_unit_test(test_utf8_looks_no_further_than_the_length),
	    cmocka_unit_test(test_utf8_judges_the_same_at_every_place),
	    cmocka_unit_test(test_utf8_cuts_nothing_that_fits),
	    cmocka_unit_test(test_utf8_cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
