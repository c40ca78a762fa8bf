/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/change: immutable, counted, encoded at most once. */
#include "server/feed/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#include "server/base/memory.h"

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

static struct change *create(const char *json)
{
	struct change_parts parts = {
	    .type = CHANGE_EDIT,
	    .wiki = text_of("en.wikipedia.org"),
	    .channel = text_of("#en.wikipedia"),
	    .json = text_of(json),
	    .line = text_of("a line"),
	};

	return change_create(&parts);
}

static void assert_text(struct text text, const char *expected)
{
	assert_non_null(text.bytes);
	assert_int_equal(text.length, strlen(expected));
	/* change.h: NUL-terminated. */
	assert_string_equal(text.bytes, expected);
}

/* change.h: all of the parts is copied, with a NUL behind each. */
static void test_change_copies_its_parts(void **state)
{
	char wiki[] = "xxen.wikipedia.orgxx";
	struct change_parts parts = {
	    .type = CHANGE_LOG,
	    .wiki = {.bytes = wiki + 2, .length = 16},
	    .channel = text_of("#en.wikipedia"),
	    .json = text_of("{}"),
	    .line = text_of(""),
	    .identity = {.meta_id = {.bytes = wiki, .length = 2}, .rc_id = 3},
	};
	struct change *change = change_create(&parts);

	(void)state;
	memset(wiki, 'y', sizeof(wiki));
	assert_int_equal(change->type, CHANGE_LOG);
	assert_text(change->wiki, "en.wikipedia.org");
	assert_text(change->channel, "#en.wikipedia");
	assert_text(change_json(change), "{}");
	assert_text(change->line, "");
	assert_text(change->identity.meta_id, "xx");
	assert_int_equal(change->identity.rc_id, 3);
	change_unref(change);
}

/* change.h: the JSON of one, the line and the channel of the other, all else of the first. */
static void test_change_joins_two_forms(void **state)
{
	struct change_parts of_json = {
	    .type = CHANGE_NEW,
	    .wiki = text_of("w"),
	    .channel = text_of("#made"),
	    .json = text_of("{\"came\":1}"),
	    .line = text_of("made"),
	    .identity = {.meta_id = text_of("uuid"), .rc_id = 3, .revision_new = 4},
	};
	struct change_parts of_line = {
	    .type = CHANGE_EDIT,
	    .is_from_line = true,
	    .wiki = text_of("v"),
	    .channel = text_of("#came"),
	    .json = text_of("{}"),
	    .line = text_of("came"),
	};
	struct change *json = change_create(&of_json);
	struct change *line = change_create(&of_line);
	struct change *both = change_join(json, line);

	(void)state;
	assert_true(line->is_from_line);
	change_unref(json);
	change_unref(line);
	assert_int_equal(both->type, CHANGE_NEW);
	assert_false(both->is_from_line);
	assert_text(both->wiki, "w");
	assert_text(both->channel, "#came");
	assert_text(change_json(both), "{\"came\":1}");
	assert_text(both->line, "came");
	assert_text(both->identity.meta_id, "uuid");
	assert_int_equal(both->identity.rc_id, 3);
	assert_int_equal(both->identity.revision_new, 4);
	change_unref(both);
}

/* change.h: a NULL line is a change that does not go to IRC; an empty one does (IRCStream sends
 * it). */
static void test_change_tells_no_line_from_an_empty_one(void **state)
{
	struct change_parts parts = {
	    .wiki = text_of("w"),
	    .channel = text_of("#w"),
	    .json = text_of("{}"),
	    .line = {.bytes = NULL, .length = 0},
	};
	struct change *change = change_create(&parts);

	(void)state;
	assert_null(change->line.bytes);
	change_unref(change);
}

/* change.h: a NUL within the JSON is a byte like others. */
static void test_change_keeps_a_nul(void **state)
{
	struct change_parts parts = {
	    .wiki = text_of("w"),
	    .channel = text_of("#w"),
	    .json = {.bytes = "a\0b", .length = 3},
	};
	struct change *change = change_create(&parts);

	(void)state;
	assert_int_equal(change_json(change).length, 3);
	assert_memory_equal(change_json(change).bytes, "a\0b", 4);
	change_unref(change);
}

/* RCFeed's `type`, as RecentChange::parseFromRCType() of MediaWiki names them. */
static void test_change_types_have_rcfeeds_names(void **state)
{
	(void)state;
	assert_string_equal(change_type_name(CHANGE_EDIT), "edit");
	assert_string_equal(change_type_name(CHANGE_NEW), "new");
	assert_string_equal(change_type_name(CHANGE_LOG), "log");
	assert_string_equal(change_type_name(CHANGE_CATEGORIZE), "categorize");
	assert_string_equal(change_type_name(CHANGE_EXTERNAL), "external");
	assert_string_equal(change_type_name(CHANGE_OTHER), "other");
}

/* An encoder that counts its calls. */
struct counting_encoder {
	struct encoder encoder;
	atomic_uint calls;
	const char *prefix;
};

static void encode(const struct encoder *encoder, const struct change *change, struct buffer *out)
{
	struct text json = change_json(change);
	struct counting_encoder *counting =
	    container_of((struct encoder *)(uintptr_t)encoder, struct counting_encoder, encoder);

	(void)atomic_fetch_add(&counting->calls, 1);
	buffer_append_text(out, counting->prefix);
	buffer_append(out, json.bytes, json.length);
}

static void encode_nothing(const struct encoder *encoder, const struct change *change,
                           struct buffer *out)
{
	(void)change;
	(void)out;
	(void)atomic_fetch_add(
	    &container_of((struct encoder *)(uintptr_t)encoder, struct counting_encoder, encoder)
		 ->calls,
	    1);
}

/* change.h: made at first need, kept with the change; each encoding has a slot of its own. */
static void test_change_is_encoded_once_for_each_slot(void **state)
{
	struct counting_encoder a = {.encoder = {.slot = 0, .encode = encode}, .prefix = "a:"};
	struct counting_encoder b = {
	    .encoder = {.slot = CHANGE_ENCODINGS_MAX - 1, .encode = encode}, .prefix = "b:"};
	struct change *change = create("{}");
	const char *first = change_encoded(change, &a.encoder).bytes;

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct text text = change_encoded(change, &a.encoder);

		assert_ptr_equal(text.bytes, first);
		assert_int_equal(text.length, 4);
		assert_memory_equal(text.bytes, "a:{}", 4);
		text = change_encoded(change, &b.encoder);
		assert_memory_equal(text.bytes, "b:{}", 4);
	}
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 1);
	change_unref(change);
}

/* change.h: "nothing in this encoding" is remembered like any other form. */
static void test_change_remembers_an_empty_encoding(void **state)
{
	struct counting_encoder nothing = {.encoder = {.slot = 1, .encode = encode_nothing}};
	struct change *change = create("{}");

	(void)state;
	assert_int_equal(change_encoded(change, &nothing.encoder).length, 0);
	assert_int_equal(change_encoded(change, &nothing.encoder).length, 0);
	assert_int_equal(nothing.calls, 1);
	change_unref(change);
}

/* change.h: the last reference frees, whoever has it; NULL does nothing.  (LeakSanitizer, ASan.) */
static void test_change_lives_as_long_as_its_references(void **state)
{
	struct change *change = create("{}");

	(void)state;
	change_ref(change, 3);
	change_unref(change);
	change_unref(change);
	change_unref(change);
	assert_text(change_json(change), "{}");
	change_unref(change);
	change_unref(NULL);
}

static struct change *create_from_line(const char *line)
{
	struct change_parts parts = {
	    .is_from_line = true,
	    .wiki = text_of("en.wikipedia.org"),
	    .channel = text_of("#en.wikipedia"),
	    .json_bytes = 1000,
	    .line = text_of(line),
	};

	return change_create(&parts);
}

/* change.h: the JSON of a line is made at first need, and kept; an encoder may be who needs it. */
static void test_change_makes_the_json_of_a_line_once(void **state)
{
	struct counting_encoder a = {.encoder = {.slot = 0, .encode = encode}, .prefix = "a:"};
	struct change *change = create_from_line("no line of MediaWiki's");
	struct text text = change_encoded(change, &a.encoder);
	struct text json = change_json(change);

	(void)state;
	assert_int_equal(change->json_bytes, 1000);
	assert_int_equal(strlen(json.bytes), json.length);
	assert_non_null(strstr(json.bytes, "\"server_name\":\"en.wikipedia.org\""));
	assert_int_equal(text.length, json.length + 2);
	assert_memory_equal(text.bytes + 2, json.bytes, json.length);
	assert_ptr_equal(change_json(change).bytes, json.bytes);
	change_unref(change);
}

/* change.h: where there is JSON as it came it is lent, and its length is its own. */
static void test_change_lends_the_json_that_came(void **state)
{
	struct change *change = create("{\"a\":1}");

	(void)state;
	assert_text(change_json(change), "{\"a\":1}");
	assert_int_equal(change->json_bytes, 7);
	change_unref(change);
}

#define THREADS 8
#define CHANGES 2000

struct hammer {
	struct change *changes[CHANGES];
	struct counting_encoder encoders[2];
	uv_barrier_t start;
	atomic_uint wrong;
};

/* What a worker does: read the encodings of every change, give its reference back. */
static void hammer_all(void *pointer)
{
	struct hammer *hammer = pointer;

	(void)uv_barrier_wait(&hammer->start);
	for (size_t i = 0; i < CHANGES; i++) {
		char expected[32];

		for (size_t j = 0; j < 2; j++) {
			struct text text =
			    change_encoded(hammer->changes[i], &hammer->encoders[j].encoder);

			(void)snprintf(expected, sizeof(expected), "%s{%zu}",
			               hammer->encoders[j].prefix, i);
			if (text.length != strlen(expected) ||
			    memcmp(text.bytes, expected, text.length) != 0) {
				(void)atomic_fetch_add(&hammer->wrong, 1);
			}
		}
		change_unref(hammer->changes[i]);
	}
}

static void run_threads(struct hammer *hammer, uv_thread_cb run)
{
	uv_thread_t threads[THREADS];

	assert_int_equal(uv_barrier_init(&hammer->start, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_create(&threads[i], run, hammer), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_join(&threads[i]), 0);
	}
	uv_barrier_destroy(&hammer->start);
}

/* change.h, "Threads": an encoding is made at most once, however many ask, and seen whole by all.
 */
static void test_change_is_encoded_once_under_threads(void **state)
{
	struct hammer *hammer = mem_new(struct hammer);

	(void)state;
	hammer->encoders[0] =
	    (struct counting_encoder){.encoder = {.slot = 0, .encode = encode}, .prefix = "a"};
	hammer->encoders[1] =
	    (struct counting_encoder){.encoder = {.slot = 1, .encode = encode}, .prefix = "b"};
	for (size_t i = 0; i < CHANGES; i++) {
		char json[16];

		(void)snprintf(json, sizeof(json), "{%zu}", i);
		hammer->changes[i] = create(json);
		change_ref(hammer->changes[i], THREADS - 1);
	}
	run_threads(hammer, hammer_all);
	assert_int_equal(hammer->wrong, 0);
	assert_int_equal(hammer->encoders[0].calls, CHANGES);
	assert_int_equal(hammer->encoders[1].calls, CHANGES);
	free(hammer);
}

/* What several workers do with a change that came as a line: each wants its JSON. */
static void ask_for_json(void *pointer)
{
	struct hammer *hammer = pointer;

	(void)uv_barrier_wait(&hammer->start);
	for (size_t i = 0; i < CHANGES; i++) {
		struct text text = change_encoded(hammer->changes[i], &hammer->encoders[0].encoder);
		struct text json = change_json(hammer->changes[i]);

		if (text.length != json.length + 1 ||
		    memcmp(text.bytes + 1, json.bytes, json.length) != 0) {
			(void)atomic_fetch_add(&hammer->wrong, 1);
		}
		change_unref(hammer->changes[i]);
	}
}

/* change.h, "Threads": those that ask at once get the same JSON, whole. */
static void test_change_json_is_made_once_under_threads(void **state)
{
	struct hammer *hammer = mem_new(struct hammer);

	(void)state;
	hammer->encoders[0] =
	    (struct counting_encoder){.encoder = {.slot = 0, .encode = encode}, .prefix = "a"};
	for (size_t i = 0; i < CHANGES; i++) {
		hammer->changes[i] = create_from_line("a line");
		change_ref(hammer->changes[i], THREADS - 1);
	}
	run_threads(hammer, ask_for_json);
	assert_int_equal(hammer->wrong, 0);
	assert_int_equal(hammer->encoders[0].calls, CHANGES);
	free(hammer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_change_copies_its_parts),
	    cmocka_unit_test(test_change_joins_two_forms),
	    cmocka_unit_test(test_change_tells_no_line_from_an_empty_one),
	    cmocka_unit_test(test_change_keeps_a_nul),
	    cmocka_unit_test(test_change_types_have_rcfeeds_names),
	    cmocka_unit_test(test_change_is_encoded_once_for_each_slot),
	    cmocka_unit_test(test_change_remembers_an_empty_encoding),
	    cmocka_unit_test(test_change_lives_as_long_as_its_references),
	    cmocka_unit_test(test_change_makes_the_json_of_a_line_once),
	    cmocka_unit_test(test_change_lends_the_json_that_came),
	    cmocka_unit_test(test_change_is_encoded_once_under_threads),
	    cmocka_unit_test(test_change_json_is_made_once_under_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
