/* SPDX-License-Identifier: Apache-2.0 */
#include "test/conf/value_test.h"

/* Only these two words: YAML 1.1's yes, no, on, off and other cases surprise people. */
static void test_bool_takes_true_and_false_only(void **state)
{
	static const struct conf_option option = {.type = &conf_type_text_bool};
	static const struct value_case cases[] = {
	    {"true", "true"}, {"false", "false"}, {"yes", NULL},  {"no", NULL}, {"on", NULL},
	    {"off", NULL},    {"True", NULL},     {"TRUE", NULL}, {"1", NULL},  {"y", NULL},
	    {"[]", NULL},     {"{}", NULL},       {"~", NULL},    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* The names of the log are the same in the file and on the command line. */
static void test_log_words_are_exact(void **state)
{
	static const struct conf_option level = {.type = &conf_type_text_log_level};
	static const struct conf_option format = {.type = &conf_type_text_log_format};
	static const struct value_case levels[] = {
	    {"debug", "debug"}, {"info", "info"},  {"warn", "warn"},
	    {"error", "error"}, {"warning", NULL}, {"INFO", NULL},
	    {"1", NULL},        {"[info]", NULL},  {NULL, NULL},
	};
	static const struct value_case formats[] = {
	    {"plain", "plain"}, {"json", "json"}, {"JSON", NULL}, {"text", NULL}, {NULL, NULL}};

	(void)state;
	assert_values(&level, levels);
	assert_values(&format, formats);
}

/* One line may hold colours for IRC, never what ends a line; a text may hold lines. */
static void test_texts_hold_no_line_ends_but_their_own(void **state)
{
	static const struct conf_option string = {.type = &conf_type_text_string, .max = 20};
	static const struct conf_option text = {.type = &conf_type_text_lines, .max = 20};
	static const struct value_case strings[] = {
	    {"a b", "\"a b\""},
	    {"12", "\"12\""},
	    {"yes", "\"yes\""},
	    {"\"\"", "\"\""},
	    {"\"null\"", "\"null\""},
	    {"\"\\x03\"", "\"\\u0003\""},
	    {"\"a\\nb\"", NULL},
	    {"\"a\\rb\"", NULL},
	    {"\"a\\0b\"", NULL},
	    {"null", NULL},
	    {"[a]", NULL},
	    {"|\n  a\n", NULL},
	    {NULL, NULL},
	};
	static const struct value_case texts[] = {
	    {"|\n  a\n  b\n", "\"a\\nb\\n\""},
	    {"\"a\\rb\"", NULL},
	    {"\"a\\0b\"", NULL},
	    {"{}", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&string, strings);
	assert_values(&text, texts);
}

/* A map keeps the order of the file and copies both sides. */
static void test_map_keeps_pairs_in_order(void **state)
{
	static const struct conf_option option = {.type = &conf_type_text_map, .max = 3};
	static const struct value_case cases[] = {
	    {"{}", "{}"},
	    {"{b: x, a: \"#y\"}", "{\"b\": \"x\", \"a\": \"#y\"}"},
	    {"{a: 1, b: 2, c: 3, d: 4}", NULL},
	    {"{a: [b]}", NULL},
	    {"{a: }", NULL},
	    {"{\"a\\0\": b}", NULL},
	    {"{a: \"\"}", NULL},
	    {"[]", NULL},
	    {"a", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* All that is wrong with a map is told at once, and what is right is not. */
static void test_map_tells_every_fault(void **state)
{
	static const struct conf_option option = {.type = &conf_type_text_map, .max = 9};
	char *told = print_value(&option, "{a: [b], c: d, e: }");

	(void)state;
	assert_non_null(strstr(told, "t:1:5: a: a list is not a line"));
	assert_null(strstr(told, " c: "));
	assert_non_null(strstr(told, ": e: nothing is given"));
	free(told);
}

/* A single line is a list of one; an empty one names nothing. */
static void test_strings_are_a_list_of_lines(void **state)
{
	static const struct conf_option option = {
	    .type = &conf_type_text_strings, .min = 1, .max = 2};
	static const struct value_case cases[] = {
	    {"rc.*", "[\"rc.*\"]"},
	    {"[a]", "[\"a\"]"},
	    {"[a, \"b \\\" c\"]", "[\"a\", \"b \\\" c\"]"},
	    {"12", "[\"12\"]"},
	    {"[]", NULL},
	    {"[a, b, c]", NULL},
	    {"[a, ~]", NULL},
	    {"[a, []]", NULL},
	    {"[\"\"]", NULL},
	    {"\"\"", NULL},
	    {"\"a\\nb\"", NULL},
	    {"{a: b}", NULL},
	    {"~", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bool_takes_true_and_false_only),
	    cmocka_unit_test(test_log_words_are_exact),
	    cmocka_unit_test(test_texts_hold_no_line_ends_but_their_own),
	    cmocka_unit_test(test_map_keeps_pairs_in_order),
	    cmocka_unit_test(test_map_tells_every_fault),
	    cmocka_unit_test(test_strings_are_a_list_of_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
