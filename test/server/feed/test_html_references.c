/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/html_references.h"

#include "test/server/feed/records.h"

static const char *const names[] = {
#define HTML_REFERENCE(name, text) name,
#include "server/feed/html_references.def"
#undef HTML_REFERENCE
};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* bsearch() needs it. */
static void test_html_references_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < NAMES; i++) {
		if (strcmp(names[i - 1], names[i]) >= 0) {
			fail_msg("\"%s\" stands before \"%s\"", names[i - 1], names[i]);
		}
	}
}

/* HTML has 2125 names that end in a semicolon, MediaWiki two more. */
static void test_html_references_are_all_found(void **state)
{
	json_t *wanted = json_load_file(TEST_DATA "/rcfeed/named-references.json", 0, NULL);
	const char *name;
	json_t *text;

	(void)state;
	assert_non_null(wanted);
	assert_int_equal(json_object_size(wanted), 2125);
	assert_int_equal(NAMES, 2125 + 2);
	json_object_foreach(wanted, name, text)
	{
		const char *met = html_references_find((struct text){name, strlen(name) - 1});

		assert_non_null(met);
		assert_string_equal(met, json_string_value(text));
	}
	json_decref(wanted);
	assert_string_equal(html_references_find(TEXT("\327\250\327\234\327\236")), "\342\200\217");
	assert_string_equal(html_references_find(TEXT("\330\261\331\204\331\205")), "\342\200\217");
}

/* The clean-up looks no further than HTML_REFERENCE_NAME_MAX for the semicolon. */
static void test_html_references_have_no_longer_name_than_they_say(void **state)
{
	size_t longest = 0;

	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		longest = strlen(names[i]) > longest ? strlen(names[i]) : longest;
	}
	assert_int_equal(longest, HTML_REFERENCE_NAME_MAX);
}

static void test_html_references_do_not_find_other_names(void **state)
{
	(void)state;
	assert_null(html_references_find(TEXT("")));
	assert_null(html_references_find(TEXT("Amp")));
	assert_null(html_references_find(TEXT("amp;")));
	assert_null(html_references_find(TEXT("zwnjx")));
	assert_null(html_references_find(TEXT("CounterClockwiseContourIntegralX")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_html_references_are_sorted),
	    cmocka_unit_test(test_html_references_are_all_found),
	    cmocka_unit_test(test_html_references_have_no_longer_name_than_they_say),
	    cmocka_unit_test(test_html_references_do_not_find_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
