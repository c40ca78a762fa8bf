/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/utf8.h"

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

/* --- lines ---------------------------------------------------------------- */

/* Cut a stream of bytes in segments as `next_cut` says; lines go to `out`, a '|' behind each. */
static void feed(struct text input, size_t (*next_cut)(size_t left), struct buffer *out)
{
	struct irc_lines lines = {0};
	size_t arrived = 0;
	size_t done = 0;

	while (arrived < input.length) {
		arrived += next_cut(input.length - arrived);
		for (;;) {
			struct text line;
			size_t taken =
			    irc_lines_next(&lines, input.bytes + done, arrived - done, &line);

			if (taken == 0) {
				break;
			}
			done += taken;
			assert_true(done <= arrived);
			if (line.length > 0) {
				buffer_append(out, line.bytes, line.length);
				buffer_append_byte(out, '|');
			}
		}
		assert_true(arrived - done <= IRC_TAGS_MAX + IRC_TEXT_MAX);
	}
}

static size_t whole(size_t left)
{
	return left;
}

static size_t one_byte(size_t left)
{
	(void)left;
	return 1;
}

static size_t random_cut(size_t left)
{
	size_t cut = 1 + (size_t)rand() % 97;

	return cut < left ? cut : left;
}

static void assert_fed(struct text input, size_t (*next_cut)(size_t left), struct text wanted)
{
	struct buffer out = {0};

	feed(input, next_cut, &out);
	assert_int_equal(out.length, wanted.length);
	if (wanted.length > 0) {
		assert_memory_equal(out.bytes, wanted.bytes, wanted.length);
	}
	buffer_finish(&out);
}

/* Whole, a byte at a time, and in random cuts. */
static void assert_lines(struct text input, struct text wanted)
{
	unsigned seed = (unsigned)time(NULL) ^ (unsigned)clock();

	assert_fed(input, whole, wanted);
	assert_fed(input, one_byte, wanted);
	print_message("random cuts with seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 50; i++) {
		assert_fed(input, random_cut, wanted);
	}
}

/* CR LF, LF (ClueBot NG) and CR alone end a line; empty ones are passed over. */
static void test_irc_lines_end_in_cr_lf_or_both(void **state)
{
	(void)state;
	assert_lines(TEXT("A 1\r\nB 2\nC 3\r\r\n\n\n\rD \xe2\x82\xac\r\n\r\nE"),
	             TEXT("A 1|B 2|C 3|D \xe2\x82\xac|"));
	assert_lines(TEXT("\r\n\n\r"), TEXT(""));
	assert_lines(TEXT(""), TEXT(""));
}

/* One line of `length` bytes of 'x' with `behind` after it, and what must come of it. */
static void assert_long_line(size_t length, const char *behind, size_t kept, const char *rest)
{
	struct buffer input = {0};
	struct buffer wanted = {0};

	for (size_t i = 0; i < length; i++) {
		buffer_append_byte(&input, 'x');
	}
	buffer_append_text(&input, behind);
	buffer_append(&wanted, input.bytes, kept);
	buffer_append_text(&wanted, rest);
	assert_lines((struct text){input.bytes, input.length},
	             (struct text){wanted.bytes, wanted.length});
	buffer_finish(&input);
	buffer_finish(&wanted);
}

/*
 * RFC 2812 §2.3: 512 bytes with CR LF.  What is behind them is never a line of its own: else
 * a client's text could be made to run commands.
 */
static void test_irc_lines_cut_a_long_line_and_discard_its_tail(void **state)
{
	(void)state;
	assert_long_line(510, "\r\nPING a\r\n", 510, "|PING a|");
	assert_long_line(511, "\r\nPING a\r\n", 510, "|PING a|");
	assert_long_line(510, "QUIT\nPING a\n", 510, "|PING a|");
	assert_long_line(16384, "QUIT\r\nPING a\r\n", 510, "|PING a|");
	assert_long_line(70000, " no end", 510, "|");
}

/* The cut of a long line does not go through a character. */
static void test_irc_lines_cut_between_characters(void **state)
{
	(void)state;
	assert_long_line(509, "\xe2\x82\xac\r\nPING a\r\n", 509, "|PING a|");
	assert_long_line(508, "\xf0\x9f\x98\x80\r\n", 508, "|");
	assert_long_line(507, "\xe2\x82\xac\r\n", 507, "\xe2\x82\xac|");
}

static void assert_tagged_line(size_t tag_length, size_t text_length, bool is_there)
{
	struct buffer input = {0};
	struct buffer wanted = {0};
	size_t kept = text_length < IRC_TEXT_MAX ? text_length : IRC_TEXT_MAX;

	buffer_append_byte(&input, '@');
	for (size_t i = 2; i < tag_length; i++) {
		buffer_append_byte(&input, 't');
	}
	buffer_append_byte(&input, ' ');
	for (size_t i = 0; i < text_length; i++) {
		buffer_append_byte(&input, 'x');
	}
	if (is_there) {
		buffer_append(&wanted, input.bytes, tag_length + kept);
		buffer_append_byte(&wanted, '|');
	}
	buffer_append_text(&input, "\r\nPING a\r\n");
	buffer_append_text(&wanted, "PING a|");
	assert_lines((struct text){input.bytes, input.length},
	             (struct text){wanted.bytes, wanted.length});
	buffer_finish(&input);
	buffer_finish(&wanted);
}

/*
 * ircv3.net, "Message Tags", size limit: 4094 bytes of tags, '@' and space apart, which leave the
 * line its 512; more take it along, and the session is told to answer with 417.
 */
static void test_irc_lines_do_not_count_tags(void **state)
{
	(void)state;
	assert_tagged_line(20, 510, true);
	assert_tagged_line(20, 600, true);
	assert_tagged_line(IRC_TAGS_MAX, 510, true);
	assert_tagged_line(IRC_TAGS_MAX, 511, true);
	assert_tagged_line(IRC_TAGS_MAX + 1, 5, false);
	assert_tagged_line(20000, 5, false);
}

/* ibid.: 417 once for each such line, whether its end is there or not, and for no other. */
static void test_irc_lines_tell_of_tags_that_are_too_long(void **state)
{
	static const struct {
		size_t tag_length; /* of "@ttt", the space not counted */
		const char *rest;
		unsigned refused;
	} cases[] = {
	    {IRC_TAGS_MAX - 1, " PING a\r\nPING b\r\n", 0},
	    {IRC_TAGS_MAX - 1, "\r\nPING b\r\n", 0},
	    {IRC_TAGS_MAX, " PING a\r\nPING b\r\n", 1},
	    {IRC_TAGS_MAX + 1, "\r\nPING b\r\n", 1},
	    {3 * IRC_TAGS_MAX, "", 1},
	    {3 * IRC_TAGS_MAX, " PING a\r\nPING b\r\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct irc_lines lines = {0};
		struct buffer input = {0};
		struct text line;
		size_t done = 0, taken;
		unsigned refused = 0;

		memset(buffer_reserve(&input, cases[i].tag_length), 't', cases[i].tag_length);
		input.bytes[0] = '@';
		input.length = cases[i].tag_length;
		buffer_append_text(&input, cases[i].rest);
		while ((taken = irc_lines_next(&lines, input.bytes + done, input.length - done,
		                               &line)) > 0) {
			refused += lines.was_refused ? 1 : 0;
			done += taken;
		}
		assert_int_equal(refused, cases[i].refused);
		buffer_finish(&input);
	}
}

/* --- a line taken apart ---------------------------------------------------- */

/* "COMMAND[param][param]", or "none". */
static void assert_parsed(struct text line, const char *wanted)
{
	struct irc_message message;
	struct buffer met = {0};

	if (irc_message_parse(&message, line)) {
		buffer_append_text(&met, message.command);
		for (size_t i = 0; i < message.param_count; i++) {
			buffer_printf(&met, "[%s]", message.params[i]);
		}
	} else {
		buffer_append_text(&met, "none");
	}
	buffer_append_byte(&met, '\0');
	assert_string_equal(met.bytes, wanted);
	buffer_finish(&met);
}

static const struct parse_case {
	const char *line;
	const char *wanted;
} parse_cases[] = {
    {"PING", "PING"},
    {"ping a", "PING[a]"},
    {"PiNg a b", "PING[a][b]"},
    {"  PING   a    b  ", "PING[a][b]"},
    {"PING :", "PING[]"},
    {"PING  :  a b ", "PING[  a b]"},
    {"PING a:b :c :d", "PING[a:b][c :d]"},
    {"USER one two three four", "USER[one][two][three][four]"},
    {":source PING a", "PING[a]"},
    {":source    PING a", "PING[a]"},
    {": PING a", "PING[a]"},
    {"@a=b;c PING a", "PING[a]"},
    {"@a=b;c   :source  PING a", "PING[a]"},
    {"JOIN #a,#b key", "JOIN[#a,#b][key]"},
    {"PRIVMSG  :", "PRIVMSG[]"},
    {"\xc3\xa9 x", "\xc3\xa9[x]"},
    {"__INIT__", "__INIT__"},
    {":x", "none"},
    {":", "none"},
    {":x ", "none"},
    {"@a", "none"},
    {"@a :x", "none"},
    {"@a  ", "none"},
    {"", "none"},
    {"    ", "none"},
    {"M 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
     "M[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15 16 17]"},
    {"M 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16", "M[1][2][3][4][5][6][7][8][9][10][11][12]"
                                                  "[13][14][15 16]"},
};

/* RFC 2812 §2.3.1, and what clients do beyond it. */
static void test_irc_message_is_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++) {
		assert_parsed((struct text){parse_cases[i].line, strlen(parse_cases[i].line)},
		              parse_cases[i].wanted);
	}
}

/* ibid., format: what stands between '@' and space, untouched. */
static void test_irc_message_lends_its_tags(void **state)
{
	static const struct parse_case tagged[] = {
	    {"PING a", ""},
	    {":source PING a", ""},
	    {"@a=b;c PING a", "a=b;c"},
	    {"@a=\\:;+c=@   :source PING a", "a=\\:;+c=@"},
	    {"@ PING a", ""},
	    {"@a", "a"},
	    {"PING @a", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tagged) / sizeof(tagged[0]); i++) {
		struct irc_message message;
		struct text line = {tagged[i].line, strlen(tagged[i].line)};

		(void)irc_message_parse(&message, line);
		assert_int_equal(message.tags.length, strlen(tagged[i].wanted));
		assert_true(message.tags.length == 0 ||
		            memcmp(message.tags.bytes, tagged[i].wanted, message.tags.length) == 0);
	}
}

/* NUL bytes are dropped, wherever they stand. */
static void test_irc_message_drops_nul(void **state)
{
	(void)state;
	assert_parsed(TEXT("\0P\0ING\0 \0a\0b\0"), "PING[ab]");
	assert_parsed(TEXT("\0"), "none");
}

/* What is not UTF-8 is repaired, and told: the session decides. */
static void test_irc_message_repairs_what_is_not_utf8(void **state)
{
	struct irc_message message;

	(void)state;
	assert_true(irc_message_parse(&message, TEXT("USER a 0 * :Jos\xe9 M\xfcller")));
	assert_true(message.was_repaired);
	assert_string_equal(message.params[3], "Jos\xef\xbf\xbd M\xef\xbf\xbdller");
	assert_true(irc_message_parse(&message, TEXT("USER a 0 * :Jos\xc3\xa9")));
	assert_false(message.was_repaired);
	assert_true(irc_message_parse(&message, TEXT("PING \xed\xa0\x80")));
	assert_true(message.was_repaired);
	assert_true(utf8_is_valid(message.params[0], strlen(message.params[0])));
}

/* A line of nothing but bad bytes is the longest that repairing can make. */
static void test_irc_message_repairs_a_whole_line_of_bad_bytes(void **state)
{
	char line[2 * IRC_TEXT_MAX];
	struct irc_message message;

	(void)state;
	memset(line, 0xff, sizeof(line));
	assert_true(irc_message_parse(&message, (struct text){line, IRC_TEXT_MAX}));
	assert_int_equal(strlen(message.command), 3 * IRC_TEXT_MAX);
	assert_true(irc_message_parse(&message, (struct text){line, sizeof(line)}));
	assert_true(strlen(message.command) <= 3 * IRC_TEXT_MAX);
}

/* Any bytes: what comes out is valid UTF-8, and parameters have no spaces but the last. */
static void test_irc_message_takes_anything(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("random lines with seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		char line[64];
		struct irc_message message;
		size_t length = (size_t)rand() % sizeof(line);

		for (size_t i = 0; i < length; i++) {
			line[i] = rand() % 3 != 0 ? (char)rand() : " :@a\xe2\x82"[rand() % 6];
		}
		if (!irc_message_parse(&message, (struct text){line, length})) {
			continue;
		}
		assert_true(message.command[0] != '\0' && strchr(message.command, ' ') == NULL);
		assert_true(utf8_is_valid(message.command, strlen(message.command)));
		for (size_t i = 0; i < message.param_count; i++) {
			const char *param = message.params[i];

			assert_true(utf8_is_valid(param, strlen(param)));
			assert_true(i + 1 == message.param_count || strchr(param, ' ') == NULL);
		}
	}
}

/* --- a line to send -------------------------------------------------------- */

static void assert_ended(struct text text, struct text wanted)
{
	struct buffer out = {0};

	buffer_append_text(&out, "before\r\n");
	buffer_append(&out, text.bytes, text.length);
	irc_line_end(&out, strlen("before\r\n"));
	assert_int_equal(out.length, strlen("before\r\n") + wanted.length);
	assert_memory_equal(out.bytes, "before\r\n", strlen("before\r\n"));
	assert_memory_equal(out.bytes + strlen("before\r\n"), wanted.bytes, wanted.length);
	buffer_finish(&out);
}

/* Nothing that a text holds can end the line or begin another. */
static void test_irc_line_end_lets_no_line_be_forged(void **state)
{
	(void)state;
	assert_ended(TEXT(":S 332 n #c :a\r\n:S 001\n x\r \0y"),
	             TEXT(":S 332 n #c :a:S 001 x y\r\n"));
	assert_ended(TEXT(""), TEXT("\r\n"));
}

/* 512 bytes, in bytes, and no half character. */
static void test_irc_line_end_cuts_between_characters(void **state)
{
	char text[700];
	char wanted[IRC_LINE_MAX];

	(void)state;
	for (size_t fill = 500; fill < 520; fill++) {
		size_t kept = fill + 3 <= IRC_TEXT_MAX ? fill + 3 : fill;

		kept = kept > IRC_TEXT_MAX ? IRC_TEXT_MAX : kept;
		memset(text, 'x', sizeof(text));
		memcpy(text + fill, "\xe2\x82\xac", 3);
		memcpy(wanted, text, kept);
		memcpy(wanted + kept, "\r\n", 2);
		assert_ended((struct text){text, fill + 3}, (struct text){wanted, kept + 2});
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_lines_end_in_cr_lf_or_both),
	    cmocka_unit_test(test_irc_lines_cut_a_long_line_and_discard_its_tail),
	    cmocka_unit_test(test_irc_lines_cut_between_characters),
	    cmocka_unit_test(test_irc_lines_do_not_count_tags),
	    cmocka_unit_test(test_irc_lines_tell_of_tags_that_are_too_long),
	    cmocka_unit_test(test_irc_message_lends_its_tags),
	    cmocka_unit_test(test_irc_message_is_taken_apart),
	    cmocka_unit_test(test_irc_message_drops_nul),
	    cmocka_unit_test(test_irc_message_repairs_what_is_not_utf8),
	    cmocka_unit_test(test_irc_message_repairs_a_whole_line_of_bad_bytes),
	    cmocka_unit_test(test_irc_message_takes_anything),
	    cmocka_unit_test(test_irc_line_end_lets_no_line_be_forged),
	    cmocka_unit_test(test_irc_line_end_cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
