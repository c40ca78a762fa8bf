/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"
#include "server/feed/subscription.h"

static struct text text_of(const char *name)
{
	return (struct text){name, strlen(name)};
}

/* RFC 2812 §2.3.1: names are separated by commas; spaces and empty ones are forgiven. */
static void test_irc_name_next_takes_a_list_apart(void **state)
{
	static const char *const wanted[] = {"#a", "b c", "#d"};
	const char *list = ", #a ,,\tb c\t,#d ,  ";
	struct irc_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_true(irc_name_next(&list, &name));
		assert_string_equal(name.text, wanted[i]);
	}
	assert_false(irc_name_next(&list, &name));
	assert_false(irc_name_next(&list, &name));
	assert_string_equal(list, "");
}

/* A line's longest parameter fits. */
static void test_irc_name_next_takes_the_longest(void **state)
{
	char longest[3 * IRC_TEXT_MAX + 1];
	const char *list = longest;
	struct irc_name name;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(irc_name_next(&list, &name));
	assert_string_equal(name.text, longest);
}

/* CASEMAPPING=ascii: letters of ASCII and nothing else. */
static void test_irc_name_equals_without_ascii_case(void **state)
{
	(void)state;
	assert_true(irc_name_equals("#En.Wiki", "#eN.wIKI"));
	assert_true(irc_name_equals("", ""));
	assert_false(irc_name_equals("a", ""));
	assert_false(irc_name_equals("", "a"));
	assert_false(irc_name_equals("[", "{"));
	assert_false(irc_name_equals("\xc3\x84", "\xc3\xa4"));
	assert_int_equal(irc_name_fold('Z'), 'z');
	assert_int_equal(irc_name_fold('@'), '@');
	assert_int_equal(irc_name_fold('['), '[');
}

/* A mask is a channel's name with '*' or '?' in it; '[' is none of it, though the bus reads it. */
static void test_irc_name_is_mask_knows_wildcard_channels(void **state)
{
	static const char *const masks[] = {"#*",
	                                    "#?",
	                                    "#*.wikipedia",
	                                    "#en.*",
	                                    "#e?.wiktionary",
	                                    "#**",
	                                    "#a23456789b123456789c123456789d123456789e12345678*"};
	static const char *const others[] = {"",
	                                     "*",
	                                     "?",
	                                     "*#",
	                                     "#",
	                                     "#en.wikipedia",
	                                     "#[a-z]*",
	                                     "#*!",
	                                     "#* ",
	                                     "#*,",
	                                     "*.wikipedia",
	                                     "&*",
	                                     "#\xc3\xa9*",
	                                     "##*",
	                                     "#*\a",
	                                     "#a23456789b123456789c123456789d123456789e123456789*"};

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		assert_true(irc_name_is_mask(text_of(masks[i])));
		assert_true(irc_name_has_wildcard(masks[i]));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (irc_name_is_mask(text_of(others[i]))) {
			fail_msg("%s is a mask", others[i]);
		}
	}
	assert_false(irc_name_is_mask((struct text){"#*\0", 3}));
	assert_false(irc_name_has_wildcard("#en.wikipedia"));
}

/* modern.ircdocs.horse, "Wildcard Expressions". */
static void test_irc_name_matches_masks(void **state)
{
	static const struct {
		const char *mask, *name;
		bool fits;
	} cases[] = {
	    {"*", "", true},
	    {"", "", true},
	    {"", "a", false},
	    {"?", "", false},
	    {"?", "a", true},
	    {"*wiktionary", "#en.wiktionary", true},
	    {"#EN.*", "#en.wiktionary", true},
	    {"#en.*", "#EN.Wiktionary", true},
	    {"#??.*", "#en.wikipedia", true},
	    {"#??.*", "#ceb.wikipedia", false},
	    {"#*.wikipedia", "#en.wikipediaX", false},
	    {"#*.wiki*ia", "#en.wikipedia.wikimedia", true},
	    {"*a*b*c*", "xxabxbxxcx", true},
	    {"*a*b*c", "xxabxbxxcx", false},
	    {"a***", "a", true},
	    {"#[ab]", "#a", false},
	    {"#[ab]", "#[ab]", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (irc_name_matches(cases[i].mask, cases[i].name) != cases[i].fits) {
			fail_msg("\"%s\", \"%s\"", cases[i].mask, cases[i].name);
		}
	}
}

/* What LIST shows for a mask is what JOIN of it brings: the bus agrees, in 20,000 random pairs. */
static void test_irc_name_matches_as_the_bus_does(void **state)
{
	unsigned seed = 20261122;
	size_t fits = 0;

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		char mask[8] = "", name[10] = "";

		for (size_t at = 0; at < (size_t)(rand_r(&seed) % 8); at++) {
			mask[at] = "ab*?"[rand_r(&seed) % 4];
		}
		for (size_t at = 0; at < (size_t)(rand_r(&seed) % 10); at++) {
			name[at] = "ab"[rand_r(&seed) % 2];
		}
		mask[7] = '\0';
		name[9] = '\0';
		assert_int_equal(irc_name_matches(mask, name),
		                 subscription_matches(text_of(mask), text_of(name)));
		fits += irc_name_matches(mask, name);
	}
	assert_true(fits > 1000 && fits < 19000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_name_next_takes_a_list_apart),
	    cmocka_unit_test(test_irc_name_next_takes_the_longest),
	    cmocka_unit_test(test_irc_name_equals_without_ascii_case),
	    cmocka_unit_test(test_irc_name_is_mask_knows_wildcard_channels),
	    cmocka_unit_test(test_irc_name_matches_masks),
	    cmocka_unit_test(test_irc_name_matches_as_the_bus_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
