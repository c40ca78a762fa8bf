/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/irc_line.h"

#include "test/server/feed/records.h"

/* A line of ordinary fields, with one of them in another form. */
#define EDIT_URL "https://en.wikipedia.org/w/index.php?diff=20&oldid=10&rcid=30"
#define LINE(title, flags, url, user, size, comment)                      \
	"\00314[[\00307" title "\00314]]\0034 " flags "\00310 \00302" url \
	"\003 \0035*\003 \00303" user "\003 \0035*\003 " size " \00310" comment "\003"
#define TITLED(title)   LINE(title, "", EDIT_URL, "Alice", "(+1)", "more")
#define FLAGGED(flags)  LINE("Page", flags, EDIT_URL, "Alice", "(+1)", "more")
#define AT(url)         LINE("Page", "", url, "Alice", "(+1)", "more")
#define BY(user)        LINE("Page", "", EDIT_URL, user, "(+1)", "more")
#define SIZED(size)     LINE("Page", "", EDIT_URL, "Alice", size, "more")
#define SAYING(comment) LINE("Page", "", EDIT_URL, "Alice", "(+1)", comment)
#define LOGGED(comment) LINE("Special:Log/move", "move", "", "Alice", "", comment)

static struct irc_line parse(struct text text)
{
	struct irc_line line;

	if (!irc_line_parse(text, &line)) {
		fail_msg("not parsed: %.*s", (int)text.length, text.bytes);
	}
	return line;
}

static void assert_not_parsed(struct text text)
{
	struct irc_line line;

	if (irc_line_parse(text, &line)) {
		fail_msg("parsed: %.*s", (int)text.length, text.bytes);
	}
	assert_int_equal(line.type, CHANGE_OTHER);
	assert_null(line.title.bytes);
	assert_null(line.server_name.bytes);
}

static void assert_number(struct irc_line_number met, long long wanted)
{
	assert_true(met.is_known);
	assert_int_equal(met.value, wanted);
}

/* MediaWiki's IRCColourfulRCFeedFormatter: what each field of an edit says. */
static void test_irc_line_tells_all_of_an_edit(void **state)
{
	struct irc_line line =
	    parse(TEXT(LINE("Page", "!MB", EDIT_URL, "Alice", "(\002-501\002)", "less")));

	(void)state;
	assert_int_equal(line.type, CHANGE_EDIT);
	assert_texts_equal(line.title, TEXT("Page"));
	assert_texts_equal(line.user, TEXT("Alice"));
	assert_texts_equal(line.comment, TEXT("less"));
	assert_true(line.is_unpatrolled && line.is_minor && line.is_bot);
	assert_number(line.size, -501);
	assert_number(line.rcid, 30);
	assert_number(line.revision_old, 10);
	assert_number(line.revision_new, 20);
	assert_texts_equal(line.url, TEXT(EDIT_URL));
	assert_texts_equal(line.server_url, TEXT("https://en.wikipedia.org"));
	assert_texts_equal(line.server_name, TEXT("en.wikipedia.org"));
	assert_texts_equal(line.script_path, TEXT("/w"));
	assert_null(line.log_type.bytes);
	assert_null(line.log_action.bytes);
}

static void test_irc_line_tells_all_of_a_new_page(void **state)
{
	struct irc_line line =
	    parse(TEXT(LINE("Page", "N", "http://x.org/index.php?oldid=7", "::1", "(+0)", "")));

	(void)state;
	assert_int_equal(line.type, CHANGE_NEW);
	assert_false(line.is_unpatrolled || line.is_minor || line.is_bot);
	assert_number(line.size, 0);
	assert_false(line.rcid.is_known);
	assert_false(line.revision_old.is_known);
	assert_number(line.revision_new, 7);
	assert_texts_equal(line.server_url, TEXT("http://x.org"));
	assert_texts_equal(line.script_path, TEXT("/"));
	assert_texts_equal(line.comment, TEXT(""));
}

static void test_irc_line_tells_all_of_a_log_entry(void **state)
{
	struct irc_line line = parse(TEXT(LOGGED("moved [[\00302A\00310]] to [[B]]: because")));

	(void)state;
	assert_int_equal(line.type, CHANGE_LOG);
	assert_texts_equal(line.log_type, TEXT("move"));
	assert_texts_equal(line.log_action, TEXT("move"));
	assert_texts_equal(line.title, TEXT("A"));
	assert_texts_equal(line.comment, TEXT("moved [[\00302A\00310]] to [[B]]: because"));
	assert_null(line.url.bytes);
	assert_null(line.server_name.bytes);
	assert_false(line.size.is_known || line.revision_new.is_known || line.rcid.is_known);
}

/* The colour is exactly two digits: what follows belongs to the title. */
static void test_irc_line_takes_digits_behind_the_colour_for_the_title(void **state)
{
	(void)state;
	assert_texts_equal(parse(TEXT(TITLED("1984"))).title, TEXT("1984"));
	assert_texts_equal(parse(TEXT(TITLED(",07 comma"))).title, TEXT(",07 comma"));
	assert_texts_equal(parse(TEXT(TITLED("]] a [[b"))).title, TEXT("]] a [[b"));
	assert_texts_equal(parse(TEXT(TITLED(""))).title, TEXT(""));
	assert_texts_equal(parse(TEXT(BY("99"))).user, TEXT("99"));
	assert_texts_equal(parse(TEXT(SAYING("12,3"))).comment, TEXT("12,3"));
}

/* Names and comments may look like what stands between the fields. */
static void test_irc_line_splits_at_whole_separators_only(void **state)
{
	struct irc_line line;

	(void)state;
	assert_texts_equal(parse(TEXT(BY("A * B * (+1)"))).user, TEXT("A * B * (+1)"));
	assert_texts_equal(parse(TEXT(BY("A\003 B"))).user, TEXT("A\003 B"));
	line = parse(TEXT(SAYING("* (-5) \003 \0035*\003 (+9) \00310x\003 \00314]]\0034 \003")));
	assert_texts_equal(line.comment,
	                   TEXT("* (-5) \003 \0035*\003 (+9) \00310x\003 \00314]]\0034 \003"));
	assert_number(line.size, 1);
	assert_texts_equal(line.user, TEXT("Alice"));
}

/* The comment ends at the last ^C; a relay may have put blanks behind it. */
static void test_irc_line_ends_the_comment_at_the_last_colour(void **state)
{
	(void)state;
	assert_texts_equal(parse(TEXT(SAYING("a\003b") "  ")).comment, TEXT("a\003b"));
	assert_not_parsed(TEXT("\00314[[\00307Page\00314]]\0034 \00310 \00302" EDIT_URL
	                       "\003 \0035*\003 \00303Alice\003 \0035*\003 (+1) \00310more"));
}

/* `add_interwiki_prefix` puts a coloured prefix before the title. */
static void test_irc_line_passes_over_an_interwiki_prefix(void **state)
{
	(void)state;
	assert_texts_equal(parse(TEXT("\00314[[\00303de:"
	                              "\00307"
	                              "07"
	                              "\00314]]\0034 \00310 \00302" EDIT_URL
	                              "\003 \0035*\003 \00303A\003 \0035*\003 (+1) \00310c\003"))
	                       .title,
	                   TEXT("07"));
	assert_not_parsed(TEXT("\00314[[\00303de\00307X\00314]]\0034 \00310 \00302" EDIT_URL
	                       "\003 \0035*\003 \00303A\003 \0035*\003 (+1) \00310c\003"));
}

/* "!", "N", "M", "B" in this order; anything else is another program's line. */
static void test_irc_line_knows_the_flags_of_an_edit(void **state)
{
	(void)state;
	assert_int_equal(parse(TEXT(FLAGGED("!NMB"))).type, CHANGE_NEW);
	assert_true(parse(TEXT(FLAGGED("MB"))).is_bot);
	assert_false(parse(TEXT(FLAGGED("MB"))).is_unpatrolled);
	assert_not_parsed(TEXT(FLAGGED("BM")));
	assert_not_parsed(TEXT(FLAGGED("NN")));
	assert_not_parsed(TEXT(FLAGGED("move")));
	assert_not_parsed(TEXT(FLAGGED(" ")));
}

/* Bold below -500; empty where a length is not known. */
static void test_irc_line_reads_sizes(void **state)
{
	(void)state;
	assert_number(parse(TEXT(SIZED("(+0)"))).size, 0);
	assert_number(parse(TEXT(SIZED("(-500)"))).size, -500);
	assert_number(parse(TEXT(SIZED("(+999999999999999999)"))).size, 999999999999999999);
	assert_false(parse(TEXT(SIZED(""))).size.is_known);
	assert_not_parsed(TEXT(SIZED("(1)")));
	assert_not_parsed(TEXT(SIZED("(+)")));
	assert_not_parsed(TEXT(SIZED("(+1")));
	assert_not_parsed(TEXT(SIZED("+1")));
	assert_not_parsed(TEXT(SIZED("(\002-501)")));
	assert_not_parsed(TEXT(SIZED("(+1) ")));
	assert_not_parsed(TEXT(SIZED("(+9999999999999999999)")));
}

/* The hook IRCLineURL rewrites URLs: what is not told there stays unknown. */
static void test_irc_line_does_not_guess_from_other_urls(void **state)
{
	struct irc_line line =
	    parse(TEXT(AT("https://x.org/w/index.php?title=Topic:Y&rcid=5&diff=next&oldid=3")));

	(void)state;
	assert_texts_equal(line.script_path, TEXT("/w"));
	assert_number(line.rcid, 5);
	assert_false(line.revision_new.is_known);
	assert_false(line.revision_old.is_known);

	line = parse(TEXT(AT("https://x.org/wiki/Topic:Y?diff=9&oldid=3x&zoldid=4")));
	assert_null(line.script_path.bytes);
	assert_number(line.revision_new, 9);
	assert_false(line.revision_old.is_known);

	line = parse(TEXT(AT("https://x.org")));
	assert_texts_equal(line.server_url, TEXT("https://x.org"));
	assert_null(line.script_path.bytes);

	line = parse(TEXT(AT("https://x.org?diff=2&oldid=99999999999999999999")));
	assert_number(line.revision_new, 2);
	assert_false(line.revision_old.is_known);
}

/* RCFeed's server_name is the host without a port; an URL without one is no URL. */
static void test_irc_line_takes_the_host_of_the_url(void **state)
{
	struct irc_line line =
	    parse(TEXT(AT("http://[2001:db8::1]:8080/index.php?diff=2&oldid=1")));

	(void)state;
	assert_texts_equal(line.server_name, TEXT("[2001:db8::1]"));
	assert_texts_equal(line.server_url, TEXT("http://[2001:db8::1]:8080"));
	assert_texts_equal(parse(TEXT(AT("http://[::1]/x"))).server_name, TEXT("[::1]"));
	assert_texts_equal(parse(TEXT(AT("http://localhost:80/x"))).server_name, TEXT("localhost"));
	assert_not_parsed(TEXT(AT("https:///w/index.php?diff=2&oldid=1")));
	assert_not_parsed(TEXT(AT("https://a b/w/index.php?diff=2&oldid=1")));
	assert_not_parsed(TEXT(AT("https://user@x.org/")));
	assert_not_parsed(TEXT(AT("//x.org/")));
	assert_not_parsed(TEXT(AT("ftp://x.org/")));
	assert_not_parsed(TEXT(AT("x")));
}

/* The namespace is in the wiki's language, the word Log never is. */
static void test_irc_line_knows_a_log_entry_in_any_language(void **state)
{
	struct irc_line line = parse(
	    TEXT(LINE("\330\256\330\247\330\265:Log/delete", "delete_redir", "", "A", "", "x")));

	(void)state;
	assert_texts_equal(line.log_type, TEXT("delete"));
	assert_texts_equal(line.log_action, TEXT("delete_redir"));
	assert_null(line.title.bytes);
	assert_not_parsed(TEXT(LINE("Page", "move", "", "A", "", "x")));
	assert_not_parsed(TEXT(LINE("Special:Log", "move", "", "A", "", "x")));
	assert_not_parsed(TEXT(LINE("Special:Log/move", "move", "", "A", "(+1)", "x")));
	/* An edit of a page that is called like it is an edit. */
	assert_int_equal(parse(TEXT(TITLED("Help:Log/move"))).type, CHANGE_EDIT);
}

/* Only MediaWiki's own colours tell a target; a reason may have brought others. */
static void test_irc_line_tells_a_target_by_its_colours_only(void **state)
{
	(void)state;
	assert_null(parse(TEXT(LOGGED("moved [[A]] to [[B]]"))).title.bytes);
	assert_null(parse(TEXT(LOGGED("x [[\00302A\003]] y"))).title.bytes);
	assert_null(parse(TEXT(LOGGED("x [[\00302A\0034]] y \00310]]"))).title.bytes);
	assert_texts_equal(parse(TEXT(LOGGED("x [[\0030207\00310]]"))).title, TEXT("07"));
}

/* A line that is cut off anywhere is not taken for a whole one. */
static void test_irc_line_refuses_every_beginning_of_a_line(void **state)
{
	static const char whole[] = LINE("Page", "!MB", EDIT_URL, "Alice", "(+1)", "more");
	struct irc_line line;

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		char *cut = malloc(length > 0 ? length : 1);

		memcpy(cut, whole, length);
		assert_false(irc_line_parse((struct text){cut, length}, &line));
		free(cut);
	}
	assert_true(irc_line_parse((struct text){whole, sizeof(whole) - 1}, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_line_tells_all_of_an_edit),
	    cmocka_unit_test(test_irc_line_tells_all_of_a_new_page),
	    cmocka_unit_test(test_irc_line_tells_all_of_a_log_entry),
	    cmocka_unit_test(test_irc_line_takes_digits_behind_the_colour_for_the_title),
	    cmocka_unit_test(test_irc_line_splits_at_whole_separators_only),
	    cmocka_unit_test(test_irc_line_ends_the_comment_at_the_last_colour),
	    cmocka_unit_test(test_irc_line_passes_over_an_interwiki_prefix),
	    cmocka_unit_test(test_irc_line_knows_the_flags_of_an_edit),
	    cmocka_unit_test(test_irc_line_reads_sizes),
	    cmocka_unit_test(test_irc_line_does_not_guess_from_other_urls),
	    cmocka_unit_test(test_irc_line_takes_the_host_of_the_url),
	    cmocka_unit_test(test_irc_line_knows_a_log_entry_in_any_language),
	    cmocka_unit_test(test_irc_line_tells_a_target_by_its_colours_only),
	    cmocka_unit_test(test_irc_line_refuses_every_beginning_of_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
