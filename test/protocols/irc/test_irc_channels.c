/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_channels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct text name_text(const char *name)
{
	return (struct text){name, strlen(name)};
}

/* CASEMAPPING=ascii: one channel for all spellings, which is shown in its first. */
static void test_irc_channels_are_found_in_any_case(void **state)
{
	struct irc_channels channels = {0};
	struct irc_channel *channel = irc_channel_create(name_text("#En.Wikipedia"));

	(void)state;
	assert_true(irc_channels_add(&channels, channel));
	assert_ptr_equal(irc_channels_find(&channels, name_text("#en.wikipedia")), channel);
	assert_ptr_equal(irc_channels_find(&channels, name_text("#EN.WIKIPEDIA")), channel);
	assert_string_equal(channel->name, "#En.Wikipedia");
	assert_null(irc_channels_find(&channels, name_text("#en.wikipedi")));
	assert_null(irc_channels_find(&channels, name_text("#en.wikipediaa")));
	irc_channels_finish(&channels);
	free(channel);
}

/* A name that could not be joined is in no set, however long or odd it is. */
static void test_irc_channels_find_no_invalid_name(void **state)
{
	static const char *const invalid[] = {"", "#", "en", "#a b", "#a,b", "#\x07", "#\xc3\xa9"};
	struct irc_channels channels = {0};
	char longest[WIKI_CHANNEL_MAX + 2] = "#";

	(void)state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		assert_null(irc_channels_find(&channels, name_text(invalid[i])));
	}
	memset(longest + 1, 'x', WIKI_CHANNEL_MAX);
	assert_null(irc_channels_find(&channels, name_text(longest)));
}

/* Sorted whatever the order of coming and going; each once. */
static void test_irc_channels_stay_sorted(void **state)
{
	enum { COUNT = 500 };
	struct irc_channels channels = {0};
	struct irc_channel *made[COUNT];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		char name[16];

		/* 197 and 500 have no common divisor: every number once, in disorder. */
		(void)snprintf(name, sizeof(name), i % 2 != 0 ? "#c%03u" : "#C%03u",
		               i * 197 % COUNT);
		made[i] = irc_channel_create(name_text(name));
		assert_true(irc_channels_add(&channels, made[i]));
		assert_false(irc_channels_add(&channels, made[i]));
	}
	for (unsigned i = 0; i < COUNT; i += 3) {
		assert_true(irc_channels_remove(&channels, made[i]));
		assert_false(irc_channels_remove(&channels, made[i]));
		assert_false(irc_channels_has(&channels, made[i]));
	}
	assert_int_equal(channels.count, COUNT - (COUNT + 2) / 3);
	for (size_t i = 0; i + 1 < channels.count; i++) {
		assert_true(strcmp(channels.items[i]->folded, channels.items[i + 1]->folded) < 0);
		assert_int_equal(irc_channels_rank(&channels, channels.items[i]), i);
		assert_int_equal(irc_channels_rank_behind(&channels, channels.items[i]->folded),
		                 i + 1);
		assert_true(irc_channels_has(&channels, channels.items[i]));
	}
	/* The first was taken out again: what stands behind it is what stood there. */
	assert_int_equal(irc_channels_rank_behind(&channels, made[0]->folded),
	                 irc_channels_rank(&channels, made[0]));
	assert_int_equal(irc_channels_rank_behind(&channels, "#"), 0);
	assert_int_equal(irc_channels_rank_behind(&channels, "#d"), channels.count);
	irc_channels_finish(&channels);
	assert_int_equal(channels.count, 0);
	for (size_t i = 0; i < COUNT; i++) {
		free(made[i]);
	}
}

/* ASCII letters only: no locale, and no rfc1459 with its braces. */
static void test_irc_names_fold_ascii_only(void **state)
{
	(void)state;
	assert_true(irc_name_equals("Reader", "rEADER"));
	assert_true(irc_name_equals("", ""));
	assert_false(irc_name_equals("reader", "readers"));
	assert_false(irc_name_equals("readers", "reader"));
	assert_false(irc_name_equals("a[", "a{"));
	assert_false(irc_name_equals("\xc3\x89", "\xc3\xa9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_channels_are_found_in_any_case),
	    cmocka_unit_test(test_irc_channels_find_no_invalid_name),
	    cmocka_unit_test(test_irc_channels_stay_sorted),
	    cmocka_unit_test(test_irc_names_fold_ascii_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
