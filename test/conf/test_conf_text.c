/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_text.h"

#include "test/conf/conf_test.h"

static void assert_text(struct buffer *buffer, const char *expected)
{
	char *text = text_of(buffer);

	assert_string_equal(text, expected);
	free(text);
}

/* A message is one line and harmless on a terminal: C0, DEL, C1, LS, PS, bidi are escaped. */
static void test_quote_escapes_what_is_not_text(void **state)
{
	struct buffer out = {0};
	static const char text[] =
	    "a\"\\\n\t\r\x1b\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xef\xbb\xbf";

	(void)state;
	conf_text_quote(&out, text, sizeof(text) - 1);
	assert_text(&out, "\"a\\\"\\\\\\n\\t\\u000D\\u001B\\u007F\\u0085\\u2028\\u202E\\uFEFF\"");
}

/* What people can read stays as it is, in every script and plane. */
static void test_quote_keeps_letters_of_all_scripts(void **state)
{
	struct buffer out = {0};

	(void)state;
	conf_text_quote(&out, "вики 😀 é", strlen("вики 😀 é"));
	assert_text(&out, "\"вики 😀 é\"");
}

/* A NUL does not end the quote: what stands behind it is what someone tried to hide. */
static void test_quote_shows_what_stands_behind_a_nul(void **state)
{
	struct buffer out = {0};

	(void)state;
	conf_text_quote(&out, "a\0b", 3);
	assert_text(&out, "\"a\\u0000b\"");
}

/* Messages stay readable: 40 characters (not bytes) of a value, and a sign that there is more. */
static void test_cut_quote_counts_characters(void **state)
{
	struct buffer out = {0};
	char text[2 * (CONF_TEXT_CUT + 1)];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2) {
		text[i] = "é"[0];
		text[i + 1] = "é"[1];
	}
	conf_text_quote_cut(&out, text, sizeof(text) - 2);
	assert_int_equal(out.length, 2 * CONF_TEXT_CUT + 2);
	assert_int_equal(out.bytes[out.length - 1], '"');
	buffer_clear(&out);
	conf_text_quote_cut(&out, text, sizeof(text));
	assert_int_equal(out.length, 2 * CONF_TEXT_CUT + 5);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes + out.length - 5, "\"..."
	                                                "");
	buffer_finish(&out);
}

/* The path of a fault must not be forged by the key of a file. */
static void test_key_is_quoted_unless_it_is_a_word(void **state)
{
	static const struct {
		const char *key;
		size_t length;
		const char *expected;
	} cases[] = {
	    {"ping_timeout", 12, "ping_timeout"},
	    {"rcfeed-udp", 10, "rcfeed-udp"},
	    {"a.b", 3, "\"a.b\""},
	    {"a: b", 4, "\"a: b\""},
	    {"", 0, "\"\""},
	    {"a\0", 2, "\"a\\u0000\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out = {0};

		conf_text_key(&out, cases[i].key, cases[i].length);
		assert_text(&out, cases[i].expected);
	}
}

/* Lists read as a sentence does. */
static void test_join_puts_the_last_word_behind_its_own(void **state)
{
	static const char *const words[] = {"a", "b", "c"};
	struct buffer out = {0};

	(void)state;
	conf_text_join(&out, words, 0, "or");
	conf_text_join(&out, words, 1, "or");
	buffer_append_byte(&out, ';');
	conf_text_join(&out, words, 2, "or");
	buffer_append_byte(&out, ';');
	conf_text_join(&out, words, 3, "and");
	assert_text(&out, "a;a or b;a, b and c");
}

/* STYLE of messages: an unknown key names the one that was meant. */
static void test_nearest_finds_slips_of_the_finger(void **state)
{
	static const char *const words[] = {"listen", "server_name", "ping_timeout", "motd"};
	static const struct {
		const char *met;
		const char *expected;
	} cases[] = {
	    {"listen", "listen"},
	    {"lisen", "listen"},
	    {"lsiten", "listen"},
	    {"listenn", "listen"},
	    {"Listen", "listen"},
	    {"ping-timeout", "ping_timeout"},
	    {"pingtimout", "ping_timeout"},
	    {"modt", "motd"},
	    {"mtd", "motd"},
	    {"server", "server_name"},
	    {"serv", "server_name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nearest = conf_text_nearest(cases[i].met, words, 4);

		assert_non_null(nearest);
		assert_string_equal(nearest, cases[i].expected);
	}
}

/* A wrong guess misleads more than a list of what there is. */
static void test_nearest_finds_nothing_for_another_word(void **state)
{
	static const char *const words[] = {"listen", "server_name", "motd"};

	(void)state;
	assert_null(conf_text_nearest("timeout", words, 3));
	assert_null(conf_text_nearest("se", words, 3));
	assert_null(conf_text_nearest("", words, 3));
	assert_null(conf_text_nearest("listenlistenlistenlistenlistenlistenlisten", words, 3));
	assert_null(conf_text_nearest("listen", words, 0));
}

/* Folded lines keep to the width, unless a word alone is wider. */
static void test_fold_breaks_at_blanks(void **state)
{
	struct buffer out = {0};

	(void)state;
	conf_text_fold(&out, "# ", "one two three fourteen-letters x", 11);
	assert_text(&out, "# one two\n# three\n# fourteen-letters\n# x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quote_escapes_what_is_not_text),
	    cmocka_unit_test(test_quote_keeps_letters_of_all_scripts),
	    cmocka_unit_test(test_quote_shows_what_stands_behind_a_nul),
	    cmocka_unit_test(test_cut_quote_counts_characters),
	    cmocka_unit_test(test_key_is_quoted_unless_it_is_a_word),
	    cmocka_unit_test(test_join_puts_the_last_word_behind_its_own),
	    cmocka_unit_test(test_nearest_finds_slips_of_the_finger),
	    cmocka_unit_test(test_nearest_finds_nothing_for_another_word),
	    cmocka_unit_test(test_fold_breaks_at_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
