/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/duplicates: which changes are the same, and how many are remembered. */
#include "server/feed/duplicates.h"

#include <time.h>

#include "server/base/memory.h"
#include "server/feed/rcfeed_irc.h"
#include "server/feed/rcfeed_json.h"
#include "server/feed/wiki_name.h"
#include "test/server/feed/records.h"

/* Sources are told apart by address. */
static const char sources[3];
#define FIRST  (&sources[0])
#define SECOND (&sources[1])
#define THIRD  (&sources[2])

/* As constants: TEXT() is none. */
#define CONSTANT(literal)                      \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}
#define A     CONSTANT("a")
#define B     CONSTANT("b")
#define AB    CONSTANT("ab")
#define EMPTY CONSTANT("")

static struct change *create_of(const char *wiki, const struct change_identity *identity)
{
	return change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = {wiki, strlen(wiki)},
	    .channel = TEXT("#x"),
	    .json = TEXT("{}"),
	    .identity = *identity,
	});
}

static void add(struct duplicates *duplicates, const struct change_identity *identity,
                const void *source, uint64_t id, uint64_t now_ms)
{
	struct change *change = create_of("x.org", identity);

	change->id = id;
	duplicates_add(duplicates, change, source, now_ms);
	change_unref(change);
}

/* The id of the remembered change of another source than FIRST; 0: there is none. */
static uint64_t find_on(struct duplicates *duplicates, const char *wiki,
                        const struct change_identity *identity, uint64_t now_ms)
{
	struct change *change = create_of(wiki, identity);
	struct duplicates_match match = {.id = 0};
	bool is_found = duplicates_find(duplicates, change, FIRST, now_ms, &match);

	assert_true(is_found == (match.id > 0));
	change_unref(change);
	return match.id;
}

static uint64_t find(struct duplicates *duplicates, const struct change_identity *identity,
                     uint64_t now_ms)
{
	return find_on(duplicates, "x.org", identity, now_ms);
}

/* duplicates.h: the first of those that both have decides, the later ones do not. */
static void test_duplicates_compares_what_both_have(void **state)
{
	static const struct {
		struct change_identity first;
		struct change_identity second;
		bool are_same;
	} cases[] = {
	    {{.meta_id = A}, {.meta_id = A}, true},
	    {{.meta_id = A}, {.meta_id = B}, false},
	    {{.meta_id = A}, {.meta_id = AB}, false},
	    {{.rc_id = 1}, {.rc_id = 1}, true},
	    {{.rc_id = 1}, {.rc_id = 2}, false},
	    {{.rc_id = 1}, {.rc_id = 257}, false},
	    {{.revision_new = 2, .revision_old = 1}, {.revision_new = 2, .revision_old = 1}, true},
	    {{.revision_new = 2, .revision_old = 1}, {.revision_new = 2}, false},
	    {{.revision_new = 2}, {.revision_new = 2}, true},
	    {{.revision_new = 2}, {.revision_new = 3}, false},
	    {{.log_id = 3}, {.log_id = 3}, true},
	    {{.log_id = 3}, {.log_id = 4}, false},
	    {{.rc_id = 2}, {.revision_new = 2}, false},
	    {{.rc_id = 2}, {.log_id = 2}, false},
	    {{.revision_old = 1}, {.revision_old = 1}, false},
	    {{.rc_id = 0}, {.rc_id = 0}, false},
	    {{.meta_id = EMPTY}, {.meta_id = EMPTY}, false},
	    /* One has more than the other. */
	    {{.meta_id = A, .rc_id = 1}, {.rc_id = 1}, true},
	    {{.rc_id = 1, .revision_new = 2}, {.meta_id = A, .revision_new = 2}, true},
	    {{.rc_id = 1, .revision_new = 2}, {.revision_new = 2}, true},
	    /* Both have the first and differ there. */
	    {{.meta_id = A, .rc_id = 1}, {.meta_id = B, .rc_id = 1}, false},
	    {{.rc_id = 1, .revision_new = 2}, {.rc_id = 3, .revision_new = 2}, false},
	    {{.meta_id = A, .rc_id = 1}, {.meta_id = A, .rc_id = 2}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct duplicates *duplicates = duplicates_create(4, 1000);

		add(duplicates, &cases[i].first, SECOND, 7, 0);
		if (find(duplicates, &cases[i].second, 0) != (cases[i].are_same ? 7 : 0)) {
			fail_msg("case %zu", i);
		}
		duplicates_destroy(duplicates);
	}
}

/* rcids and revisions count within a wiki; a UUID is one everywhere. */
static void test_duplicates_numbers_belong_to_their_wiki(void **state)
{
	struct duplicates *duplicates = duplicates_create(4, 1000);
	struct change_identity numbers = {.rc_id = 1, .revision_new = 2};
	struct change_identity uuid = {.meta_id = TEXT("a")};

	(void)state;
	add(duplicates, &numbers, SECOND, 1, 0);
	add(duplicates, &uuid, SECOND, 2, 0);
	assert_int_equal(find_on(duplicates, "y.org", &numbers, 0), 0);
	assert_int_equal(find_on(duplicates, "x.orgg", &numbers, 0), 0);
	assert_int_equal(find_on(duplicates, "x.org", &numbers, 0), 1);
	assert_int_equal(find_on(duplicates, "y.org", &uuid, 0), 2);
	duplicates_destroy(duplicates);
}

/* duplicates.h: a source that brings a change twice means it; the others' copies of it do not
 * count. */
static void test_duplicates_are_other_sources_changes(void **state)
{
	struct duplicates *duplicates = duplicates_create(4, 1000);
	struct change_identity identity = {.rc_id = 1};
	struct change *change = create_of("x.org", &identity);
	struct duplicates_match match;

	(void)state;
	change->id = 1;
	assert_false(duplicates_find(duplicates, change, FIRST, 0, &match));
	duplicates_add(duplicates, change, FIRST, 0);
	assert_true(duplicates_find(duplicates, change, SECOND, 0, &match));
	assert_true(duplicates_find(duplicates, change, THIRD, 0, &match));
	assert_false(duplicates_find(duplicates, change, FIRST, 0, &match));
	change->id = 2;
	duplicates_add(duplicates, change, FIRST, 0);
	assert_true(duplicates_find(duplicates, change, SECOND, 0, &match));
	assert_int_equal(match.id, 2);
	assert_false(match.is_from_line);
	change_unref(change);
	duplicates_destroy(duplicates);
}

static struct change *create_log(const char *channel, struct text line)
{
	struct change_parts parts = {
	    .type = CHANGE_LOG,
	    .wiki = TEXT("x.org"),
	    .channel = {channel, strlen(channel)},
	    .json = TEXT("{}"),
	    .line = line,
	};
	struct change *change = change_create(&parts);

	change->id = 1;
	return change;
}

static bool are_same_logs(const char *channel, struct text line, struct text other)
{
	struct duplicates *duplicates = duplicates_create(4, 1000);
	struct change *first = create_log("#x", line);
	struct change *second = create_log(channel, other);
	struct duplicates_match match;
	bool are_same;

	duplicates_add(duplicates, first, FIRST, 0);
	are_same = duplicates_find(duplicates, second, SECOND, 0, &match);
	change_unref(first);
	change_unref(second);
	duplicates_destroy(duplicates);
	return are_same;
}

/* duplicates.h: the line of a log entry has no number; its text, in its channel, tells it. */
static void test_duplicates_tells_log_entries_by_their_line(void **state)
{
	struct buffer line = {0};
	struct text none = {.bytes = NULL};

	(void)state;
	assert_true(are_same_logs("#x", TEXT("a"), TEXT("a")));
	assert_false(are_same_logs("#x", TEXT("a"), TEXT("b")));
	assert_false(are_same_logs("#y", TEXT("a"), TEXT("a")));
	assert_false(are_same_logs("#xa", TEXT("ab"), TEXT("b")));
	assert_false(are_same_logs("#x", none, none));
	memset(buffer_reserve(&line, DUPLICATES_LINE_MAX + 1), 'a', DUPLICATES_LINE_MAX + 1);
	line.length = DUPLICATES_LINE_MAX;
	assert_true(are_same_logs("#x", buffer_text(&line), buffer_text(&line)));
	line.length++;
	assert_false(are_same_logs("#x", buffer_text(&line), buffer_text(&line)));
	buffer_finish(&line);
}

/* A peer does not choose how much is kept of it: a `meta.id` that is no UUID by far is none. */
static void test_duplicates_ignores_an_overlong_meta_id(void **state)
{
	char text[DUPLICATES_META_ID_MAX + 1];
	struct change_identity identity = {.meta_id = {text, sizeof(text)}};
	struct duplicates *duplicates = duplicates_create(4, 1000);

	(void)state;
	memset(text, 'a', sizeof(text));
	add(duplicates, &identity, SECOND, 1, 0);
	assert_int_equal(find(duplicates, &identity, 0), 0);
	identity.meta_id.length--;
	add(duplicates, &identity, SECOND, 2, 0);
	assert_int_equal(find(duplicates, &identity, 0), 2);
	duplicates_destroy(duplicates);
}

/* duplicates.h: the last `entries_max`, of the last `age_ms`. */
static void test_duplicates_forgets_by_number_and_age(void **state)
{
	struct duplicates *duplicates = duplicates_create(3, 1000);

	(void)state;
	for (uint64_t id = 1; id <= 5; id++) {
		add(duplicates, &(struct change_identity){.rc_id = id}, SECOND, id, id * 100);
	}
	for (uint64_t id = 1; id <= 5; id++) {
		assert_int_equal(find(duplicates, &(struct change_identity){.rc_id = id}, 500),
		                 id > 2 ? id : 0);
	}
	assert_int_equal(find(duplicates, &(struct change_identity){.rc_id = 3}, 1300), 3);
	assert_int_equal(find(duplicates, &(struct change_identity){.rc_id = 3}, 1301), 0);
	assert_int_equal(find(duplicates, &(struct change_identity){.rc_id = 4}, 1301), 4);
	assert_int_equal(find(duplicates, &(struct change_identity){.rc_id = 5}, 100000), 0);
	duplicates_destroy(duplicates);
	duplicates_destroy(NULL);
}

/* --- a model ------------------------------------------------------------------ */

#define MODEL_ENTRIES 20
#define MODEL_AGE_MS  50
#define MODEL_STEPS   20000

/* What is remembered, as a plain list: searched from the youngest on. */
struct model {
	struct {
		struct change_identity identity;
		const void *source;
		uint64_t seen_ms;
	} items[MODEL_STEPS];
	size_t count;
};

static struct change_identity random_identity(unsigned *seed)
{
	static const char *const uuids[] = {NULL, "a", "b", "c", "d", "e"};
	const char *uuid = uuids[(unsigned)rand_r(seed) % 6];

	return (struct change_identity){
	    .meta_id = {uuid, uuid != NULL ? 1 : 0},
	    .rc_id = (unsigned)rand_r(seed) % 6,
	    .revision_new = (unsigned)rand_r(seed) % 6,
	};
}

static bool has_kind(const struct change_identity *identity, int kind)
{
	return kind == 0   ? identity->meta_id.length > 0
	       : kind == 1 ? identity->rc_id > 0
	                   : identity->revision_new > 0;
}

static bool agree_in(const struct change_identity *a, const struct change_identity *b, int kind)
{
	return kind == 0   ? a->meta_id.bytes[0] == b->meta_id.bytes[0]
	       : kind == 1 ? a->rc_id == b->rc_id
	                   : a->revision_new == b->revision_new;
}

/* By each kind in turn the youngest with that key, if nothing before it tells them apart. */
static size_t model_find(const struct model *model, const struct change_identity *identity,
                         const void *source, uint64_t now_ms)
{
	size_t first = model->count > MODEL_ENTRIES ? model->count - MODEL_ENTRIES : 0;

	for (int kind = 0; kind < 3; kind++) {
		for (size_t i = model->count; has_kind(identity, kind) && i > first; i--) {
			const struct change_identity *other = &model->items[i - 1].identity;
			bool differs = false;

			if (now_ms - model->items[i - 1].seen_ms > MODEL_AGE_MS ||
			    !has_kind(other, kind) || !agree_in(identity, other, kind)) {
				continue;
			}
			for (int earlier = 0; earlier < kind; earlier++) {
				differs = differs ||
				          (has_kind(identity, earlier) && has_kind(other, earlier));
			}
			if (!differs) {
				return model->items[i - 1].source == source ? 0 : i;
			}
			break;
		}
	}
	return 0;
}

/* Whatever comes, it says what a list that is searched through says. */
static void test_duplicates_does_as_a_list_would(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	struct duplicates *duplicates = duplicates_create(MODEL_ENTRIES, MODEL_AGE_MS);
	struct model *model = mem_new(struct model);
	uint64_t now_ms = 0;

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < MODEL_STEPS; i++) {
		struct change_identity identity = random_identity(&seed);
		const void *source = &sources[(unsigned)rand_r(&seed) % 3];
		struct change *change = create_of("x.org", &identity);
		struct duplicates_match match = {.id = 0};

		now_ms += (unsigned)rand_r(&seed) % 8;
		(void)duplicates_find(duplicates, change, source, now_ms, &match);
		assert_int_equal(match.id, model_find(model, &identity, source, now_ms));
		if (match.id == 0 &&
		    (has_kind(&identity, 0) || has_kind(&identity, 1) || has_kind(&identity, 2))) {
			model->items[model->count].identity = identity;
			model->items[model->count].source = source;
			model->items[model->count++].seen_ms = now_ms;
			change->id = model->count;
			duplicates_add(duplicates, change, source, now_ms);
		}
		change_unref(change);
	}
	free(model);
	duplicates_destroy(duplicates);
}

/* --- recorded changes --------------------------------------------------------- */

static struct duplicates *seen_lines; /* of all records */
static struct wiki_names *names;
static uint64_t line_id;
static size_t lines_met[2]; /* of log entries, of the others */

static struct change *read_text(struct text text, bool is_line)
{
	enum drop_reason reason;

	return is_line ? rcfeed_irc_read(names, text.bytes, text.length, &reason)
	               : rcfeed_json_read(names, text.bytes, text.length, &reason);
}

static void remember_line(const json_t *record)
{
	struct text datagram = member_text(record, "irc_datagram");
	struct change *line;

	line_id++;
	if (datagram.bytes != NULL) {
		line = read_text(datagram, true);
		assert_non_null(line);
		line->id = line_id;
		duplicates_add(seen_lines, line, FIRST, 0);
		change_unref(line);
	}
}

static void find_line(const json_t *record)
{
	struct change *json = read_text(member_text(record, "json_datagram"), false);
	struct duplicates_match match = {.id = 0};
	bool is_found;

	line_id++;
	if (json == NULL) {
		return;
	}
	is_found = duplicates_find(seen_lines, json, SECOND, 0, &match);
	if (is_found) {
		assert_int_equal(match.id, line_id);
		assert_true(match.is_from_line);
		lines_met[json->type != CHANGE_LOG]++;
	} else if (json->line.bytes != NULL) {
		assert_int_equal(json->type, CHANGE_LOG);
	}
	change_unref(json);
}

/* Of everything recorded the JSON finds its own line and no other's, but for the log entries of the
 * wiki that puts an interwiki prefix before its titles. */
static void test_duplicates_finds_the_line_of_recorded_json(void **state)
{
	static const char pairs[] = TEST_DATA "/rcfeed/rcfeed-pairs.ndjson";

	(void)state;
	names = wiki_names_create(NULL, 0);
	seen_lines = duplicates_create(10000, 1000);
	line_id = 0;
	(void)for_each_record(pairs, remember_line);
	line_id = 0;
	(void)for_each_record(pairs, find_line);
	assert_int_equal(lines_met[1], 352); /* all that there are */
	assert_int_equal(lines_met[0], 251); /* of 263; 12 are of that wiki */
	duplicates_destroy(seen_lines);
	wiki_names_destroy(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_duplicates_compares_what_both_have),
	    cmocka_unit_test(test_duplicates_numbers_belong_to_their_wiki),
	    cmocka_unit_test(test_duplicates_are_other_sources_changes),
	    cmocka_unit_test(test_duplicates_tells_log_entries_by_their_line),
	    cmocka_unit_test(test_duplicates_ignores_an_overlong_meta_id),
	    cmocka_unit_test(test_duplicates_forgets_by_number_and_age),
	    cmocka_unit_test(test_duplicates_does_as_a_list_would),
	    cmocka_unit_test(test_duplicates_finds_the_line_of_recorded_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
