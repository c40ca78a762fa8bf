/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/rcfeed_irc.h"

#include "server/base/utf8.h"
#include "server/feed/irc_clean.h"
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

/*
 * Rendering.  What MediaWiki rendered is compared in test_rcfeed_json.c; here are
 * the rules that no recorded change shows.
 */

static struct rcfeed_fields an_edit(void)
{
	return (struct rcfeed_fields){
	    .type = CHANGE_EDIT,
	    .title = TEXT("Page"),
	    .user = TEXT("Alice"),
	    .comment = TEXT("more"),
	    .server_url = TEXT("https://en.wikipedia.org"),
	    .script_path = TEXT("/w"),
	    .server_name = TEXT("en.wikipedia.org"),
	    .has_length = true,
	    .length_old = 10,
	    .length_new = 11,
	    .has_revision = true,
	    .revision_old = 1,
	    .revision_new = 2,
	};
}

static struct rcfeed_fields a_log_entry(void)
{
	return (struct rcfeed_fields){
	    .type = CHANGE_LOG,
	    .title = TEXT("A"),
	    .user = TEXT("Alice"),
	    .server_name = TEXT("en.wikipedia.org"),
	    .log_type = TEXT("move"),
	    .log_action = TEXT("move"),
	    .log_action_comment = TEXT("moved [[A]] to [[B]]"),
	};
}

static void assert_rendered(const struct rcfeed_fields *fields, struct text wanted)
{
	struct buffer out = {0};

	assert_true(rcfeed_irc_render(fields, &out));
	assert_texts_equal(buffer_text(&out), wanted);
	buffer_finish(&out);
}

static void assert_not_rendered(const struct rcfeed_fields *fields)
{
	struct buffer out = {0};

	buffer_append_text(&out, "kept");
	assert_false(rcfeed_irc_render(fields, &out));
	assert_texts_equal(buffer_text(&out), TEXT("kept"));
	buffer_finish(&out);
}

static void assert_size(long long length_old, long long length_new, const char *wanted)
{
	struct rcfeed_fields fields = an_edit();
	struct buffer out = {0};
	char separated[64];

	(void)snprintf(separated, sizeof(separated), "\003 \0035*\003 %s \00310more\003", wanted);
	fields.length_old = length_old;
	fields.length_new = length_new;
	assert_true(rcfeed_irc_render(&fields, &out));
	buffer_append_byte(&out, '\0');
	assert_non_null(strstr(out.bytes, separated));
	buffer_finish(&out);
}

/* Bold is for less than -500; a difference that 64 bits cannot hold is not shown. */
static void test_rcfeed_irc_render_shows_a_great_loss_in_bold(void **state)
{
	(void)state;
	assert_size(10, 10, "(+0)");
	assert_size(500, 0, "(-500)");
	assert_size(501, 0, "(\002-501\002)");
	assert_size(0, 100000, "(+100000)");
	assert_size(0, INT64_MAX, "(+9223372036854775807)");
	assert_size(-1, INT64_MAX, "");
	assert_size(INT64_MAX, -INT64_MAX, "");
}

/* Without notify_url (before 1.40) the URL is made of its parts; rcid iff `patrolled` is there. */
static void test_rcfeed_irc_render_builds_the_url_that_the_json_lacks(void **state)
{
	struct rcfeed_fields fields = an_edit();

	(void)state;
	fields.has_patrolled = true;
	fields.is_patrolled = true;
	fields.has_id = true;
	fields.id = 3;
	fields.script_path = TEXT("/");
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Page\00314]]\0034 \00310 "
	                     "\00302https://en.wikipedia.org/index.php?diff=2&oldid=1&rcid=3"
	                     "\003 \0035*\003 \00303Alice\003 \0035*\003 (+1) \00310more\003"));
	fields.is_patrolled = false;
	fields.type = CHANGE_NEW;
	fields.is_minor = true;
	fields.is_bot = true;
	fields.length_old = 0;
	fields.script_path = TEXT("");
	fields.has_id = false;
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Page\00314]]\0034 !NMB\00310 "
	                     "\00302https://en.wikipedia.org/index.php?oldid=2"
	                     "\003 \0035*\003 \00303Alice\003 \0035*\003 (+11) \00310more\003"));
	fields.notify_url = TEXT("https://x/&amp;");
	fields.has_revision = false;
	fields.has_length = false;
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Page\00314]]\0034 !NMB\00310 "
	                     "\00302https://x/&amp;"
	                     "\003 \0035*\003 \00303Alice\003 \0035*\003  \00310more\003"));
}

/* MediaWiki makes a title of the log's type: underscores become spaces. */
static void test_rcfeed_irc_render_shows_a_log_type_as_a_title(void **state)
{
	struct rcfeed_fields fields = a_log_entry();

	(void)state;
	fields.log_type = TEXT("odd_type");
	fields.log_action = TEXT("odd_action");
	fields.server_name = TEXT("de.wikipedia.org");
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Spezial:Log/odd type\00314]]\0034 odd_action\00310 "
	                     "\00302\003 \0035*\003 \00303Alice\003 \0035*\003  "
	                     "\00310moved [[\00302A\00310]] to [[B]]\003"));
}

/* Every exact link to the target is coloured, before references are decoded; no other link is. */
static void test_rcfeed_irc_render_colours_the_target(void **state)
{
	struct rcfeed_fields fields = a_log_entry();

	(void)state;
	fields.title = TEXT("A&B");
	fields.log_action_comment = TEXT("[[A&B]] [[A&amp;B]] [[A&B|x]] [[[[A&B]]]] [[a&B]]");
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Special:Log/move\00314]]\0034 move\00310 "
	                     "\00302\003 \0035*\003 \00303Alice\003 \0035*\003  "
	                     "\00310[[\00302A&B\00310]] [[A&B]] [[A&B|x]] [[[[\00302A&B\00310]]]] "
	                     "[[a&B]]\003"));
	fields.title = (struct text){.bytes = NULL};
	fields.log_action_comment = (struct text){.bytes = NULL};
	assert_rendered(&fields,
	                TEXT("\00314[[\00307Special:Log/move\00314]]\0034 move\00310 "
	                     "\00302\003 \0035*\003 \00303Alice\003 \0035*\003  \00310\003"));
	fields.log_action_comment = TEXT("moved [[A]]");
	assert_rendered(
	    &fields,
	    TEXT("\00314[[\00307Special:Log/move\00314]]\0034 move\00310 "
	         "\00302\003 \0035*\003 \00303Alice\003 \0035*\003  \00310moved [[A]]\003"));
}

/* Whatever field they come in, CR, LF and NUL would forge lines. */
static void test_rcfeed_irc_render_keeps_line_ends_out_of_every_field(void **state)
{
	struct rcfeed_fields edit = an_edit();
	struct rcfeed_fields log_entry = a_log_entry();

	(void)state;
	edit.title = TEXT("a\r\nb\0c");
	edit.user = TEXT("d\ne\0");
	edit.comment = TEXT("\0f&#10;&#13;\r\n");
	edit.notify_url = TEXT("https://x/\r\nQUIT\0");
	assert_rendered(&edit, TEXT("\00314[[\00307a bc\00314]]\0034 \00310 \00302https://x/QUIT"
	                            "\003 \0035*\003 \00303d e\003 \0035*\003 (+1) "
	                            "\00310f \357\277\275 \003"));
	log_entry.log_type = TEXT("m\no\0ve\r");
	log_entry.log_action = TEXT("m\r\nove\0");
	log_entry.log_action_comment = TEXT("[[A\0]] \r\n[[A]]\0");
	assert_rendered(&log_entry, TEXT("\00314[[\00307Special:Log/m ove\00314]]\0034 move\00310 "
	                                 "\00302\003 \0035*\003 \00303Alice\003 \0035*\003  "
	                                 "\00310[[A]]  [[\00302A\00310]]\003"));
}

/* The line of a change that lacks what it is made of would be a false one. */
static void test_rcfeed_irc_render_makes_no_line_of_half_a_change(void **state)
{
	static const enum change_type types[] = {CHANGE_CATEGORIZE, CHANGE_EXTERNAL, CHANGE_OTHER};
	const struct text none = {.bytes = NULL};
	struct rcfeed_fields fields;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		fields = an_edit();
		fields.type = types[i];
		assert_not_rendered(&fields);
	}
#define ASSERT_NEEDED(whole, member, value)   \
	do {                                  \
		fields = whole();             \
		fields.member = value;        \
		assert_not_rendered(&fields); \
	} while (0)
	ASSERT_NEEDED(an_edit, title, none);
	ASSERT_NEEDED(an_edit, user, none);
	ASSERT_NEEDED(an_edit, comment, none);
	ASSERT_NEEDED(an_edit, server_url, none);
	ASSERT_NEEDED(an_edit, script_path, none);
	ASSERT_NEEDED(an_edit, has_revision, false);
	ASSERT_NEEDED(a_log_entry, user, none);
	ASSERT_NEEDED(a_log_entry, log_type, none);
	ASSERT_NEEDED(a_log_entry, log_action, none);
#undef ASSERT_NEEDED
}

/*
 * From a line to JSON.
 */

static json_t *json_of(struct text channel, struct text line, enum change_type type)
{
	struct buffer out = {0};
	json_t *object;

	assert_int_equal(rcfeed_irc_to_json(names, channel, line, &out), type);
	for (size_t i = 0; i < out.length; i++) {
		assert_in_range(out.bytes[i], ' ', '~' + 1);
	}
	object = json_loadb(out.bytes, out.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	assert_non_null(object);
	buffer_finish(&out);
	return object;
}

/* Every member that RCFeed has, in RCFeed's order, whatever the line. */
static void assert_has_all_members(const json_t *object)
{
	static const char *const keys[] = {"id",
	                                   "type",
	                                   "namespace",
	                                   "title",
	                                   "title_url",
	                                   "comment",
	                                   "timestamp",
	                                   "user",
	                                   "bot",
	                                   "notify_url",
	                                   "minor",
	                                   "patrolled",
	                                   "length",
	                                   "revision",
	                                   "log_id",
	                                   "log_type",
	                                   "log_action",
	                                   "log_params",
	                                   "log_action_comment",
	                                   "server_url",
	                                   "server_name",
	                                   "server_script_path",
	                                   "wiki",
	                                   "length_difference"};
	void *iterator = json_object_iter((json_t *)object);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_non_null(iterator);
		assert_string_equal(json_object_iter_key(iterator), keys[i]);
		iterator = json_object_iter_next((json_t *)object, iterator);
	}
	assert_null(iterator);
}

static void assert_null_member(const json_t *object, const char *key)
{
	if (!json_is_null(json_object_get(object, key))) {
		fail_msg("%s is not null", key);
	}
}

/* Never told by a line, so never invented. */
static void assert_nothing_invented(const json_t *object)
{
	static const char *const keys[] = {"namespace", "title_url",  "timestamp",
	                                   "log_id",    "log_params", "wiki"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_null_member(object, keys[i]);
	}
}

static void assert_same(const json_t *met, const json_t *wanted, const char *key)
{
	const json_t *value = json_object_get(wanted, key);

	if (!json_equal(json_object_get(met, key), value)) {
		fail_msg("%s differs", key);
	}
}

static void assert_same_cleaned(const json_t *met, const json_t *wanted, const char *key)
{
	struct buffer cleaned = {0};

	irc_clean_text(member_text(wanted, key), &cleaned);
	assert_texts_equal(member_text(met, key), buffer_text(&cleaned));
	buffer_finish(&cleaned);
}

/* 0 when it is null, as for what was before a new page. */
static json_int_t length_of(const json_t *change, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(change, "length"), key));
}

static void check_edit(const json_t *met, const json_t *wanted)
{
	bool is_new = strcmp(json_string_value(json_object_get(wanted, "type")), "new") == 0;
	const json_t *length = json_object_get(met, "length");

	assert_same_cleaned(met, wanted, "title");
	assert_same_cleaned(met, wanted, "comment");
	assert_same(met, wanted, "bot");
	assert_same(met, wanted, "minor");
	assert_same(met, wanted, "revision");
	assert_same(met, wanted, "server_url");
	assert_same(met, wanted, "server_script_path");
	if (json_object_get(wanted, "notify_url") != NULL) {
		assert_same(met, wanted, "notify_url");
	}
	if (json_object_get(wanted, "patrolled") != NULL) {
		assert_same(met, wanted, "patrolled");
		assert_same(met, wanted, "id");
	} else {
		assert_null_member(met, "patrolled");
		assert_null_member(met, "id");
	}
	assert_null_member(length, "old");
	if (is_new) {
		assert_same(length, json_object_get(wanted, "length"), "new");
	} else {
		assert_null_member(length, "new");
	}
	assert_int_equal(json_integer_value(json_object_get(met, "length_difference")),
	                 length_of(wanted, "new") - length_of(wanted, "old"));
	assert_null_member(met, "log_type");
	assert_null_member(met, "log_action");
	assert_null_member(met, "log_action_comment");
}

static void check_log(const json_t *met, const json_t *wanted)
{
	static const char *const untold[] = {
	    "id",        "comment", "bot",      "notify_url", "minor",
	    "patrolled", "length",  "revision", "server_url", "server_script_path"};
	struct text comment = member_text(wanted, "log_action_comment");
	struct text title = member_text(wanted, "title");
	struct buffer link = {0};

	buffer_printf(&link, "[[%.*s]]", (int)title.length, title.bytes);
	if (memmem(comment.bytes, comment.length, link.bytes, link.length) != NULL) {
		assert_same_cleaned(met, wanted, "title");
	} else {
		assert_null_member(met, "title");
	}
	buffer_finish(&link);
	assert_same(met, wanted, "log_type");
	assert_same(met, wanted, "log_action");
	assert_same_cleaned(met, wanted, "log_action_comment");
	for (size_t i = 0; i < sizeof(untold) / sizeof(untold[0]); i++) {
		assert_null_member(met, untold[i]);
	}
}

static void check_pair(const json_t *pair)
{
	const json_t *wanted = json_object_get(pair, "json");
	struct text datagram = member_text(pair, "irc_datagram");
	enum drop_reason reason;
	struct change *change;
	struct text json;
	json_t *met;

	if (datagram.bytes == NULL) {
		return; /* categorize */
	}
	change = rcfeed_irc_read(names, datagram.bytes, datagram.length, &reason);
	assert_non_null(change);
	assert_texts_equal(change->channel, member_text(pair, "channel"));
	assert_texts_equal(change->line, member_text(pair, "irc"));
	assert_texts_equal(change->wiki, member_text(wanted, "server_name"));
	assert_string_equal(change_type_name(change->type),
	                    json_string_value(json_object_get(wanted, "type")));
	json = change_json(change);
	met = json_loadb(json.bytes, json.length, 0, NULL);
	assert_non_null(met);
	assert_has_all_members(met);
	assert_nothing_invented(met);
	assert_same(met, wanted, "type");
	assert_same(met, wanted, "server_name");
	assert_same_cleaned(met, wanted, "user");
	if (change->type == CHANGE_LOG) {
		check_log(met, wanted);
	} else {
		check_edit(met, wanted);
	}
	json_decref(met);
	change_unref(change);
}

/* Every recorded datagram tells what the JSON of the same change says, as far as a line can. */
static void test_rcfeed_irc_read_tells_what_mediawiki_told(void **state)
{
	(void)state;
	assert_int_equal(for_each_record(PAIRS, check_pair), 630);
}

/* change.h: a line tells which change it is by its URL; what is no whole number is 0. */
static void test_rcfeed_irc_read_tells_which_change_it_is(void **state)
{
	static const struct {
		const char *flags;
		const char *url;
		struct change_identity identity;
	} cases[] = {
	    {"",
	     "https://x.org/w/index.php?diff=4&oldid=3&rcid=5",
	     {.rc_id = 5, .revision_new = 4, .revision_old = 3}},
	    {"N", "https://x.org/w/index.php?oldid=4", {.revision_new = 4}},
	    {"MB",
	     "https://x.org/w/index.php?diff=4&oldid=3",
	     {.revision_new = 4, .revision_old = 3}},
	    {"", "https://x.org/w/index.php?oldid=4", {.rc_id = 0}},
	    {"", "https://x.org/w/index.php?diff=4x&oldid=3&rcid=5x", {.rc_id = 0}},
	    {"block", "", {.rc_id = 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_log = cases[i].url[0] == '\0';
		struct buffer datagram = {0};
		enum drop_reason reason;
		struct change *change;

		buffer_printf(&datagram,
		              "#x\t\00314[[\00307%s\00314]]\0034 %s\00310 \00302%s\003 \0035*\003 "
		              "\00303U\003 \0035*\003 %s \00310c\003",
		              is_log ? "Special:Log/block" : "P", cases[i].flags, cases[i].url,
		              is_log ? "" : "(+1)");
		change = rcfeed_irc_read(names, datagram.bytes, datagram.length, &reason);
		buffer_finish(&datagram);
		assert_non_null(change);
		assert_true(change->is_from_line);
		assert_int_equal(change->type == CHANGE_LOG, is_log);
		assert_null(change->identity.meta_id.bytes);
		assert_int_equal(change->identity.rc_id, cases[i].identity.rc_id);
		assert_int_equal(change->identity.revision_new, cases[i].identity.revision_new);
		assert_int_equal(change->identity.revision_old, cases[i].identity.revision_old);
		assert_false(change->traits.has_namespace);
		assert_int_equal(change->traits.bot, is_log ? CHANGE_UNKNOWN
		                                     : strchr(cases[i].flags, 'B') != NULL
		                                         ? CHANGE_YES
		                                         : CHANGE_NO);
		change_unref(change);
	}
}

/* A text of any other shape is shown on IRC; as JSON it tells its wiki. */
static void test_rcfeed_irc_to_json_invents_nothing_for_other_texts(void **state)
{
	static const char *const texts[] = {"", "hello", "\00314[[\00307Page\00314]]\0034 "};
	const char *key;
	json_t *value;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *object = json_of(TEXT("#wikidata.wikipedia"),
		                         (struct text){texts[i], strlen(texts[i])}, CHANGE_OTHER);

		assert_has_all_members(object);
		json_object_foreach(object, key, value)
		{
			if (strcmp(key, "server_name") == 0) {
				assert_string_equal(json_string_value(value), "www.wikidata.org");
			} else {
				assert_null_member(object, key);
			}
		}
		json_decref(object);
	}
}

/* The host in the URL is the wiki's, whatever the channel is called. */
static void test_rcfeed_irc_to_json_believes_the_url_before_the_channel(void **state)
{
	json_t *object =
	    json_of(TEXT("#english"),
	            TEXT("\00314[[\00307\303\211 \"x\"\00314]]\0034 N\00310 "
	                 "\00302https://en.wikipedia.org/index.php?oldid=7"
	                 "\003 \0035*\003 \00303A\003 \0035*\003 (-3) \00310\003more\003"),
	            CHANGE_NEW);

	(void)state;
	assert_texts_equal(member_text(object, "server_name"), TEXT("en.wikipedia.org"));
	assert_texts_equal(member_text(object, "server_script_path"), TEXT("/"));
	assert_texts_equal(member_text(object, "title"), TEXT("\303\211 \"x\""));
	assert_texts_equal(member_text(object, "comment"), TEXT("\003more"));
	/* No page is shorter than nothing. */
	assert_null_member(json_object_get(object, "length"), "new");
	json_decref(object);
}

/* Each link to the target loses its colours; what a reason was coloured with stays. */
static void test_rcfeed_irc_to_json_uncolours_the_target_of_a_log_entry(void **state)
{
	json_t *object =
	    json_of(TEXT("#en.wikipedia"),
	            TEXT("\00314[[\00307Special:Log/move\00314]]\0034 move\00310 "
	                 "\00302\003 \0035*\003 \00303A\003 \0035*\003  "
	                 "\00310[[\00302A\00310]] [[\00302B\00310]] [[\00302A\00310]] \00304x\003"),
	            CHANGE_LOG);

	(void)state;
	assert_texts_equal(member_text(object, "log_action_comment"),
	                   TEXT("[[A]] [[\00302B\00310]] [[A]] \00304x"));
	assert_texts_equal(member_text(object, "title"), TEXT("A"));
	json_decref(object);
}

/*
 * The datagram.
 */

static void assert_read(struct text datagram, struct text channel, struct text line)
{
	enum drop_reason reason;
	struct change *change = rcfeed_irc_read(names, datagram.bytes, datagram.length, &reason);

	assert_non_null(change);
	assert_texts_equal(change->channel, channel);
	assert_texts_equal(change->line, line);
	change_unref(change);
}

static void assert_dropped(struct text datagram, enum drop_reason wanted)
{
	enum drop_reason reason = DROP_REASONS;

	assert_null(rcfeed_irc_read(names, datagram.bytes, datagram.length, &reason));
	assert_int_equal(reason, wanted);
}

/* As IRCStream takes a datagram apart (ircstream/rc2udp.py). */
static void test_rcfeed_irc_read_splits_at_the_first_tab(void **state)
{
	(void)state;
	assert_read(TEXT("#x\ta"), TEXT("#x"), TEXT("a"));
	assert_read(TEXT("#x\t \ta\tb \t"), TEXT("#x"), TEXT("a\tb \t"));
	assert_read(TEXT(" #x \t a "), TEXT("#x"), TEXT("a "));
	assert_read(TEXT("#x\t"), TEXT("#x"), TEXT(""));
	assert_read(TEXT("#x\t \n"), TEXT("#x"), TEXT(""));
}

/* Python's strip() knows Unicode's white space, and the four separators of ASCII. */
static void test_rcfeed_irc_read_strips_what_python_strips(void **state)
{
	(void)state;
	assert_read(TEXT("\302\240#x\342\200\250\t\343\200\200\034\302\205\341\232\200a\302\240"),
	            TEXT("#x"), TEXT("a\302\240"));
	/* U+200B and U+FEFF are none. */
	assert_read(TEXT("#x\t\342\200\213a"), TEXT("#x"), TEXT("\342\200\213a"));
	assert_dropped(TEXT("\357\273\277#x\ta"), DROP_BAD_CHANNEL);
}

/* Deleted, not replaced; all other control characters stay. */
static void test_rcfeed_irc_read_deletes_line_ends(void **state)
{
	(void)state;
	assert_read(TEXT("#x\t\003a\r\nb\nc\0d\002\r\n"), TEXT("#x"), TEXT("\003abcd\002"));
}

/* A datagram that is dropped says why. */
static void test_rcfeed_irc_read_drops_with_a_reason(void **state)
{
	(void)state;
	assert_dropped(TEXT(""), DROP_NO_TAB);
	assert_dropped(TEXT("#x a"), DROP_NO_TAB);
	assert_dropped(TEXT("#x\ta\377"), DROP_NOT_UTF8);
	assert_dropped(TEXT("#x a\303"), DROP_NOT_UTF8);
	assert_dropped(TEXT("#x\t\355\240\200"), DROP_NOT_UTF8);
	assert_dropped(TEXT("#x\t\300\200"), DROP_NOT_UTF8);
	assert_dropped(TEXT("\ta"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("x\ta"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#\ta"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#a b\tc"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#a,#b\tc"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#a\r\nQUIT\tc"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#a\0\tc"), DROP_BAD_CHANNEL);
	assert_dropped(TEXT("#\303\251\tc"), DROP_BAD_CHANNEL);
}

/*
 * Damage to recorded datagrams, by a seed that a failure prints.
 */

#define DAMAGES_EACH 30

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * below) >> 32);
}

/* Overwrite, cut or repeat some bytes with those that mean something. */
static size_t damage(char *bytes, size_t length)
{
	static const char telling[] = "\00314[]*\t \r\n\0:/?&=()+-\002\303\251N!";

	for (uint32_t i = draw(6); i > 0 && length > 0; i--) {
		size_t at = draw((uint32_t)length);

		if (draw(4) == 0) {
			size_t cut = draw((uint32_t)(length - at)) % 40;

			memmove(bytes + at, bytes + at + cut, length - at - cut);
			length -= cut;
		} else {
			bytes[at] = telling[draw(sizeof(telling) - 1)];
		}
	}
	return length;
}

static void check_damaged(const char *bytes, size_t length, uint32_t from_seed)
{
	enum drop_reason reason = DROP_REASONS;
	struct change *change = rcfeed_irc_read(names, bytes, length, &reason);
	struct text json;
	json_t *object;

	if (change == NULL) {
		assert_true(reason < DROP_REASONS);
		return;
	}
	json = change_json(change);
	/* change.h: what is charged for the JSON before it is made is not too little, nor far more.
	 */
	assert_in_range(json.length, change->json_bytes - 150, change->json_bytes);
	object = json_loadb(json.bytes, json.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (object == NULL || !utf8_is_valid(change->line.bytes, change->line.length) ||
	    memchr(change->line.bytes, '\n', change->line.length) != NULL ||
	    memchr(change->line.bytes, '\r', change->line.length) != NULL ||
	    memchr(change->line.bytes, '\0', change->line.length) != NULL) {
		fail_msg("seed %u", (unsigned)from_seed);
	}
	assert_has_all_members(object);
	assert_nothing_invented(object);
	assert_texts_equal(member_text(object, "server_name"), change->wiki);
	json_decref(object);
	change_unref(change);
}

static void check_damages(const json_t *pair)
{
	struct text datagram = member_text(pair, "irc_datagram");

	for (int i = 0; i < DAMAGES_EACH && datagram.bytes != NULL; i++) {
		uint32_t from_seed = seed;
		char *bytes = malloc(datagram.length);
		size_t length;

		memcpy(bytes, datagram.bytes, datagram.length);
		length = damage(bytes, datagram.length);
		check_damaged(bytes, length, from_seed);
		free(bytes);
	}
}

/* What goes out is a line and a JSON object, whatever came in. */
static void test_rcfeed_irc_read_survives_damaged_datagrams(void **state)
{
	(void)state;
	seed = 1;
	assert_int_equal(for_each_record(PAIRS, check_damages), 630);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rcfeed_irc_render_shows_a_great_loss_in_bold),
	    cmocka_unit_test(test_rcfeed_irc_render_builds_the_url_that_the_json_lacks),
	    cmocka_unit_test(test_rcfeed_irc_render_shows_a_log_type_as_a_title),
	    cmocka_unit_test(test_rcfeed_irc_render_colours_the_target),
	    cmocka_unit_test(test_rcfeed_irc_render_keeps_line_ends_out_of_every_field),
	    cmocka_unit_test(test_rcfeed_irc_render_makes_no_line_of_half_a_change),
	    cmocka_unit_test(test_rcfeed_irc_read_tells_what_mediawiki_told),
	    cmocka_unit_test(test_rcfeed_irc_read_tells_which_change_it_is),
	    cmocka_unit_test(test_rcfeed_irc_to_json_invents_nothing_for_other_texts),
	    cmocka_unit_test(test_rcfeed_irc_to_json_believes_the_url_before_the_channel),
	    cmocka_unit_test(test_rcfeed_irc_to_json_uncolours_the_target_of_a_log_entry),
	    cmocka_unit_test(test_rcfeed_irc_read_splits_at_the_first_tab),
	    cmocka_unit_test(test_rcfeed_irc_read_strips_what_python_strips),
	    cmocka_unit_test(test_rcfeed_irc_read_deletes_line_ends),
	    cmocka_unit_test(test_rcfeed_irc_read_drops_with_a_reason),
	    cmocka_unit_test(test_rcfeed_irc_read_survives_damaged_datagrams),
	};

	return cmocka_run_group_tests(tests, create_names, destroy_names);
}
