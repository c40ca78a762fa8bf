/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/subscription: wildcard patterns as Python's fnmatchcase() reads them. */
#include "server/feed/subscription.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

/* Undo the escapes of fnmatch.tsv, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		*to++ = (char)(*from == 't'   ? '\t'
		               : *from == 'n' ? '\n'
		               : *from == 'r' ? '\r'
		                              : '\\');
	}
	*to = '\0';
}

/*
 * Match copies that are exactly as long as they say, so that AddressSanitizer sees a
 * look behind the end.
 */
static bool matches_copies(const char *pattern, const char *name)
{
	size_t pattern_length = strlen(pattern);
	size_t name_length = strlen(name);
	char *pattern_copy = mem_resize(NULL, pattern_length + 1);
	char *name_copy = mem_resize(NULL, name_length + 1);
	bool matches;

	/* Copied to the end of the block: a byte before it is as wrong as one behind it. */
	memcpy(pattern_copy + 1, pattern, pattern_length);
	memcpy(name_copy + 1, name, name_length);
	matches =
	    subscription_matches((struct text){.bytes = pattern_copy + 1, .length = pattern_length},
	                         (struct text){.bytes = name_copy + 1, .length = name_length});
	free(pattern_copy);
	free(name_copy);
	return matches;
}

/* RCStream matched with fnmatch.fnmatch(): fnmatch_table.py has the cases and wrote the answers. */
static void test_subscription_matches_as_python_does(void **state)
{
	FILE *file = fopen(TEST_DATA "/feed/fnmatch.tsv", "r");
	char line[2048];
	size_t cases = 0;
	size_t wrong = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *name = strchr(line, '\t');
		char *answer = name != NULL ? strchr(name + 1, '\t') : NULL;

		assert_non_null(answer);
		*name++ = '\0';
		*answer++ = '\0';
		unescape(line);
		unescape(name);
		cases++;
		if (matches_copies(line, name) != (*answer == '1')) {
			print_error("\"%s\" on \"%s\": want %c\n", line, name, *answer);
			wrong++;
		}
	}
	(void)fclose(file);
	assert_true(cases > 5000);
	assert_int_equal(wrong, 0);
}

/* subscription.h: a '*', a '?' or a '[' makes a pattern; nothing else does. */
static void test_subscription_knows_a_pattern(void **state)
{
	(void)state;
	assert_true(subscription_is_pattern(text_of("*")));
	assert_true(subscription_is_pattern(text_of("en.wiki?edia.org")));
	assert_true(subscription_is_pattern(text_of("a[")));
	assert_false(subscription_is_pattern(text_of("en.wikipedia.org")));
	assert_false(subscription_is_pattern(text_of("a]!-\\^")));
	assert_false(subscription_is_pattern((struct text){.bytes = "a*", .length = 1}));
}

/* Seconds for `rounds` matches of a pattern of SUBSCRIPTION_TEXT_MAX bytes: `unit` over and over.
 */
static double time_matching(const char *unit, char letter, int rounds)
{
	static char pattern[SUBSCRIPTION_TEXT_MAX];
	static char name[SUBSCRIPTION_TEXT_MAX];
	clock_t start = clock();

	for (size_t i = 0; i < sizeof(pattern); i++) {
		pattern[i] = unit[i % strlen(unit)];
		name[i] = letter;
	}
	for (int i = 0; i < rounds; i++) {
		(void)subscription_matches(
		    (struct text){.bytes = pattern, .length = sizeof(pattern)},
		    (struct text){.bytes = name, .length = sizeof(name)});
	}
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/*
 * subscription.h: time is at most the product of the lengths, 10^6 steps here, where
 * trying every star anew is exponential, and looking for the ']' of every '[' anew is
 * a billion.
 */
static void test_subscription_patterns_cannot_be_made_slow(void **state)
{
	(void)state;
	assert_true(time_matching("*a", 'a', 1) < 0.5);
	assert_true(time_matching("*a*ab", 'a', 1) < 0.5);
	assert_true(time_matching("*?", 'a', 1) < 0.5);
	assert_true(time_matching("*[", '[', 1) < 0.5);
	assert_true(time_matching("[", '[', 20) < 0.5);
	assert_true(time_matching("*[!b]", 'a', 1) < 0.5);
}

/* The same with one star before many unclosed '[': each of them is met again for each start. */
static void test_subscription_unclosed_sets_cannot_be_made_slow(void **state)
{
	static char pattern[SUBSCRIPTION_TEXT_MAX];
	static char name[SUBSCRIPTION_TEXT_MAX];
	clock_t start = clock();

	(void)state;
	memset(pattern, '[', sizeof(pattern));
	memset(name, '[', sizeof(name));
	pattern[0] = '*';
	pattern[sizeof(pattern) / 2] = 'x';
	assert_false(
	    subscription_matches((struct text){.bytes = pattern, .length = sizeof(pattern)},
	                         (struct text){.bytes = name, .length = sizeof(name)}));
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.2);
}

/* The same with a long set that a star tries at each character: it is read once. */
static void test_subscription_long_sets_cannot_be_made_slow(void **state)
{
	static char pattern[SUBSCRIPTION_TEXT_MAX];
	static char name[SUBSCRIPTION_TEXT_MAX];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++) {
		pattern[i] = "a-c"[i % 3];
	}
	memset(name, 'e', sizeof(name));
	name[sizeof(name) - 1] = 'd';
	memcpy(pattern, "*[", 2);
	memcpy(pattern + sizeof(pattern) - 2, "]d", 2);
	for (int i = 0; i < 100; i++) {
		assert_false(
		    subscription_matches((struct text){.bytes = pattern, .length = sizeof(pattern)},
		                         (struct text){.bytes = name, .length = sizeof(name)}));
	}
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_subscription_matches_as_python_does),
	    cmocka_unit_test(test_subscription_knows_a_pattern),
	    cmocka_unit_test(test_subscription_patterns_cannot_be_made_slow),
	    cmocka_unit_test(test_subscription_unclosed_sets_cannot_be_made_slow),
	    cmocka_unit_test(test_subscription_long_sets_cannot_be_made_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
