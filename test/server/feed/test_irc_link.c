/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/irc_link.h"

#include "test/server/feed/records.h"

static void assert_both_ways(struct text plain, struct text title, struct text coloured)
{
	struct buffer out = {0};

	irc_link_colour(plain, title, &out);
	assert_texts_equal(buffer_text(&out), coloured);
	buffer_clear(&out);
	irc_link_uncolour(coloured, title, &out);
	assert_texts_equal(buffer_text(&out), plain);
	buffer_finish(&out);
}

/* MediaWiki colours each exact link to the target, also those in somebody's reason. */
static void test_irc_link_colours_every_link_to_the_title_and_back(void **state)
{
	(void)state;
	assert_both_ways(TEXT("[[A]]"), TEXT("A"), TEXT("[[\00302A\00310]]"));
	assert_both_ways(TEXT("x [[A]][[A]] y"), TEXT("A"),
	                 TEXT("x [[\00302A\00310]][[\00302A\00310]] y"));
	assert_both_ways(TEXT("[[[[A]]]]"), TEXT("A"), TEXT("[[[[\00302A\00310]]]]"));
	assert_both_ways(TEXT("[[07]]"), TEXT("07"), TEXT("[[\0030207\00310]]"));
	assert_both_ways(TEXT("[[a\0b]]"), TEXT("a\0b"), TEXT("[[\00302a\0b\00310]]"));
}

/* Case, underscores, a label or a reference make it another link. */
static void test_irc_link_leaves_other_links(void **state)
{
	static const char other[] = "[[a B]] [[A_B]] [[A B|x]] [[A&#32;B]] [[A B] ] [[A B";

	(void)state;
	assert_both_ways(TEXT(other), TEXT("A B"), TEXT(other));
	assert_both_ways(TEXT(""), TEXT("A B"), TEXT(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_link_colours_every_link_to_the_title_and_back),
	    cmocka_unit_test(test_irc_link_leaves_other_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
