/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/joiner: two forms of a change that meet, and the order of all. */
#include "server/feed/joiner.h"

#include <time.h>

#include "server/base/memory.h"
#include "test/server/feed/records.h"

#define WINDOW_MS 100

static struct change *create_typed(const char *channel, enum change_type type, bool is_from_line)
{
	return change_create(&(struct change_parts){
	    .type = type,
	    .is_from_line = is_from_line,
	    .wiki = is_from_line ? TEXT("line.org") : TEXT("json.org"),
	    .channel = {channel, strlen(channel)},
	    .json = is_from_line ? TEXT("{\"rendered\":1}") : TEXT("{\"very\":1}"),
	    .line = is_from_line ? TEXT("very") : TEXT("rendered"),
	    .identity = {.revision_new = 2},
	});
}

static struct change *create(const char *channel, bool is_from_line)
{
	return create_typed(channel, CHANGE_EDIT, is_from_line);
}

static void add(struct joiner *joiner, struct change *change, uint64_t id, uint64_t now_ms)
{
	change->id = id;
	change->arrived_ms = 1000 + id;
	joiner_add(joiner, change, true, now_ms);
}

static void join(struct joiner *joiner, uint64_t id, const char *channel, bool is_from_line)
{
	struct change *change = create(channel, is_from_line);

	joiner_join(joiner, id, change);
	change_unref(change);
}

/* A joiner that knows that both forms of #x's changes come. */
static struct joiner *create_joiner(uint64_t window_ms)
{
	struct joiner *joiner = joiner_create(window_ms);

	join(joiner, 0, "#x", true);
	return joiner;
}

/* The id of the next that is due; 0: there is none. */
static uint64_t take(struct joiner *joiner, uint64_t now_ms)
{
	struct change *change = joiner_take(joiner, now_ms);
	uint64_t id = change != NULL ? change->id : 0;

	change_unref(change);
	return id;
}

/* joiner.h: IRC gets the very line, everyone else the very JSON, whichever comes first. */
static void test_joiner_makes_one_of_two_forms(void **state)
{
	(void)state;
	for (int is_line_first = 0; is_line_first < 2; is_line_first++) {
		struct joiner *joiner = create_joiner(WINDOW_MS);
		struct change *change;

		add(joiner, create("#x", is_line_first), 1, 0);
		assert_int_equal(take(joiner, WINDOW_MS - 1), 0);
		assert_int_equal(joiner_due_ms(joiner), WINDOW_MS);
		join(joiner, 1, "#x", !is_line_first);
		assert_true(joiner_due_ms(joiner) < WINDOW_MS);
		change = joiner_take(joiner, WINDOW_MS - 1);
		assert_non_null(change);
		assert_string_equal(change->line.bytes, "very");
		assert_string_equal(change->channel.bytes, "#x");
		assert_string_equal(change_json(change).bytes, "{\"very\":1}");
		assert_string_equal(change->wiki.bytes, "json.org");
		assert_int_equal(change->type, CHANGE_EDIT);
		assert_int_equal(change->id, 1);
		assert_int_equal(change->arrived_ms, 1001); /* of the first form */
		change_unref(change);
		assert_int_equal(joiner_due_ms(joiner), UINT64_MAX);
		joiner_destroy(joiner);
	}
}

/* A second copy of the other form finds nothing to do, before and after the first is taken. */
static void test_joiner_joins_once(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);
	struct change *change;

	(void)state;
	add(joiner, create("#x", true), 1, 0);
	join(joiner, 1, "#x", false);
	join(joiner, 1, "#x", false);
	join(joiner, 2, "#x", false);
	change = joiner_take(joiner, 0);
	assert_string_equal(change_json(change).bytes, "{\"very\":1}");
	change_unref(change);
	join(joiner, 1, "#x", false);
	assert_int_equal(take(joiner, UINT64_MAX), 0);
	joiner_destroy(joiner);
}

/* joiner.h: without its other form it goes when the window ends, as it came. */
static void test_joiner_lets_go_when_the_window_ends(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);
	struct change *change;

	(void)state;
	add(joiner, create("#x", false), 1, 50);
	assert_int_equal(take(joiner, 50 + WINDOW_MS - 1), 0);
	change = joiner_take(joiner, 50 + WINDOW_MS);
	assert_string_equal(change->line.bytes, "rendered");
	change_unref(change);
	joiner_destroy(joiner);
}

/* joiner.h: who does not wait. */
static void test_joiner_holds_nothing_without_need(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);
	struct joiner *without_window = create_joiner(0);
	struct change *change = create_typed("#x", CHANGE_OTHER, true);

	(void)state;
	add(joiner, change, 1, 0);
	assert_int_equal(take(joiner, 0), 1);
	add(joiner, create_typed("#x", CHANGE_CATEGORIZE, false), 2, 0);
	assert_int_equal(take(joiner, 0), 2);
	add(joiner, create("#y", true), 3, 0);
	assert_int_equal(take(joiner, 0), 3);
	change = create("#x", true);
	change->id = 4;
	joiner_add(joiner, change, false, 0);
	assert_int_equal(take(joiner, 0), 4);
	add(joiner, create_typed("#x", CHANGE_NEW, true), 5, 0);
	assert_int_equal(take(joiner, 0), 0);
	assert_int_equal(take(joiner, WINDOW_MS), 5);
	add(joiner, create_typed("#x", CHANGE_LOG, true), 6, 0);
	assert_int_equal(take(joiner, 0), 0);
	joiner_destroy(joiner);
	add(without_window, create("#x", true), 1, 0);
	assert_int_equal(take(without_window, 0), 1);
	joiner_destroy(without_window);
}

/* joiner.h: what is behind one that waits waits with it. */
static void test_joiner_keeps_the_order(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);

	(void)state;
	add(joiner, create("#y", true), 1, 0);
	add(joiner, create("#x", true), 2, 0);
	add(joiner, create("#y", true), 3, 10);
	add(joiner, create("#x", true), 4, 20);
	add(joiner, create("#y", true), 5, 30);
	assert_int_equal(take(joiner, 30), 1);
	assert_int_equal(take(joiner, 30), 0);
	join(joiner, 4, "#x", false);
	assert_int_equal(take(joiner, 30), 0);
	join(joiner, 2, "#x", false);
	for (uint64_t id = 2; id <= 5; id++) {
		assert_int_equal(take(joiner, 30), id);
	}
	assert_int_equal(take(joiner, 30), 0);
	joiner_destroy(joiner);
}

/* joiner.h: after JOINER_MISSES_MAX in vain, in a row, a wiki is not waited for until two meet. */
static void test_joiner_gives_up_a_wiki_of_one_form(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);
	uint64_t id = 0;
	uint64_t now_ms = 0;

	(void)state;
	for (int i = 0; i < 2 * JOINER_MISSES_MAX; i++) {
		if (i == JOINER_MISSES_MAX) {
			join(joiner, 0, "#x", false); /* late, but it has come */
		}
		add(joiner, create("#x", true), ++id, now_ms);
		assert_int_equal(take(joiner, now_ms), 0);
		now_ms += WINDOW_MS;
		assert_int_equal(take(joiner, now_ms), id);
	}
	add(joiner, create("#x", true), ++id, now_ms);
	assert_int_equal(take(joiner, now_ms), id);
	join(joiner, 0, "#x", false);
	add(joiner, create("#x", true), ++id, now_ms);
	assert_int_equal(take(joiner, now_ms), 0);
	joiner_destroy(joiner);
}

/* joiner.h: the limit of what is held; the oldest goes first, and what is held is freed. */
static void test_joiner_holds_so_many(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);

	(void)state;
	for (uint64_t id = 1; id <= JOINER_HELD_MAX; id++) {
		add(joiner, create("#x", true), id, 0);
	}
	assert_int_equal(take(joiner, 0), 0);
	for (uint64_t id = JOINER_HELD_MAX + 1; id < 3 * JOINER_HELD_MAX; id++) {
		add(joiner, create("#x", true), id, 0);
		assert_int_equal(take(joiner, 0), id - JOINER_HELD_MAX);
		assert_int_equal(take(joiner, 0), 0);
		if (id % 64 == 0) {
			join(joiner, 0, "#x", false); /* or it would give the wiki up */
		}
	}
	joiner_destroy(joiner);
	joiner_destroy(NULL);
}

/* joiner.h: the limit of the wikis; who met longest ago makes room. */
static void test_joiner_knows_so_many_wikis(void **state)
{
	struct joiner *joiner = create_joiner(WINDOW_MS);
	char name[32];

	(void)state;
	for (int i = 0; i < JOINER_WIKIS_MAX; i++) {
		if (i == JOINER_WIKIS_MAX - 1) {
			join(joiner, 0, "#x", true); /* not the oldest any more */
		}
		(void)snprintf(name, sizeof(name), "#%d", i);
		join(joiner, 0, name, true);
	}
	add(joiner, create("#0", true), 1, 0);
	assert_int_equal(take(joiner, 0), 1);
	add(joiner, create("#x", true), 2, 0);
	assert_int_equal(take(joiner, 0), 0);
	joiner_destroy(joiner);
}

/* Whatever comes and whenever the other form does: all are taken, once, in order, in time. */
static void test_joiner_loses_nothing(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	struct joiner *joiner = create_joiner(WINDOW_MS);
	uint64_t added = 0, taken = 0, now_ms = 0, id;

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		const char *channel = (unsigned)rand_r(&seed) % 4 == 0 ? "#y" : "#x";
		bool is_from_line = (unsigned)rand_r(&seed) % 2 == 0;

		now_ms += (unsigned)rand_r(&seed) % 5;
		add(joiner, create(channel, is_from_line), ++added, now_ms);
		join(joiner, added - (unsigned)rand_r(&seed) % 30, "#x", !is_from_line);
		while ((id = take(joiner, now_ms)) != 0) {
			assert_int_equal(id, ++taken);
		}
		assert_true(joiner_due_ms(joiner) > now_ms);
		assert_true(taken == added || joiner_due_ms(joiner) <= now_ms + WINDOW_MS);
	}
	while ((id = take(joiner, UINT64_MAX)) != 0) {
		assert_int_equal(id, ++taken);
	}
	assert_int_equal(taken, added);
	joiner_destroy(joiner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_joiner_makes_one_of_two_forms),
	    cmocka_unit_test(test_joiner_joins_once),
	    cmocka_unit_test(test_joiner_lets_go_when_the_window_ends),
	    cmocka_unit_test(test_joiner_holds_nothing_without_need),
	    cmocka_unit_test(test_joiner_keeps_the_order),
	    cmocka_unit_test(test_joiner_gives_up_a_wiki_of_one_form),
	    cmocka_unit_test(test_joiner_holds_so_many),
	    cmocka_unit_test(test_joiner_knows_so_many_wikis),
	    cmocka_unit_test(test_joiner_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
