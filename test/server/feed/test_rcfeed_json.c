/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/rcfeed_json.h"

#include "server/base/utf8.h"
#include "test/server/feed/records.h"

#define PAIRS TEST_DATA "/rcfeed/rcfeed-pairs.ndjson"

static struct wiki_names *names;

static int create_names(void **state)
{
	(void)state;
	names = wiki_names_create(NULL, 0);
	return 0;
}

static int destroy_names(void **state)
{
	(void)state;
	wiki_names_destroy(names);
	return 0;
}

/* Reads a copy without a byte behind it, so that AddressSanitizer sees a read too far. */
static struct change *read_copy(struct text json, enum drop_reason *reason)
{
	char *copy = malloc(json.length > 0 ? json.length : 1);
	struct change *change;

	memcpy(copy, json.bytes, json.length);
	change = rcfeed_json_read(names, copy, json.length, reason);
	free(copy);
	return change;
}

/* Gives the change that `json` must be. */
static struct change *must_read(struct text json)
{
	enum drop_reason reason = DROP_REASONS;
	struct change *change = read_copy(json, &reason);

	if (change == NULL) {
		fail_msg("dropped (%s): %.*s", drop_reason_label(reason), (int)json.length,
		         json.bytes);
	}
	return change;
}

static void assert_dropped(struct text json, enum drop_reason wanted)
{
	enum drop_reason reason = DROP_REASONS;
	struct change *change = read_copy(json, &reason);

	if (change != NULL || reason != wanted) {
		fail_msg("not dropped as %s: %.*s", drop_reason_label(wanted),
		         json.length < 200 ? (int)json.length : 200, json.bytes);
	}
}

static void assert_line(struct text json, struct text line)
{
	struct change *change = must_read(json);

	assert_texts_equal(change->line, line);
	change_unref(change);
}

static bool needs(const json_t *pair, const char *what)
{
	const json_t *list = json_object_get(pair, "needs");

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(json_string_value(json_array_get(list, i)), what) == 0) {
			return true;
		}
	}
	return false;
}

/* The line of a pair, less the interwiki prefix that JSON does not have. */
static void wanted_line(const json_t *pair, struct buffer *out)
{
	static const char prefix[] = "\00303de:";
	struct text line = member_text(pair, "irc");
	const char *found = memmem(line.bytes, line.length, prefix, sizeof(prefix) - 1);
	size_t before;

	if (!needs(pair, "interwiki-prefix")) {
		buffer_append(out, line.bytes, line.length);
		return;
	}
	assert_non_null(found);
	before = (size_t)(found - line.bytes);
	buffer_append(out, line.bytes, before);
	buffer_append(out, found + sizeof(prefix) - 1, line.length - before - sizeof(prefix) + 1);
}

static void check_change(const struct change *change, const json_t *pair)
{
	const json_t *json = json_object_get(pair, "json");
	struct buffer line = {0};

	assert_string_equal(change_type_name(change->type),
	                    json_string_value(json_object_get(json, "type")));
	assert_texts_equal(change->wiki, member_text(json, "server_name"));
	if (change->type == CHANGE_CATEGORIZE) {
		assert_null(change->line.bytes);
		assert_null(member_text(pair, "irc").bytes);
		return;
	}
	assert_texts_equal(change->channel, member_text(pair, "channel"));
	wanted_line(pair, &line);
	assert_texts_equal(change->line, buffer_text(&line));
	buffer_finish(&line);
}

static bool is_oversize(const json_t *pair)
{
	return strcmp(json_string_value(json_object_get(pair, "kind")), "oversize") == 0;
}

static void check_pair(const json_t *pair)
{
	struct text datagram = member_text(pair, "json_datagram");
	struct change *change;
	char *whole;

	if (is_oversize(pair)) {
		assert_int_equal(datagram.length, 65507);
		assert_dropped(datagram, DROP_JSON_SYNTAX);
		whole = json_dumps(json_object_get(pair, "json"), JSON_COMPACT);
		change = must_read((struct text){whole, strlen(whole)});
		check_change(change, pair);
		free(whole);
	} else {
		change = must_read(datagram);
		check_change(change, pair);
		assert_texts_equal(change_json(change), datagram);
	}
	change_unref(change);
}

/* All that was recorded: the line is the one that MediaWiki sent, the JSON the bytes it sent. */
static void test_rcfeed_json_read_gives_what_mediawiki_sent(void **state)
{
	(void)state;
	assert_int_equal(for_each_record(PAIRS, check_pair), 630);
}

/* EventBus removes every null, at any depth. */
static void remove_nulls(json_t *value)
{
	const char *key;
	json_t *member;
	void *next;

	json_object_foreach_safe(value, next, key, member)
	{
		if (json_is_null(member)) {
			(void)json_object_del(value, key);
		} else {
			remove_nulls(member);
		}
	}
}

static void check_event(const json_t *pair)
{
	json_t *event = json_deep_copy(json_object_get(pair, "json"));
	struct change *change;
	char *bytes;

	assert_int_equal(
	    json_object_set_new(event, "$schema", json_string("/mediawiki/recentchange/1.0.0")), 0);
	assert_int_equal(json_object_set_new(event, "parsedcomment", json_string("<b>x</b>")), 0);
	assert_int_equal(
	    json_object_set_new(event, "meta",
	                        json_pack("{s:s, s:s, s:I}", "stream", "mediawiki.recentchange",
	                                  "dt", "2026-08-01T00:00:00.000Z", "offset",
	                                  (json_int_t)5000000000)),
	    0);
	remove_nulls(event);
	bytes = json_dumps(event, JSON_COMPACT);
	change = must_read((struct text){bytes, strlen(bytes)});
	check_change(change, pair);
	change_unref(change);
	free(bytes);
	json_decref(event);
}

/* EventStreams' recentchange: RCFeed's members without the null ones, and `$schema` and `meta`. */
static void test_rcfeed_json_read_takes_eventstreams_for_the_same(void **state)
{
	(void)state;
	assert_int_equal(for_each_record(PAIRS, check_event), 630);
}

#define MEMBERS(members) "{\"server_name\":\"x.org\"," members "}"

/* change.h: a change's own time, where it tells one; a time that cannot be is none. */
static void test_rcfeed_json_read_tells_when_a_change_was_made(void **state)
{
	static const struct {
		const char *json;
		uint64_t wanted_ms;
	} cases[] = {
	    {MEMBERS("\"timestamp\":1700000000"), 1700000000000},
	    {MEMBERS("\"timestamp\":999999999999"), 999999999999000},
	    {MEMBERS("\"timestamp\":1000000000000"), 0},
	    {MEMBERS("\"timestamp\":9223372036854775807"), 0},
	    {MEMBERS("\"timestamp\":-1"), 0},
	    {MEMBERS("\"timestamp\":\"1700000000\""), 0},
	    {MEMBERS("\"timestamp\":null"), 0},
	    {MEMBERS("\"type\":\"edit\""), 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change *change =
		    must_read((struct text){cases[i].json, strlen(cases[i].json)});

		assert_int_equal(change->made_ms, cases[i].wanted_ms);
		change_unref(change);
	}
}

/* change.h: what filters ask for; what is missing or of a wrong type is not known. */
static void test_rcfeed_json_read_tells_what_filters_ask_for(void **state)
{
	static const struct {
		const char *json;
		struct change_traits wanted;
	} cases[] = {
	    {MEMBERS("\"namespace\":0,\"bot\":false"), {true, 0, CHANGE_NO}},
	    {MEMBERS("\"namespace\":-1,\"bot\":true"), {true, -1, CHANGE_YES}},
	    {MEMBERS("\"namespace\":2600,\"bot\":0"), {true, 2600, CHANGE_NO}},
	    {MEMBERS("\"namespace\":null,\"bot\":1"), {false, 0, CHANGE_YES}},
	    {MEMBERS("\"namespace\":\"0\",\"bot\":2"), {false, 0, CHANGE_UNKNOWN}},
	    {MEMBERS("\"namespace\":1.0,\"bot\":\"1\""), {false, 0, CHANGE_UNKNOWN}},
	    {MEMBERS("\"type\":\"edit\""), {false, 0, CHANGE_UNKNOWN}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change *change =
		    must_read((struct text){cases[i].json, strlen(cases[i].json)});

		assert_int_equal(change->traits.has_namespace, cases[i].wanted.has_namespace);
		assert_int_equal(change->traits.namespace_id, cases[i].wanted.namespace_id);
		assert_int_equal(change->traits.bot, cases[i].wanted.bot);
		change_unref(change);
	}
}

/* change.h: what tells a change from others; what is missing, of a wrong type or senseless is 0. */
static void test_rcfeed_json_read_tells_which_change_it_is(void **state)
{
	static const struct {
		const char *json;
		const char *meta_id;
		uint64_t rc_id, log_id, revision_new, revision_old;
	} cases[] = {
	    {MEMBERS("\"type\":\"edit\",\"id\":5,\"revision\":{\"old\":3,\"new\":4},\"meta\":{"
	             "\"id\":\"a-b\"}"),
	     "a-b", 5, 0, 4, 3},
	    {MEMBERS("\"type\":\"new\",\"id\":5,\"revision\":{\"new\":4}"), NULL, 5, 0, 4, 0},
	    {MEMBERS("\"type\":\"new\",\"revision\":{\"old\":null,\"new\":4}"), NULL, 0, 0, 4, 0},
	    {MEMBERS("\"type\":\"edit\",\"revision\":{\"new\":4}"), NULL, 0, 0, 0, 0},
	    {MEMBERS("\"type\":\"log\",\"id\":null,\"log_id\":6"), NULL, 0, 6, 0, 0},
	    {MEMBERS("\"type\":\"log\",\"id\":null,\"log_id\":0"), NULL, 0, 0, 0, 0},
	    {MEMBERS("\"type\":\"categorize\",\"id\":5,\"revision\":{\"old\":3,\"new\":4}"), NULL,
	     5, 0, 0, 0},
	    {MEMBERS("\"type\":\"edit\",\"id\":-5,\"revision\":{\"old\":-3,\"new\":-4}"), NULL, 0,
	     0, 0, 0},
	    {MEMBERS("\"id\":\"5\",\"log_id\":6,\"meta\":\"a-b\""), NULL, 0, 0, 0, 0},
	    {MEMBERS("\"meta\":{\"id\":7}"), NULL, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change *change =
		    must_read((struct text){cases[i].json, strlen(cases[i].json)});
		const struct change_identity *identity = &change->identity;

		assert_false(change->is_from_line);
		assert_int_equal(identity->rc_id, cases[i].rc_id);
		assert_int_equal(identity->log_id, cases[i].log_id);
		assert_int_equal(identity->revision_new, cases[i].revision_new);
		assert_int_equal(identity->revision_old, cases[i].revision_old);
		if (cases[i].meta_id != NULL) {
			assert_string_equal(identity->meta_id.bytes, cases[i].meta_id);
		} else {
			assert_null(identity->meta_id.bytes);
		}
		change_unref(change);
	}
}

#define EDIT                                                                                 \
	"\"title\":\"P\",\"user\":\"U\",\"comment\":\"c\",\"length\":{\"old\":1,\"new\":3}," \
	"\"revision\":{\"old\":1,\"new\":2},\"server_url\":\"https://x.org\","               \
	"\"server_script_path\":\"/w\",\"server_name\":\"x.org\",\"wiki\":\"xwiki\""
#define EDIT_LINE(flags, rcid)                                       \
	"\00314[[\00307P\00314]]\0034 " flags                        \
	"\00310 \00302https://x.org/w/index.php?diff=2&oldid=1" rcid \
	"\003 \0035*\003 \00303U\003 \0035*\003 (+2) \00310c\003"

/* MediaWiki 1.22 and 1.23: the type is 0, 1 or 3, and bools are 0 or 1. */
static void test_rcfeed_json_read_takes_the_numbers_of_old_releases(void **state)
{
	static const struct {
		const char *number;
		enum change_type type;
	} types[] = {
	    {"0", CHANGE_EDIT},    {"1", CHANGE_NEW},
	    {"3", CHANGE_LOG},     {"2", CHANGE_OTHER},
	    {"-1", CHANGE_OTHER},  {"4", CHANGE_OTHER},
	    {"0.0", CHANGE_OTHER}, {"4294967296", CHANGE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char json[64];
		struct change *change;

		(void)snprintf(json, sizeof(json), "{\"type\":%s,\"server_name\":\"x.org\"}",
		               types[i].number);
		change = must_read((struct text){json, strlen(json)});
		assert_int_equal(change->type, types[i].type);
		change_unref(change);
	}
	assert_line(TEXT("{\"type\":0,\"id\":9,\"minor\":1,\"bot\":0,\"patrolled\":0," EDIT "}"),
	            TEXT(EDIT_LINE("!M", "&rcid=9")));
	assert_line(TEXT("{\"type\":0,\"id\":9,\"minor\":0,\"bot\":1,\"patrolled\":1," EDIT "}"),
	            TEXT(EDIT_LINE("B", "&rcid=9")));
}

/* A member of a wrong type is as if it were null: here flags that say nothing, and ids. */
static void test_rcfeed_json_read_takes_wrong_types_for_null(void **state)
{
	(void)state;
	assert_line(
	    TEXT("{\"type\":\"edit\",\"id\":9,\"minor\":\"1\",\"bot\":2,\"patrolled\":null," EDIT
	         "}"),
	    TEXT(EDIT_LINE("", "")));
	assert_line(TEXT("{\"type\":\"edit\",\"id\":\"9\",\"minor\":[],\"patrolled\":true,"
	                 "\"notify_url\":7," EDIT "}"),
	            TEXT(EDIT_LINE("", "")));
	assert_line(TEXT("{\"type\":[],\"server_name\":\"x.org\"}"), (struct text){.bytes = NULL});
	assert_line(TEXT("{\"type\":\"editor\"," EDIT "}"), (struct text){.bytes = NULL});
	assert_line(TEXT("{\"type\":\"edit\\u0000\"," EDIT "}"), (struct text){.bytes = NULL});
	assert_line(TEXT("{" EDIT "}"), (struct text){.bytes = NULL});
	/* No title, so no line; the change goes to those who take JSON. */
	assert_line(TEXT("{\"type\":\"edit\",\"title\":3,\"user\":\"U\",\"comment\":\"c\","
	                 "\"notify_url\":\"https://x.org/\",\"server_name\":\"x.org\"}"),
	            (struct text){.bytes = NULL});
	assert_line(
	    TEXT("{\"type\":\"edit\",\"title\":\"P\",\"user\":\"U\",\"comment\":\"c\",\"length\":3,"
	         "\"notify_url\":\"u\",\"server_name\":\"x.org\"}"),
	    TEXT("\00314[[\00307P\00314]]\0034 \00310 \00302u\003 \0035*\003 "
	         "\00303U\003 \0035*\003  \00310c\003"));
}

/* Lengths whose difference overflows, from a peer who tries. */
static void test_rcfeed_json_read_survives_the_greatest_numbers(void **state)
{
	struct change *change =
	    must_read(TEXT("{\"type\":\"edit\",\"title\":\"P\",\"user\":\"U\",\"comment\":\"c\","
	                   "\"server_name\":\"x.org\","
	                   "\"notify_url\":\"u\",\"length\":{\"old\":-9223372036854775808,"
	                   "\"new\":9223372036854775807}}"));

	(void)state;
	assert_texts_equal(change->line,
	                   TEXT("\00314[[\00307P\00314]]\0034 \00310 \00302u\003 \0035*\003 "
	                        "\00303U\003 \0035*\003  \00310c\003"));
	change_unref(change);
}

/* A NUL is legal in JSON and must not be in a line; nor may CR and LF be. */
static void test_rcfeed_json_read_keeps_nul_in_json_and_out_of_lines(void **state)
{
#define WITH_NUL                                                                           \
	"{\"type\":\"edit\",\"title\":\"a\\u0000b\",\"user\":\"u\\r\\nQUIT\",\"comment\":" \
	"\"\\u0000\","                                                                     \
	"\"notify_url\":\"\\u0000u\\n\",\"server_name\":\"x.org\"}"
	struct change *change = must_read(TEXT(WITH_NUL));

	(void)state;
	assert_texts_equal(change_json(change), TEXT(WITH_NUL));
	assert_texts_equal(change->line,
	                   TEXT("\00314[[\00307ab\00314]]\0034 \00310 \00302u\003 \0035*\003 "
	                        "\00303u QUIT\003 \0035*\003  \00310\003"));
	change_unref(change);
#undef WITH_NUL
}

/* One line for SSE and for polls: white space goes or is a space, all else stays. */
static void test_rcfeed_json_read_keeps_the_bytes_and_makes_them_one_line(void **state)
{
	struct change *change =
	    must_read(TEXT("\r\n \t{\r\n\t\"b\" : 1.50e+0,\n\"a\\/\":\"\\u00e9\303\251\\n\",\r"
	                   "\"server_name\":\"x.org\" }\n\n"));

	(void)state;
	assert_texts_equal(change_json(change),
	                   TEXT("{  \t\"b\" : 1.50e+0, \"a\\/\":\"\\u00e9\303\251\\n\", "
	                        "\"server_name\":\"x.org\" }"));
	assert_texts_equal(change->wiki, TEXT("x.org"));
	assert_texts_equal(change->channel, TEXT("#x"));
	assert_int_equal(change->type, CHANGE_OTHER);
	change_unref(change);
}

/* A name that makes no channel to join still goes to those who take JSON. */
static void test_rcfeed_json_read_gives_no_line_without_a_channel(void **state)
{
	struct change *change = must_read(TEXT("{\"type\":\"edit\",\"title\":\"P\",\"user\":\"U\","
	                                       "\"comment\":\"c\",\"notify_url\":\"u\","
	                                       "\"server_name\":\"[::1]\"}"));

	(void)state;
	assert_texts_equal(change->wiki, TEXT("[::1]"));
	assert_texts_equal(change->channel, TEXT("#"));
	assert_null(change->line.bytes);
	change_unref(change);
}

/* The exception is found by `wiki`, and by the server name where there is none. */
static void test_rcfeed_json_read_knows_exceptional_channels(void **state)
{
	struct change *change =
	    must_read(TEXT("{\"server_name\":\"www.wikidata.org\",\"wiki\":\"wikidatawiki\"}"));

	(void)state;
	assert_texts_equal(change->channel, TEXT("#wikidata.wikipedia"));
	change_unref(change);
	change = must_read(TEXT("{\"server_name\":\"www.wikidata.org\"}"));
	assert_texts_equal(change->channel, TEXT("#wikidata.wikipedia"));
	change_unref(change);
}

#define NAMED(rest) TEXT("{\"server_name\":\"x.org\"," rest)

/* RFC 8259, strictly; and what the header refuses besides. */
static void test_rcfeed_json_read_drops_what_is_not_json(void **state)
{
	const struct text texts[] = {
	    TEXT(""),
	    TEXT(" \r\n"),
	    TEXT("x"),
	    TEXT("{"),
	    TEXT("}"),
	    TEXT("\""),
	    TEXT("\"\\"),
	    TEXT("{\"server_name\":\"x.org\"} x"),
	    TEXT("{\"server_name\":\"x.org\"}{}"),
	    TEXT("{\"server_name\":\"x.org\"}\0"),
	    TEXT("\0{\"server_name\":\"x.org\"}"),
	    TEXT("{\"server_name\":\"x\0.org\"}"),
	    TEXT("\357\273\277{\"server_name\":\"x.org\"}"),
	    NAMED("}"),
	    NAMED("\"a\":1e400}"),
	    NAMED("\"a\":-1e400}"),
	    NAMED("\"a\":99999999999999999999}"),
	    NAMED("\"a\":-9223372036854775809}"),
	    NAMED("\"a\":01}"),
	    NAMED("\"a\":NaN}"),
	    NAMED("\"a\":'b'}"),
	    NAMED("\"a\":1,\"a\":2}"),
	    NAMED("\"a\":{\"b\":1,\"b\":1}}"),
	    NAMED("\"server_name\":\"y.org\"}"),
	    NAMED("\"a\\u0000b\":1}"),
	    NAMED("\"a\":\"\\ud800\"}"),
	    NAMED("\"a\":\"\\udc00\\ud800\"}"),
	    NAMED("\"a\":\"\\x\"}"),
	    NAMED("\"a\":\"x\ny\"}"),
	    NAMED("\"a\":\"x\ry\"}"),
	    NAMED("\"a\":\"x\ty\"}"),
	    NAMED("\"a\":\"x\003y\"}"),
	    NAMED("\"a\":\"x\0y\"}"),
	    NAMED("\"a\":1\0}"), /* jansson takes this one */
	    NAMED("\"a\":1.5\0,\"b\":2}"),
	    NAMED("\"a\":true\0}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_dropped(texts[i], DROP_JSON_SYNTAX);
	}
}

/* RFC 3629, before anything else is looked at. */
static void test_rcfeed_json_read_drops_what_is_not_utf8(void **state)
{
	(void)state;
	assert_dropped(TEXT("\377"), DROP_NOT_UTF8);
	assert_dropped(NAMED("\"a\":\"\303\"}"), DROP_NOT_UTF8);
	assert_dropped(NAMED("\"a\":\"\300\200\"}"), DROP_NOT_UTF8);
	assert_dropped(NAMED("\"a\":\"\355\240\200\"}"), DROP_NOT_UTF8);
	assert_dropped(NAMED("\"a\":\"\364\220\200\200\"}"), DROP_NOT_UTF8);
	assert_dropped(NAMED("\"a\":1} \200"), DROP_NOT_UTF8);
}

static void test_rcfeed_json_read_drops_what_is_no_object(void **state)
{
	static const char *const texts[] = {"[]", "\"x\"", "1", "1.5", "true", "null", " [{}] "};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_dropped((struct text){texts[i], strlen(texts[i])}, DROP_NOT_AN_OBJECT);
	}
}

/* The name becomes a channel, an SSE field and a label of a metric. */
static void test_rcfeed_json_read_drops_what_names_no_wiki(void **state)
{
	static const char *const names_of_none[] = {
	    "{}",
	    "{\"server_name\":null}",
	    "{\"server_name\":3}",
	    "{\"server_name\":[\"x.org\"]}",
	    "{\"server_name\":\"\"}",
	    "{\"server_name\":\"x y.org\"}",
	    "{\"server_name\":\" x.org\"}",
	    "{\"server_name\":\"x.org\\r\\nQUIT\"}",
	    "{\"server_name\":\"x.org\\u0000\"}",
	    "{\"server_name\":\"\303\251.org\"}",
	    "{\"SERVER_NAME\":\"x.org\"}",
	    "{\"meta\":{\"server_name\":\"x.org\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names_of_none) / sizeof(names_of_none[0]); i++) {
		assert_dropped((struct text){names_of_none[i], strlen(names_of_none[i])},
		               DROP_NO_SERVER_NAME);
	}
}

/* rcfeed_json.h: a canary event is one by its domain alone, whatever else it looks like. */
static void test_rcfeed_json_read_drops_canary_events(void **state)
{
	static const char *const changes[] = {
	    MEMBERS("\"meta\":{\"domain\":\"canary.org\"}"),
	    MEMBERS("\"meta\":{\"domain\":\"canar\"}"),
	    MEMBERS("\"meta\":{\"id\":\"canary\"}"),
	    MEMBERS("\"meta\":\"canary\",\"domain\":\"canary\""),
	    MEMBERS("\"wiki\":\"canary\",\"title\":\"canary\""),
	};

	(void)state;
	assert_dropped(TEXT(MEMBERS("\"type\":\"edit\",\"meta\":{\"domain\":\"canary\"}")),
	               DROP_CANARY);
	assert_dropped(TEXT("{\"meta\":{\"domain\":\"canary\"}}"), DROP_CANARY);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		change_unref(must_read((struct text){changes[i], strlen(changes[i])}));
	}
}

/* One object with arrays in its log_params, `depth` levels in all. */
static void nest(size_t depth, struct buffer *out)
{
	buffer_append_text(out, "{\"server_name\":\"x.org\",\"log_params\":");
	for (size_t i = 1; i < depth; i++) {
		buffer_append_byte(out, '[');
	}
	for (size_t i = 1; i < depth; i++) {
		buffer_append_byte(out, ']');
	}
	buffer_append_byte(out, '}');
}

/* The limit is exact, counts no brackets in strings, and holds for what is not closed. */
static void test_rcfeed_json_read_drops_what_is_nested_too_deeply(void **state)
{
	static const size_t too_deep[] = {RCFEED_JSON_DEPTH_MAX + 1, 2049, 100000};
	struct buffer json = {0};

	(void)state;
	nest(RCFEED_JSON_DEPTH_MAX, &json);
	change_unref(must_read(buffer_text(&json)));
	for (size_t i = 0; i < sizeof(too_deep) / sizeof(too_deep[0]); i++) {
		buffer_clear(&json);
		nest(too_deep[i], &json);
		assert_dropped(buffer_text(&json), DROP_JSON_DEPTH);
		assert_dropped((struct text){json.bytes, json.length - too_deep[i]},
		               DROP_JSON_DEPTH);
	}
	buffer_clear(&json);
	buffer_append_text(&json, "{\"server_name\":\"x.org\",\"a\":\"\\\\\\\"");
	for (size_t i = 0; i < 100; i++) {
		buffer_append_text(&json, "[{");
	}
	buffer_append_text(&json, "\"}");
	change_unref(must_read(buffer_text(&json)));
	buffer_finish(&json);
}

/* A datagram that is cut anywhere is dropped: no beginning of an object is one. */
static void test_rcfeed_json_read_drops_every_beginning_of_an_object(void **state)
{
	static const char whole[] =
	    "{\"type\":\"edit\",\"log_params\":[{\"a\":\"\\\"\303\251\"}]," EDIT "}";
	enum drop_reason reason;

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		struct text cut = {whole, length};

		assert_null(read_copy(cut, &reason));
		assert_int_equal(reason,
		                 utf8_is_valid(whole, length) ? DROP_JSON_SYNTAX : DROP_NOT_UTF8);
	}
	change_unref(must_read((struct text){whole, sizeof(whole) - 1}));
}

/* Damage to recorded datagrams, by a seed that a failure prints. */
#define DAMAGES_EACH 20

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static void check_damages(const json_t *pair)
{
	static const char telling[] = "{}[]\",:\\u0\n\r \0tfn1e-\303\251";
	struct text datagram = member_text(pair, "json_datagram");

	for (int i = 0; i < DAMAGES_EACH && datagram.length < 60000; i++) {
		uint32_t from_seed = seed;
		char *bytes = malloc(datagram.length);
		enum drop_reason reason = DROP_REASONS;
		struct change *change;

		memcpy(bytes, datagram.bytes, datagram.length);
		for (uint32_t k = draw(4); k > 0; k--) {
			bytes[draw((uint32_t)datagram.length)] = telling[draw(sizeof(telling) - 1)];
		}
		change = rcfeed_json_read(names, bytes, datagram.length, &reason);
		free(bytes);
		if (change == NULL) {
			assert_true(reason < DROP_REASONS);
			continue;
		}
		if (memchr(change_json(change).bytes, '\n', change_json(change).length) != NULL ||
		    memchr(change_json(change).bytes, '\r', change_json(change).length) != NULL ||
		    (change->line.bytes != NULL &&
		     strcspn(change->line.bytes, "\r\n") != change->line.length)) {
			fail_msg("seed %u", (unsigned)from_seed);
		}
		change_unref(change);
	}
}

/* Whatever arrives is dropped with a reason or is a change that forges no line. */
static void test_rcfeed_json_read_survives_damaged_datagrams(void **state)
{
	(void)state;
	seed = 1;
	assert_int_equal(for_each_record(PAIRS, check_damages), 630);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rcfeed_json_read_gives_what_mediawiki_sent),
	    cmocka_unit_test(test_rcfeed_json_read_takes_eventstreams_for_the_same),
	    cmocka_unit_test(test_rcfeed_json_read_tells_which_change_it_is),
	    cmocka_unit_test(test_rcfeed_json_read_tells_when_a_change_was_made),
	    cmocka_unit_test(test_rcfeed_json_read_tells_what_filters_ask_for),
	    cmocka_unit_test(test_rcfeed_json_read_takes_the_numbers_of_old_releases),
	    cmocka_unit_test(test_rcfeed_json_read_takes_wrong_types_for_null),
	    cmocka_unit_test(test_rcfeed_json_read_survives_the_greatest_numbers),
	    cmocka_unit_test(test_rcfeed_json_read_keeps_nul_in_json_and_out_of_lines),
	    cmocka_unit_test(test_rcfeed_json_read_keeps_the_bytes_and_makes_them_one_line),
	    cmocka_unit_test(test_rcfeed_json_read_gives_no_line_without_a_channel),
	    cmocka_unit_test(test_rcfeed_json_read_knows_exceptional_channels),
	    cmocka_unit_test(test_rcfeed_json_read_drops_what_is_not_json),
	    cmocka_unit_test(test_rcfeed_json_read_drops_what_is_not_utf8),
	    cmocka_unit_test(test_rcfeed_json_read_drops_what_is_no_object),
	    cmocka_unit_test(test_rcfeed_json_read_drops_what_names_no_wiki),
	    cmocka_unit_test(test_rcfeed_json_read_drops_canary_events),
	    cmocka_unit_test(test_rcfeed_json_read_drops_what_is_nested_too_deeply),
	    cmocka_unit_test(test_rcfeed_json_read_drops_every_beginning_of_an_object),
	    cmocka_unit_test(test_rcfeed_json_read_survives_damaged_datagrams),
	};

	return cmocka_run_group_tests(tests, create_names, destroy_names);
}
