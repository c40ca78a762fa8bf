/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_change_tag.h"

#include "protocols/irc/irc_tags.h"
#include "server/base/utf8.h"
#include "server/feed/line_json.h"
#include "test/server/feed/records.h"

static struct change *change_of(struct text json)
{
	return change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = TEXT("en.wikipedia.org"),
	    .channel = TEXT("#en.wikipedia"),
	    .json = json,
	});
}

static void assert_value(struct text json, size_t length_max, const char *wanted)
{
	struct change *change = change_of(json);
	struct buffer out = {0};

	assert_int_equal(irc_change_tag_append(&out, change, length_max), wanted != NULL);
	assert_texts_equal(buffer_text(&out),
	                   wanted != NULL ? (struct text){wanted, strlen(wanted)} : TEXT(""));
	buffer_finish(&out);
	change_unref(change);
}

#define WHOLE 4000

/* --- what is in it ----------------------------------------------------------- */

/* The members of RCFeed that tell what the line tells, in an order of their own. */
static void test_irc_change_tag_has_the_members_of_an_edit(void **state)
{
	(void)state;
	assert_value(
	    TEXT("{\"$schema\":\"/mediawiki/recentchange/1.0.0\",\"meta\":{\"id\":\"x\"},\"id\":7,"
	         "\"type\":\"edit\",\"namespace\":0,\"title\":\"A\",\"title_url\":\"https://u\","
	         "\"comment\":\"c\",\"timestamp\":1769860800,\"user\":\"U\",\"bot\":false,"
	         "\"notify_url\":\"https://n\",\"minor\":true,\"patrolled\":false,"
	         "\"length\":{\"old\":1,\"new\":2},\"revision\":{\"old\":3,\"new\":4},"
	         "\"server_url\":\"https://s\",\"server_name\":\"en.wikipedia.org\","
	         "\"server_script_path\":\"/w\",\"wiki\":\"enwiki\",\"parsedcomment\":\"c\"}"),
	    WHOLE,
	    "{\"type\":\"edit\",\"namespace\":0,\"title\":\"A\",\"user\":\"U\",\"bot\":false,"
	    "\"minor\":true,\"patrolled\":false,\"comment\":\"c\",\"length\":{\"old\":1,\"new\":2},"
	    "\"revision\":{\"old\":3,\"new\":4},\"id\":7,\"timestamp\":1769860800,"
	    "\"notify_url\":\"https://n\",\"server_name\":\"en.wikipedia.org\","
	    "\"wiki\":\"enwiki\"}");
}

/* And those of a log entry, its parameters as they are. */
static void test_irc_change_tag_has_the_members_of_a_log_entry(void **state)
{
	(void)state;
	assert_value(TEXT("{\"log_action_comment\":\"la\",\"log_params\":{\"a\":[1,null]},"
	                  "\"log_action\":\"move\",\"log_type\":\"move\",\"log_id\":5,"
	                  "\"type\":\"log\"}"),
	             WHOLE,
	             "{\"type\":\"log\",\"log_id\":5,\"log_type\":\"move\",\"log_action\":\"move\","
	             "\"log_params\":{\"a\":[1,null]},\"log_action_comment\":\"la\"}");
}

/* DESIGN, rule 3: what is not known is not invented; a member of a wrong type is as if null. */
static void test_irc_change_tag_leaves_out_what_is_not_known(void **state)
{
	(void)state;
	assert_value(TEXT("{}"), WHOLE, "{}");
	assert_value(TEXT("{\"user\":null,\"id\":null,\"length\":null}"), WHOLE, "{}");
	assert_value(TEXT("{\"user\":1,\"id\":\"x\",\"bot\":\"y\",\"title\":[],\"minor\":1}"),
	             WHOLE, "{\"minor\":1}");
	assert_value(TEXT("{\"id\":1.5,\"namespace\":-2,\"log_id\":9223372036854775807}"), WHOLE,
	             "{\"namespace\":-2,\"log_id\":9223372036854775807}");
}

/* A change that came as a line has what the line told, and the difference of its lengths. */
static void test_irc_change_tag_of_a_line_has_what_the_line_told(void **state)
{
	struct irc_line line;
	struct buffer json = {0};

	(void)state;
	assert_true(irc_line_parse(
	    TEXT("\00314[[\00307Main Page\00314]]\0034 MB\00310 "
	         "\00302https://en.wikipedia.org/w/index.php?diff=2&oldid=1\003 \0035*\003 "
	         "\00303Some One\003 \0035*\003 (+12) \00310a comment\003"),
	    &line));
	line_json_write(&line, TEXT("en.wikipedia.org"), &json);
	assert_value(buffer_text(&json), WHOLE,
	             "{\"type\":\"edit\",\"title\":\"Main\\sPage\",\"user\":\"Some\\sOne\","
	             "\"bot\":true,\"minor\":true,\"comment\":\"a\\scomment\","
	             "\"length\":{\"old\":null,\"new\":null},"
	             "\"revision\":{\"old\":1,\"new\":2},\"length_difference\":12,"
	             "\"notify_url\":\"https://en.wikipedia.org/w/index.php?diff=2&oldid=1\","
	             "\"server_name\":\"en.wikipedia.org\"}");
	buffer_finish(&json);
}

/* ircv3.net, "Message Tags", escaping; a control character is JSON's own escape, escaped. */
static void test_irc_change_tag_is_escaped(void **state)
{
	(void)state;
	assert_value(TEXT("{\"user\":\"a; b\\\\c\\n\\u0000\\u20ac\\\"\"}"), WHOLE,
	             "{\"user\":\"a\\:\\sb\\\\\\\\c\\\\n\\\\u0000\xe2\x82\xac\\\\\"\"}");
}

/* What is not an object gives nothing; no source makes such a change. */
static void test_irc_change_tag_wants_an_object(void **state)
{
	(void)state;
	assert_value(TEXT("[]"), WHOLE, NULL);
	assert_value(TEXT("{"), WHOLE, NULL);
	assert_value(TEXT(""), WHOLE, NULL);
}

/* --- what is too long -------------------------------------------------------- */

/* A text that is always at least one byte longer than the mark of being cut. */
#define LONG "a comment that is longer than the name of its member is"

/* The comment gives way, as little as must be, and the value says so. */
static void test_irc_change_tag_cuts_the_comment_first(void **state)
{
	struct text json = TEXT("{\"user\":\"U\",\"comment\":\"" LONG "\",\"id\":1}");
	static const char whole[] =
	    "{\"user\":\"U\",\"comment\":\"a\\scomment\\sthat\\sis\\slonger\\sthan\\sthe\\sname\\s"
	    "of\\sits\\smember\\sis\",\"id\":1}";
	static const char least[] =
	    "{\"user\":\"U\",\"comment\":\"\",\"id\":1,\"cut\":[\"comment\"]}";

	(void)state;
	assert_value(json, strlen(whole), whole);
	assert_value(json, strlen(least), least);
	assert_value(json, strlen(least) + 1,
	             "{\"user\":\"U\",\"comment\":\"a\",\"id\":1,\"cut\":[\"comment\"]}");
	/* No room for an escape of two. */
	assert_value(json, strlen(least) + 2,
	             "{\"user\":\"U\",\"comment\":\"a\",\"id\":1,\"cut\":[\"comment\"]}");
	assert_value(json, strlen(least) + 3,
	             "{\"user\":\"U\",\"comment\":\"a\\s\",\"id\":1,\"cut\":[\"comment\"]}");
}

/* DESIGN, rule 4: all that goes out is UTF-8. */
static void test_irc_change_tag_cuts_between_characters(void **state)
{
	struct text json =
	    TEXT("{\"comment\":"
	         "\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
	         "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}");
	static const char none[] = "{\"comment\":\"\",\"cut\":[\"comment\"]}";
	static const char one[] = "{\"comment\":\"\xe2\x82\xac\",\"cut\":[\"comment\"]}";

	(void)state;
	assert_value(json, strlen(none), none);
	assert_value(json, strlen(none) + 2, none);
	assert_value(json, strlen(none) + 3, one);
	assert_value(json, strlen(none) + 5, one);
}

/* A short comment is not lost to long parameters: what there is room for comes back
 * (ten bytes are for naming it meanwhile). */
static void test_irc_change_tag_gives_up_the_parameters_rather_than_everything(void **state)
{
	static const char wanted[] =
	    "{\"title\":\"T\",\"comment\":\"short\",\"cut\":[\"log_params\"]}";

	(void)state;
	assert_value(
	    TEXT("{\"comment\":\"short\",\"title\":\"T\",\"log_params\":[\"" LONG LONG "\"]}"),
	    strlen(wanted) + 10, wanted);
}

/* Every text can give way in the end, and the numbers stay. */
static void test_irc_change_tag_keeps_the_numbers(void **state)
{
	struct text json =
	    TEXT("{\"id\":9223372036854775807,\"namespace\":-1,\"bot\":true,\"title\":\"" LONG
	         "\",\"user\":\"" LONG "\",\"comment\":\"" LONG "\",\"notify_url\":\"" LONG
	         "\",\"type\":\"" LONG "\",\"wiki\":\"" LONG "\",\"server_name\":\"" LONG
	         "\",\"log_type\":\"" LONG "\",\"log_action\":\"" LONG "\",\"log_params\":\"" LONG
	         "\",\"length\":\"" LONG "\",\"revision\":\"" LONG
	         "\",\"log_action_comment\":\"" LONG "\"}");
	static const char least[] =
	    "{\"namespace\":-1,\"title\":\"\",\"user\":\"\",\"bot\":true,\"comment\":\"\","
	    "\"id\":9223372036854775807,\"log_action_comment\":\"\",\"cut\":[\"comment\","
	    "\"log_action_comment\",\"log_params\",\"title\",\"user\",\"notify_url\",\"type\","
	    "\"length\",\"revision\",\"wiki\",\"server_name\",\"log_type\",\"log_action\"]}";
	struct change *change = change_of(json);
	struct buffer out = {0};

	(void)state;
	assert_true(irc_change_tag_append(&out, change, strlen(least)));
	assert_true(out.length <= strlen(least));
	assert_non_null(memmem(out.bytes, out.length, "\"id\":9223372036854775807", 24));
	buffer_clear(&out);
	assert_false(irc_change_tag_append(&out, change, 80));
	assert_int_equal(out.length, 0);
	buffer_finish(&out);
	change_unref(change);
}

/* DESIGN, never: a change is encoded once, whoever asks for it and in whatever worker. */
static void test_irc_change_tag_value_is_made_once(void **state)
{
	struct change *change = change_of(TEXT("{\"id\":7}"));
	struct text value = irc_change_tag_value(change);

	(void)state;
	assert_texts_equal(value, TEXT("{\"id\":7}"));
	assert_ptr_equal(irc_change_tag_value(change).bytes, value.bytes);
	change_unref(change);
	change = change_of(TEXT("[]"));
	assert_int_equal(irc_change_tag_value(change).length, 0);
	change_unref(change);
}

/* The room that the other tags leave: a longer change is cut to just that. */
static void test_irc_change_tag_value_leaves_room_for_the_other_tags(void **state)
{
	struct buffer json = {0};
	struct change *change;

	(void)state;
	buffer_append_text(&json, "{\"comment\":\"");
	memset(buffer_reserve(&json, 5000), 'c', 5000);
	json.length += 5000;
	buffer_append_text(&json, "\"}");
	change = change_of(buffer_text(&json));
	assert_int_equal(irc_change_tag_value(change).length, IRC_CHANGE_TAG_MAX);
	assert_true(IRC_CHANGE_TAG_MAX + strlen("rcstreamd.alt/change=;time=;msgid=;batch=") +
	                IRC_TIME_MAX + IRC_MSGID_MAX + 20 <=
	            IRC_TAGS_DATA_MAX);
	change_unref(change);
	buffer_finish(&json);
}

/* --- recorded changes --------------------------------------------------------- */

/* Undo the escapes of a tag, as a client does. */
static struct buffer unescaped(const struct buffer *value)
{
	struct buffer out = {0};

	for (size_t i = 0; i < value->length; i++) {
		char byte = value->bytes[i];

		assert_null(strchr("; \r\n", byte));
		if (byte == '\\') {
			byte = value->bytes[++i];
			byte = (char)(byte == ':' ? ';' : byte == 's' ? ' ' : byte);
		}
		buffer_append_byte(&out, byte);
	}
	return out;
}

/* What a client reads is what MediaWiki sent, member by member, or is named in "cut". */
static void check_tag(const json_t *sent, size_t length_max)
{
	char *json = json_dumps(sent, 0);
	struct change *change = change_of((struct text){json, strlen(json)});
	struct buffer value = {0};
	struct buffer text;
	json_t *read, *member;
	const char *name;
	size_t known = 0;

	assert_true(irc_change_tag_append(&value, change, length_max));
	assert_true(value.length <= length_max);
	assert_true(utf8_is_valid(value.bytes, value.length));
	text = unescaped(&value);
	read = json_loadb(text.bytes, text.length, JSON_ALLOW_NUL, NULL);
	assert_non_null(read);
	json_object_foreach(read, name, member)
	{
		known += json_equal(member, json_object_get(sent, name)) ? 1 : 0;
	}
	known += json_array_size(json_object_get(read, "cut"));
	assert_true(known >= json_object_size(read) - (json_object_get(read, "cut") ? 1 : 0));
	json_decref(read);
	buffer_finish(&text);
	buffer_finish(&value);
	change_unref(change);
	free(json);
}

static void check_record(const json_t *record)
{
	const json_t *sent = json_object_get(record, "json");

	if (json_is_object(sent)) {
		check_tag(sent, IRC_TAGS_DATA_MAX);
		check_tag(sent, 600);
		check_tag(sent, 500);
	}
}

/* All recorded changes, in the room that they have and in less. */
static void test_irc_change_tag_reads_back_as_the_change(void **state)
{
	(void)state;
	assert_true(for_each_record(TEST_DATA "/rcfeed/rcfeed-pairs.ndjson", check_record) > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_change_tag_has_the_members_of_an_edit),
	    cmocka_unit_test(test_irc_change_tag_has_the_members_of_a_log_entry),
	    cmocka_unit_test(test_irc_change_tag_leaves_out_what_is_not_known),
	    cmocka_unit_test(test_irc_change_tag_of_a_line_has_what_the_line_told),
	    cmocka_unit_test(test_irc_change_tag_is_escaped),
	    cmocka_unit_test(test_irc_change_tag_wants_an_object),
	    cmocka_unit_test(test_irc_change_tag_cuts_the_comment_first),
	    cmocka_unit_test(test_irc_change_tag_cuts_between_characters),
	    cmocka_unit_test(test_irc_change_tag_gives_up_the_parameters_rather_than_everything),
	    cmocka_unit_test(test_irc_change_tag_keeps_the_numbers),
	    cmocka_unit_test(test_irc_change_tag_value_is_made_once),
	    cmocka_unit_test(test_irc_change_tag_value_leaves_room_for_the_other_tags),
	    cmocka_unit_test(test_irc_change_tag_reads_back_as_the_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
