/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_encode.h"

#include "protocols/irc/irc_message.h"
#include "server/base/utf8.h"
#include "test/server/feed/records.h"

#define C     "\003"
#define START C "14[[" C "07"
#define URL   "https://de.wikipedia.org/w/index.php?diff=2&oldid=1"
#define FIELDS                                                                                \
	C "14]]" C "4 MB" C "10 " C "02" URL C " " C "5*" C " " C "03Benutzer" C " " C "5*" C \
	  " (+12) " C "10"
#define DOTS "\xe2\x80\xa6"

static void assert_cut(struct text text, size_t length_max, struct text wanted)
{
	struct buffer out = {0};

	irc_encode_text(&out, text, length_max);
	assert_texts_equal(buffer_text(&out), wanted);
	buffer_finish(&out);
}

/* pywikibot and others want the final ^C; CVNBot and Huggle every separator in front of it. */
static void test_irc_encode_cuts_the_comment_and_keeps_the_final_colour(void **state)
{
	struct text text = TEXT(START "Titel" FIELDS "ein langer Kommentar" C);

	(void)state;
	assert_cut(text, text.length, text);
	assert_cut(text, text.length - 1, TEXT(START "Titel" FIELDS "ein langer Komme" DOTS C));
	assert_cut(text, text.length - 17, TEXT(START "Titel" FIELDS DOTS C));
	assert_cut(text, text.length - 18, TEXT(START "Titel" FIELDS C));
	assert_cut(text, text.length - 20, TEXT(START "Titel" FIELDS C));
}

/* The cut is between two characters, never in one. */
static void test_irc_encode_cuts_between_characters(void **state)
{
	struct text text = TEXT(START "T" FIELDS "\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3" C);

	(void)state;
	assert_cut(text, text.length - 1, TEXT(START "T" FIELDS "\xd0\xb0\xd0\xb1" DOTS C));
	assert_cut(text, text.length - 2, TEXT(START "T" FIELDS "\xd0\xb0" DOTS C));
	assert_cut(text, text.length - 3, TEXT(START "T" FIELDS "\xd0\xb0" DOTS C));
}

/* The title gives way only when nothing is left of the comment. */
static void test_irc_encode_cuts_the_title_when_the_comment_is_gone(void **state)
{
	struct text text = TEXT(START "Ein langer Titel" FIELDS "Kommentar" C);

	(void)state;
	assert_cut(text, text.length - 9, TEXT(START "Ein langer Titel" FIELDS C));
	assert_cut(text, text.length - 10, TEXT(START "Ein langer T" DOTS FIELDS C));
	assert_cut(text, text.length - 22, TEXT(START DOTS FIELDS C));
	assert_cut(text, text.length - 25, TEXT(START FIELDS C));
	/* Now the fields themselves do not fit: cut at the end. */
	assert_cut(text, text.length - 26, (struct text){text.bytes, text.length - 26});
}

/* A log's comment holds ^C02 and ^C10 around a title: the first ^C10 is where it begins. */
static void test_irc_encode_finds_the_comment_of_a_log(void **state)
{
	struct text text =
	    TEXT(START "Special:Log/move" C "14]]" C "4 move" C "10 " C "02" C " " C "5*" C " " C
	               "03U" C " " C "5*" C "  " C "10moved [[" C "02A page" C "10]] to B" C);

	(void)state;
	assert_cut(text, text.length - 1,
	           TEXT(START "Special:Log/move" C "14]]" C "4 move" C "10 " C "02" C " " C "5*" C
	                      " " C "03U" C " " C "5*" C "  " C "10moved [[" C "02A page" C
	                      "10]] " DOTS C));
	/* Neither ^C nor ^C1 of the second colour is left over. */
	for (size_t less = 5; less <= 7; less++) {
		assert_cut(text, text.length - less,
		           TEXT(START "Special:Log/move" C "14]]" C "4 move" C "10 " C "02" C " " C
		                      "5*" C " " C "03U" C " " C "5*" C "  " C "10moved [[" C
		                      "02A page" DOTS C));
	}
}

/* What is not MediaWiki's is cut at its end, with nothing added. */
static void test_irc_encode_cuts_an_unknown_text_at_its_end(void **state)
{
	(void)state;
	assert_cut(TEXT("plain text"), 5, TEXT("plain"));
	assert_cut(TEXT("\xe2\x82\xac\xe2\x82\xac"), 5, TEXT("\xe2\x82\xac"));
	assert_cut(TEXT(START "T" C "14]]" C "4 no stars"), 9, TEXT(START "T"));
	assert_cut(TEXT(""), 0, TEXT(""));
}

/* A line whose final ^C is not there (cut before it came here) gets none. */
static void test_irc_encode_adds_no_final_colour(void **state)
{
	struct text text = TEXT(START "T" FIELDS "Kommentar");

	(void)state;
	assert_cut(text, text.length - 1, TEXT(START "T" FIELDS "Komme" DOTS));
}

/* --- recorded lines -------------------------------------------------------- */

static size_t count_marks(struct text text, const char *mark)
{
	size_t count = 0;

	for (const char *at = text.bytes;
	     (at = memmem(at, (size_t)(text.bytes + text.length - at), mark, strlen(mark))) != NULL;
	     at += strlen(mark)) {
		count++;
	}
	return count;
}

/* However short it must be, a line keeps its separators as long as they fit. */
static void check_record(const json_t *record)
{
	struct text line = member_text(record, "irc");

	if (line.bytes == NULL) {
		return;
	}
	for (size_t length_max = line.length > 300 ? 300 : line.length; length_max <= line.length;
	     length_max++) {
		struct buffer out = {0};
		struct text cut;

		irc_encode_text(&out, line, length_max);
		cut = buffer_text(&out);
		assert_true(cut.length <= length_max);
		assert_true(utf8_is_valid(cut.bytes, cut.length));
		if (length_max >= 400) {
			assert_int_equal(cut.bytes[cut.length - 1], C[0]);
			assert_int_equal(count_marks(cut, C "5*" C), 2);
			assert_int_equal(count_marks(cut, C "14[[" C "07"), 1);
			assert_true(count_marks(cut, C "10") >= 2);
		}
		buffer_finish(&out);
	}
}

static void test_irc_encode_keeps_the_fields_of_recorded_lines(void **state)
{
	(void)state;
	assert_true(for_each_record(TEST_DATA "/rcfeed/rcfeed-pairs.ndjson", check_record) > 600);
}

/* --- the encoder ------------------------------------------------------------ */

struct fixture {
	struct irc_channels channels;
	struct irc_channel *channel;
	metric lines_cut;
	struct irc_encoder encoder;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.channel = irc_channel_create(TEXT("#En.Wikipedia"))};
	(void)irc_channels_add(&fixture.channels, fixture.channel);
	irc_encoder_init(&fixture.encoder, "rc-pmtpa!rc-pmtpa@irc.example.org", &fixture.channels,
	                 &fixture.lines_cut);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	irc_channels_finish(&fixture->channels);
	free(fixture->channel);
	return 0;
}

static struct change *make_change(const char *channel, struct text line)
{
	return change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = TEXT("en.wikipedia.org"),
	    .channel = {channel, strlen(channel)},
	    .json = TEXT("{}"),
	    .line = line,
	});
}

static void assert_encoded(struct fixture *fixture, const char *channel, struct text line,
                           struct text wanted)
{
	struct change *change = make_change(channel, line);
	struct text met = change_encoded(change, &fixture->encoder.encoder);

	assert_texts_equal(met, wanted);
	change_unref(change);
}

/* The colon always, also before a text of one word or none; the channel as first spelt. */
static void test_irc_encoder_writes_the_bots_line(void **state)
{
	struct fixture *fixture = *state;

	assert_encoded(fixture, "#en.wikipedia", TEXT("word"),
	               TEXT(":rc-pmtpa!rc-pmtpa@irc.example.org PRIVMSG #En.Wikipedia :word\r\n"));
	assert_encoded(fixture, "#En.Wikipedia", TEXT(""),
	               TEXT(":rc-pmtpa!rc-pmtpa@irc.example.org PRIVMSG #En.Wikipedia :\r\n"));
	assert_int_equal(metric_read(&fixture->lines_cut), 0);
}

/* A change that is not for IRC, and one of a channel that does not exist, have no line. */
static void test_irc_encoder_writes_nothing_where_there_is_nothing(void **state)
{
	struct fixture *fixture = *state;

	assert_encoded(fixture, "#en.wikipedia", (struct text){NULL, 0}, TEXT(""));
	assert_encoded(fixture, "#other", TEXT("word"), TEXT(""));
}

/* 512 bytes with CR LF, counted when it was more. */
static void test_irc_encoder_cuts_and_counts(void **state)
{
	struct fixture *fixture = *state;
	size_t prefix = strlen(":rc-pmtpa!rc-pmtpa@irc.example.org PRIVMSG #En.Wikipedia :");
	char line[600];

	memset(line, 'x', sizeof(line));
	for (size_t length = 440; length < sizeof(line); length++) {
		struct change *change = make_change("#en.wikipedia", (struct text){line, length});
		struct text met = change_encoded(change, &fixture->encoder.encoder);
		size_t whole = prefix + length + 2;

		assert_int_equal(met.length, whole < IRC_LINE_MAX ? whole : IRC_LINE_MAX);
		change_unref(change);
	}
	assert_int_equal(metric_read(&fixture->lines_cut), 600 - (IRC_TEXT_MAX - prefix) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_encode_cuts_the_comment_and_keeps_the_final_colour),
	    cmocka_unit_test(test_irc_encode_cuts_between_characters),
	    cmocka_unit_test(test_irc_encode_cuts_the_title_when_the_comment_is_gone),
	    cmocka_unit_test(test_irc_encode_finds_the_comment_of_a_log),
	    cmocka_unit_test(test_irc_encode_cuts_an_unknown_text_at_its_end),
	    cmocka_unit_test(test_irc_encode_adds_no_final_colour),
	    cmocka_unit_test(test_irc_encode_keeps_the_fields_of_recorded_lines),
	    cmocka_unit_test_setup_teardown(test_irc_encoder_writes_the_bots_line, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_encoder_writes_nothing_where_there_is_nothing,
	                                    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_encoder_cuts_and_counts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
