/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/irc_clean.h"

#include "test/server/feed/records.h"

static void assert_cleaned(struct text text, struct text wanted)
{
	struct buffer out = {0};

	irc_clean_text(text, &out);
	assert_texts_equal(buffer_text(&out), wanted);
	buffer_finish(&out);
}

static void check_vector(const json_t *vector)
{
	assert_cleaned(member_text(vector, "in"), member_text(vector, "out"));
}

/* Recorded from MediaWiki's own clean-up. */
static void test_irc_clean_does_what_mediawiki_did(void **state)
{
	(void)state;
	assert_int_equal(for_each_record(TEST_DATA "/rcfeed/irc-cleanup.ndjson", check_vector),
	                 128);
}

/* Every name that HTML ends with a semicolon, in the middle of a text; none without it. */
static void test_irc_clean_knows_every_named_reference(void **state)
{
	json_t *names = json_load_file(TEST_DATA "/rcfeed/named-references.json", 0, NULL);
	const char *name;
	json_t *text;
	char met[64];
	char wanted[64];

	(void)state;
	assert_non_null(names);
	json_object_foreach(names, name, text)
	{
		(void)snprintf(met, sizeof(met), "a&%sb", name);
		(void)snprintf(wanted, sizeof(wanted), "a%sb", json_string_value(text));
		assert_cleaned((struct text){met, strlen(met)},
		               (struct text){wanted, strlen(wanted)});
		met[strlen(met) - 2] = ' ';
		assert_cleaned((struct text){met, strlen(met)}, (struct text){met, strlen(met)});
	}
	json_decref(names);
}

/* Numbers that XML forbids become U+FFFD, however they are written; the limits of each range. */
static void test_irc_clean_replaces_numbers_that_name_no_character(void **state)
{
	(void)state;
	assert_cleaned(TEXT("&#x1F;&#x20;&#x7E;&#x7F;"), TEXT("\357\277\275 ~\357\277\275"));
	assert_cleaned(TEXT("&#x9F;&#xA0;"), TEXT("\357\277\275\302\240"));
	assert_cleaned(TEXT("&#xD7FF;&#xD800;"), TEXT("\355\237\277\357\277\275"));
	assert_cleaned(TEXT("&#xDFFF;&#xE000;"), TEXT("\357\277\275\356\200\200"));
	assert_cleaned(TEXT("&#xFFFD;&#xFFFE;"), TEXT("\357\277\275\357\277\275"));
	assert_cleaned(TEXT("&#xFFFF;&#x10000;"), TEXT("\357\277\275\360\220\200\200"));
	assert_cleaned(TEXT("&#x10FFFF;&#x110000;"), TEXT("\364\217\277\277\357\277\275"));
	assert_cleaned(TEXT("&#4294967361;&#x100000041;"), TEXT("\357\277\275\357\277\275"));
	assert_cleaned(TEXT("&#18446744073709551681;"), TEXT("\357\277\275"));
	assert_cleaned(TEXT("&#00000000000000000000000000000000000000065;"), TEXT("A"));
}

/* The first pass decodes, the second is about line ends; nothing is decoded twice. */
static void test_irc_clean_decodes_once_and_then_treats_line_ends(void **state)
{
	(void)state;
	assert_cleaned(TEXT("&amp;amp;&amp;#10;"), TEXT("&amp;&#10;"));
	assert_cleaned(TEXT("a\nb\rc\r\nd&#10;e&NewLine;f"), TEXT("a bc d e f"));
	assert_cleaned(TEXT("&#38;#13;&#13;"), TEXT("&#13;\357\277\275"));
}

/* A reference that ends with the text is not one; a byte behind the text is not looked at. */
static void test_irc_clean_leaves_a_reference_that_is_cut_off(void **state)
{
	static const char whole[] = "&#x41;&amp;";

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		char *cut = malloc(length > 0 ? length : 1);
		struct buffer out = {0};
		size_t decoded = length < 6 ? 0 : 1;

		memcpy(cut, whole, length);
		irc_clean_text((struct text){cut, length}, &out);
		assert_int_equal(out.length, decoded == 0 ? length : 1 + length - 6);
		buffer_finish(&out);
		free(cut);
	}
}

/* Control characters stay, even NUL: the line's renderer knows what a line cannot hold. */
static void test_irc_clean_leaves_control_characters(void **state)
{
	(void)state;
	assert_cleaned(TEXT("\001\002\00304x\017\t\0\033\177"),
	               TEXT("\001\002\00304x\017\t\0\033\177"));
	assert_cleaned(TEXT("&Tab;&#9;"), TEXT("\t\t"));
}

/*
 * The time is linear: with a quadratic one these 4 MiB would take hours, and the
 * test its time limit.
 */
static void test_irc_clean_takes_linear_time_for_texts_made_of_ampersands(void **state)
{
	static const char *const patterns[] = {"&", "&#", "&#x", "&#1", "&a", "1", "a", ";&"};
	const size_t length = 4 << 20;
	char *bytes = malloc(length);

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t period = strlen(patterns[i]);
		struct buffer out = {0};

		for (size_t k = 0; k < length; k++) {
			bytes[k] = patterns[i][k % period];
		}
		memcpy(bytes, "&#1", 3);
		irc_clean_text((struct text){bytes, length}, &out);
		assert_texts_equal(buffer_text(&out), (struct text){bytes, length});
		buffer_finish(&out);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_clean_does_what_mediawiki_did),
	    cmocka_unit_test(test_irc_clean_knows_every_named_reference),
	    cmocka_unit_test(test_irc_clean_replaces_numbers_that_name_no_character),
	    cmocka_unit_test(test_irc_clean_decodes_once_and_then_treats_line_ends),
	    cmocka_unit_test(test_irc_clean_leaves_a_reference_that_is_cut_off),
	    cmocka_unit_test(test_irc_clean_leaves_control_characters),
	    cmocka_unit_test(test_irc_clean_takes_linear_time_for_texts_made_of_ampersands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
