/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_tags.h"

#include "protocols/irc/irc_capabilities.h"
#include "protocols/irc/irc_server.h"
#include "test/server/feed/records.h"

#define ARRIVED_MS UINT64_C(1769860800000) /* 2026-01-31T12:00:00Z */
#define TIME       "time=2026-01-31T12:00:00.000Z"
#define MSGID      "msgid=18bcfe56800-7"
#define CHANGE     IRC_CHANGE_NAME "="

static const struct status status = {.started_ms = UINT64_C(0x18bcfe56800)};
static const struct front_end_env env = {.status = &status};
static const struct irc_server server = {.env = &env};

/* Gives the tags of a change with this JSON. */
static struct buffer tags_of(struct text json, unsigned tags, const char *batch)
{
	struct change *change = change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = TEXT("en.wikipedia.org"),
	    .channel = TEXT("#en.wikipedia"),
	    .json = json,
	    .line = TEXT("line"),
	});
	struct buffer out = {0};

	change->id = 7;
	change->arrived_ms = ARRIVED_MS;
	irc_tags_append(&out, &server, change, tags, batch);
	change_unref(change);
	return out;
}

static void assert_tags(unsigned tags, const char *batch, const char *wanted)
{
	struct buffer out = tags_of(TEXT("{\"id\":1,\"user\":\"A B\"}"), tags, batch);

	assert_texts_equal(buffer_text(&out), (struct text){wanted, strlen(wanted)});
	buffer_finish(&out);
}

/* ircv3.net, "Message Tags", format; every combination that capabilities can give. */
static void test_irc_tags_of_a_change_are_those_that_were_asked_for(void **state)
{
	(void)state;
	assert_tags(0, NULL, "");
	assert_tags(IRC_TAG_TIME, NULL, "@" TIME " ");
	assert_tags(IRC_TAG_MSGID, NULL, "@" MSGID " ");
	assert_tags(IRC_TAG_TIME | IRC_TAG_MSGID, NULL, "@" TIME ";" MSGID " ");
	assert_tags(IRC_TAG_CHANGE, NULL, "@" CHANGE "{\"user\":\"A\\sB\",\"id\":1} ");
	assert_tags(IRC_TAGS_ALL, NULL,
	            "@" TIME ";" MSGID ";" CHANGE "{\"user\":\"A\\sB\",\"id\":1} ");
	assert_tags(0, "12", "@batch=12 ");
	assert_tags(IRC_TAG_TIME, "12", "@batch=12;" TIME " ");
}

/* ibid., size limit: 4094 bytes: the change is made to fit, and its msgid is there. */
static void test_irc_tags_are_never_more_than_a_server_may_add(void **state)
{
	(void)state;
	for (size_t length = 3900; length <= 4200; length++) {
		struct buffer json = {0};
		struct buffer out;

		buffer_append_text(&json, "{\"id\":1,\"comment\":\"");
		memset(buffer_reserve(&json, length), 'c', length);
		json.length += length;
		buffer_append_text(&json, "\"}");
		out = tags_of(buffer_text(&json), IRC_TAGS_ALL, "4294967295");
		assert_true(out.length <= IRC_TAGS_DATA_MAX + 2);
		assert_true(out.length > 3900);
		assert_int_equal(out.bytes[0], '@');
		assert_ptr_equal(memchr(out.bytes, ' ', out.length), out.bytes + out.length - 1);
		assert_non_null(memmem(out.bytes, out.length, MSGID ";" CHANGE "{",
		                       strlen(MSGID ";" CHANGE "{")));
		buffer_finish(&out);
		buffer_finish(&json);
	}
}

/* A change whose JSON is no object, which no source makes, goes without that tag. */
static void test_irc_tags_leave_out_a_change_that_has_no_object(void **state)
{
	struct buffer out = tags_of(TEXT("[]"), IRC_TAGS_ALL, NULL);

	(void)state;
	assert_texts_equal(buffer_text(&out), TEXT("@" TIME ";" MSGID " "));
	buffer_finish(&out);
	out = tags_of(TEXT("{"), IRC_TAG_CHANGE, NULL);
	assert_texts_equal(buffer_text(&out), TEXT(""));
	buffer_finish(&out);
}

/* ircv3.net, "server-time": YYYY-MM-DDThh:mm:ss.sssZ, in UTC. */
static void test_irc_tags_time_has_milliseconds(void **state)
{
	char text[IRC_TIME_MAX];

	(void)state;
	assert_string_equal(irc_tags_time(text, 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(irc_tags_time(text, 1), "1970-01-01T00:00:00.001Z");
	assert_string_equal(irc_tags_time(text, ARRIVED_MS), "2026-01-31T12:00:00.000Z");
	assert_string_equal(irc_tags_time(text, ARRIVED_MS - 1), "2026-01-31T11:59:59.999Z");
	assert_string_equal(irc_tags_time(text, UINT64_C(1709251199042)),
	                    "2024-02-29T23:59:59.042Z");
}

/* --- values ----------------------------------------------------------------- */

static void assert_escaped(struct text value, struct text wanted)
{
	struct buffer out = {0};

	irc_tags_escape(&out, value);
	assert_texts_equal(buffer_text(&out), wanted);
	buffer_finish(&out);
}

/* ircv3.net, "Message Tags", escaping values: the table, and all that stands for itself. */
static void test_irc_tags_escape_what_would_end_a_value(void **state)
{
	(void)state;
	assert_escaped(TEXT(";"), TEXT("\\:"));
	assert_escaped(TEXT(" "), TEXT("\\s"));
	assert_escaped(TEXT("\\"), TEXT("\\\\"));
	assert_escaped(TEXT("\r"), TEXT("\\r"));
	assert_escaped(TEXT("\n"), TEXT("\\n"));
	assert_escaped(TEXT("\0"), TEXT(""));
	assert_escaped(TEXT(""), TEXT(""));
	assert_escaped(TEXT("a; b\\\r\n\0c"), TEXT("a\\:\\sb\\\\\\r\\nc"));
	assert_escaped(TEXT("raw+:=,escaped; \\"), TEXT("raw+:=,escaped\\:\\s\\\\"));
	assert_escaped(TEXT("\xe2\x82\xac\"{}@#\t\x01\x7f"), TEXT("\xe2\x82\xac\"{}@#\t\x01\x7f"));
	for (int byte = 1; byte < 256; byte++) {
		char value = (char)byte;

		if (strchr("; \\\r\n", byte) == NULL) {
			assert_escaped((struct text){&value, 1}, (struct text){&value, 1});
		}
	}
}

/* --- a client's tags --------------------------------------------------------- */

/* ibid.: a key is whole, a value may be missing or empty, and the last of several counts. */
static void test_irc_tags_find_a_tag_by_its_key(void **state)
{
	static const struct {
		const char *tags;
		const char *wanted; /* NULL: not there */
	} cases[] = {
	    {"", NULL},
	    {"label", ""},
	    {"label=", ""},
	    {"label=1", "1"},
	    {"label=a=b", "a=b"},
	    {"a;label=1;b", "1"},
	    {";;label=1;;", "1"},
	    {"label=1;label=2", "2"},
	    {"label=1;label", ""},
	    {"label=a\\:b", "a\\:b"},
	    {"labels=1", NULL},
	    {"labe=1", NULL},
	    {"+label=1", NULL},
	    {"LABEL=1", NULL},
	    {"x=label;y=label=1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text tags = {cases[i].tags, strlen(cases[i].tags)};
		struct text wanted = {cases[i].wanted, 0};

		wanted.length = wanted.bytes != NULL ? strlen(wanted.bytes) : 0;
		assert_texts_equal(irc_tags_find(tags, "label"), wanted);
	}
}

static void assert_relayed(struct text tags, struct text wanted)
{
	struct buffer out = {0};

	irc_tags_relay(&out, tags);
	assert_texts_equal(buffer_text(&out), wanted);
	buffer_finish(&out);
}

/* ibid.: client-only tags as they are; no other tag of a client ever goes out again. */
static void test_irc_tags_relay_only_what_is_for_clients(void **state)
{
	(void)state;
	assert_relayed(TEXT(""), TEXT(""));
	assert_relayed(TEXT("label=1;time=2"), TEXT(""));
	assert_relayed(TEXT("+a"), TEXT("+a"));
	assert_relayed(TEXT("label=1;+a=\\:x;msgid=3;+example.org/b;"),
	               TEXT("+a=\\:x;+example.org/b"));
	assert_relayed(TEXT("+;+a;+"), TEXT("+a"));
	assert_relayed(TEXT("+a=\xff;+b"), TEXT(""));
	assert_relayed(TEXT("+a=\0;+b"), TEXT(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_tags_of_a_change_are_those_that_were_asked_for),
	    cmocka_unit_test(test_irc_tags_are_never_more_than_a_server_may_add),
	    cmocka_unit_test(test_irc_tags_leave_out_a_change_that_has_no_object),
	    cmocka_unit_test(test_irc_tags_time_has_milliseconds),
	    cmocka_unit_test(test_irc_tags_escape_what_would_end_a_value),
	    cmocka_unit_test(test_irc_tags_find_a_tag_by_its_key),
	    cmocka_unit_test(test_irc_tags_relay_only_what_is_for_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
