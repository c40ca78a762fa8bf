/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/history: what is kept, how it is found, and whether it is all there is. */
#include "server/feed/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define PLENTY  1000000
#define STARTED 1000
#define ROUNDS  300
#define CHANGES 120 /* of a round */

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

static struct history *history_of(size_t changes_max, size_t bytes_max, uint64_t age_ms)
{
	return history_create(&(struct history_options){
	    .changes_max = changes_max,
	    .bytes_max = bytes_max,
	    .age_ms = age_ms,
	    .started_ms = STARTED,
	});
}

static struct change *create(uint64_t id, const char *wiki, const char *channel, bool has_line,
                             uint64_t arrived_ms)
{
	struct change *change = change_create(&(struct change_parts){
	    .wiki = text_of(wiki),
	    .channel = text_of(channel),
	    .json = text_of("{}"),
	    .line = has_line ? text_of("line") : (struct text){NULL, 0},
	});

	change->id = id;
	change->arrived_ms = arrived_ms;
	return change;
}

/* Add the next change, which the history alone then holds. */
static void add(struct history *history, const char *wiki, const char *channel, uint64_t arrived_ms)
{
	struct change *change =
	    create(history_newest_id(history) + 1, wiki, channel, true, arrived_ms);

	history_add(history, change);
	change_unref(change);
}

/* Write the ids that a filter finds, oldest first, as "1 2 3". */
static void list_up(struct history *history, enum bus_field field, const char *text, char *list)
{
	struct history_filter filter;
	struct change *change;
	unsigned looks = PLENTY;
	uint64_t at = 0;

	history_filter_init(history, &filter, field, text_of(text));
	*list = '\0';
	while ((change = history_next(history, &filter, &at, UINT64_MAX, &looks)) != NULL) {
		list += sprintf(list, "%u ", (unsigned)change->id);
	}
}

static void assert_found(struct history *history, enum bus_field field, const char *text,
                         const char *wanted)
{
	char list[1024];

	list_up(history, field, text, list);
	assert_string_equal(list, wanted);
}

static bool has_all_after(struct history *history, const char *channel, uint64_t id)
{
	struct history_filter filter;

	history_filter_init(history, &filter, BUS_CHANNEL, text_of(channel));
	return history_has_all_after(history, &filter, id);
}

static bool has_all_since(struct history *history, const char *channel, uint64_t time_ms)
{
	struct history_filter filter;

	history_filter_init(history, &filter, BUS_CHANNEL, text_of(channel));
	return history_has_all_since(history, &filter, time_ms);
}

/* --- bounds ------------------------------------------------------------- */

/* history.h: with more than `changes_max` the oldest goes, and its reference with it. */
static void test_history_keeps_so_many_changes(void **state)
{
	struct history *history = history_of(3, PLENTY, PLENTY);
	struct change *first = create(1, "a.org", "#a", true, STARTED);

	(void)state;
	assert_int_equal(history_oldest_id(history), 0);
	assert_int_equal(history_newest_id(history), 0);
	history_add(history, first);
	add(history, "a.org", "#a", STARTED);
	add(history, "b.org", "#b", STARTED);
	assert_found(history, BUS_CHANNEL, "#*", "1 2 3 ");
	add(history, "b.org", "#b", STARTED);
	assert_found(history, BUS_CHANNEL, "#*", "2 3 4 ");
	assert_int_equal(history_count(history), 3);
	assert_int_equal(history_oldest_id(history), 2);
	assert_int_equal(history_newest_id(history), 4);
	/* AddressSanitizer: the history has let go of it, and we have not. */
	assert_string_equal(first->wiki.bytes, "a.org");
	change_unref(first);
	history_destroy(history);
}

/* history.h: so many bytes as history_charge() has it, and one that is over it alone is not kept.
 */
static void test_history_keeps_so_many_bytes(void **state)
{
	struct change *model = create(1, "a.org", "#a", true, STARTED);
	size_t charge = history_charge(model);
	struct history *history = history_of(100, 3 * charge + 2, PLENTY);

	(void)state;
	/* 5 of the wiki, 2 of the channel, 4 of the line, 3 times 2 of the JSON, 1 KiB. */
	assert_int_equal(charge, 1024 + 17);
	for (unsigned i = 0; i < 3; i++) {
		add(history, "a.org", "#a", STARTED);
	}
	assert_int_equal(history_bytes(history), 3 * charge);
	add(history, "aaa.org", "#a", STARTED);
	assert_found(history, BUS_CHANNEL, "#a", "2 3 4 ");
	assert_int_equal(history_bytes(history), 3 * charge + 2);
	add(history, "aaa.org", "#a", STARTED);
	assert_found(history, BUS_CHANNEL, "#a", "4 5 ");
	history_destroy(history);

	history = history_of(100, charge - 1, PLENTY);
	history_add(history, model);
	assert_int_equal(history_count(history), 0);
	assert_int_equal(history_bytes(history), 0);
	assert_false(has_all_after(history, "#a", 0));
	assert_true(has_all_after(history, "#a", 1));
	change_unref(model);
	history_destroy(history);
}

/* history.h: `age_ms`, counted back from the newest. */
static void test_history_forgets_what_is_too_old(void **state)
{
	struct history *history = history_of(100, PLENTY, 50);

	(void)state;
	add(history, "a.org", "#a", 2000);
	add(history, "a.org", "#a", 2010);
	add(history, "a.org", "#a", 2050);
	assert_found(history, BUS_CHANNEL, "#a", "1 2 3 ");
	add(history, "a.org", "#a", 2051);
	assert_found(history, BUS_CHANNEL, "#a", "2 3 4 ");
	add(history, "a.org", "#a", 9000);
	assert_found(history, BUS_CHANNEL, "#a", "5 ");
	history_destroy(history);
}

/* history.h: 0 changes are no memory, which knows that it has nothing. */
static void test_history_that_is_off_keeps_nothing(void **state)
{
	struct history *history = history_of(0, PLENTY, PLENTY);

	(void)state;
	assert_true(has_all_after(history, "#a", 0));
	add(history, "a.org", "#a", 5000);
	add(history, "b.org", "#b", 6000);
	assert_int_equal(history_count(history), 0);
	assert_int_equal(history_newest_id(history), 2);
	assert_found(history, BUS_CHANNEL, "#*", "");
	assert_false(has_all_after(history, "#a", 1));
	assert_true(has_all_after(history, "#a", 2));
	assert_false(has_all_since(history, "#*", 5999));
	assert_true(has_all_since(history, "#*", 6000));
	history_destroy(history);
}

/* --- finding ------------------------------------------------------------ */

/* history.h: as on the bus, channels have no case and wikis have; patterns are fnmatch's. */
static void test_history_finds_by_channel_and_by_wiki(void **state)
{
	struct history *history = history_of(100, PLENTY, PLENTY);

	(void)state;
	add(history, "en.wikipedia.org", "#en.wikipedia", STARTED);
	add(history, "de.wikipedia.org", "#DE.wikipedia", STARTED);
	add(history, "commons.wikimedia.org", "#commons.wikimedia", STARTED);
	add(history, "en.wikipedia.org", "#EN.wikipedia", STARTED);
	assert_found(history, BUS_CHANNEL, "#en.wikipedia", "1 4 ");
	assert_found(history, BUS_CHANNEL, "#En.WIKIPEDIA", "1 4 ");
	assert_found(history, BUS_CHANNEL, "#*.WikiPedia", "1 2 4 ");
	assert_found(history, BUS_CHANNEL, "#??.wikipedia", "1 2 4 ");
	assert_found(history, BUS_CHANNEL, "#en", "");
	assert_found(history, BUS_WIKI, "en.wikipedia.org", "1 4 ");
	assert_found(history, BUS_WIKI, "EN.wikipedia.org", "");
	assert_found(history, BUS_WIKI, "*.wikipedia.org", "1 2 4 ");
	history_destroy(history);
}

/* history.h: what does not go to IRC is in no channel; it is found by its wiki. */
static void test_history_has_no_change_without_a_line_in_a_channel(void **state)
{
	struct history *history = history_of(100, PLENTY, PLENTY);
	struct change *silent = create(1, "a.org", "#a", false, STARTED);

	(void)state;
	history_add(history, silent);
	change_unref(silent);
	add(history, "a.org", "#a", STARTED);
	assert_found(history, BUS_CHANNEL, "#a", "2 ");
	assert_found(history, BUS_CHANNEL, "*", "2 ");
	assert_found(history, BUS_WIKI, "a.org", "1 2 ");
	history_destroy(history);
}

/* history.h: a name longer than anyone can ask for is kept, and found by its other one. */
static void test_history_takes_a_name_that_is_too_long(void **state)
{
	struct history *history = history_of(2, PLENTY, PLENTY);
	char wiki[SUBSCRIPTION_TEXT_MAX + 2];

	(void)state;
	memset(wiki, 'w', sizeof(wiki));
	wiki[sizeof(wiki) - 1] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		add(history, wiki, "#a", STARTED);
	}
	assert_found(history, BUS_WIKI, "*", "");
	assert_found(history, BUS_CHANNEL, "#a", "2 3 ");
	history_destroy(history);
}

/*
 * history.h: `looks` bounds a search by pattern, which goes on where it stopped, in both
 * directions; a name among many others costs one look.
 */
static void test_history_search_stops_after_so_many_looks(void **state)
{
	struct history *history = history_of(1000, PLENTY * 10, PLENTY);
	struct history_filter filter;
	uint64_t at = 0;
	unsigned looks = 10;

	(void)state;
	add(history, "a.org", "#a", STARTED);
	for (unsigned i = 0; i < 25; i++) {
		add(history, "b.org", "#b", STARTED);
	}
	add(history, "a.org", "#a", STARTED);
	history_filter_init(history, &filter, BUS_CHANNEL, text_of("#[a]"));
	assert_int_equal(history_next(history, &filter, &at, UINT64_MAX, &looks)->id, 1);
	assert_int_equal(looks, 9);
	assert_null(history_next(history, &filter, &at, UINT64_MAX, &looks));
	assert_int_equal(looks, 0);
	assert_int_equal(at, 11);
	assert_null(history_next(history, &filter, &at, UINT64_MAX, &looks));
	looks = 17;
	assert_int_equal(history_next(history, &filter, &at, UINT64_MAX, &looks)->id, 27);
	assert_int_equal(looks, 0);
	looks = 1;
	assert_null(history_next(history, &filter, &at, UINT64_MAX, &looks));
	assert_int_equal(looks, 1);

	at = 26;
	looks = 20;
	assert_null(history_previous(history, &filter, &at, 1, &looks));
	assert_int_equal(at, 6);
	looks = 20;
	assert_int_equal(history_previous(history, &filter, &at, 1, &looks)->id, 1);
	assert_int_equal(looks, 14);

	history_filter_init(history, &filter, BUS_CHANNEL, text_of("#a"));
	at = 2;
	looks = 2;
	assert_int_equal(history_next(history, &filter, &at, UINT64_MAX, &looks)->id, 27);
	at = 26;
	assert_int_equal(history_previous(history, &filter, &at, 1, &looks)->id, 1);
	assert_int_equal(looks, 0);
	history_destroy(history);
}

/* history.h: a time is found; one of a clock that went back counts as that of the change before. */
static void test_history_finds_a_time_though_the_clock_goes_back(void **state)
{
	struct history *history = history_of(100, PLENTY, PLENTY);

	(void)state;
	assert_int_equal(history_find_time(history, 0), 1);
	add(history, "a.org", "#a", 2000);
	add(history, "a.org", "#a", 3000);
	add(history, "a.org", "#a", 1500);
	add(history, "a.org", "#a", 2999);
	add(history, "a.org", "#a", 3000);
	add(history, "a.org", "#a", 3001);
	assert_int_equal(history_find_time(history, 0), 1);
	assert_int_equal(history_find_time(history, 2000), 1);
	assert_int_equal(history_find_time(history, 2001), 2);
	assert_int_equal(history_find_time(history, 3000), 2);
	assert_int_equal(history_find_time(history, 3001), 6);
	assert_int_equal(history_find_time(history, 3002), 7);
	history_destroy(history);
}

/* --- gaps --------------------------------------------------------------- */

/* history.h: of each name it is known what was forgotten last; of a pattern, of all names. */
static void test_history_knows_the_gap_of_each_name(void **state)
{
	struct history *history = history_of(2, PLENTY, PLENTY);

	(void)state;
	add(history, "a.org", "#a", 2000);
	add(history, "b.org", "#b", 3000);
	assert_true(has_all_after(history, "#a", 0));
	add(history, "b.org", "#b", 4000);
	assert_false(has_all_after(history, "#a", 0));
	assert_true(has_all_after(history, "#A", 1));
	assert_true(has_all_after(history, "#b", 0));
	assert_true(has_all_after(history, "#never", 0));
	assert_false(has_all_after(history, "#*", 0));
	assert_true(has_all_after(history, "#*", 1));
	assert_false(has_all_since(history, "#a", 1999));
	assert_true(has_all_since(history, "#a", 2000));
	assert_true(has_all_since(history, "#b", 1999));
	assert_false(has_all_since(history, "#*", 1999));
	assert_true(has_all_since(history, "#*", 2000));
	history_destroy(history);
}

/* history.h: what came before the start is not known, though nothing was forgotten. */
static void test_history_knows_nothing_from_before_its_start(void **state)
{
	struct history *history = history_of(2, PLENTY, PLENTY);

	(void)state;
	add(history, "a.org", "#a", STARTED + 5);
	assert_false(has_all_since(history, "#a", STARTED - 1));
	assert_true(has_all_since(history, "#a", STARTED));
	assert_false(has_all_since(history, "#never", STARTED - 1));
	assert_true(has_all_since(history, "#never", STARTED));
	assert_false(has_all_since(history, "#*", STARTED - 1));
	assert_true(has_all_since(history, "#*", STARTED));
	history_destroy(history);
}

/*
 * history.c: with very many names those without changes go; a gap that one of them had
 * is then held against every name that is not known, and none is missed.
 */
static void test_history_forgets_names_but_no_gap(void **state)
{
	struct history *history = history_of(4, PLENTY, PLENTY);
	char channel[32];

	(void)state;
	for (unsigned i = 1; i <= 40000; i++) {
		(void)snprintf(channel, sizeof(channel), "#c%u", i);
		add(history, "a.org", channel, STARTED);
	}
	assert_false(has_all_after(history, "#c1", 0));
	assert_false(has_all_after(history, "#never", 0));
	assert_false(has_all_after(history, "#c39996", 39995));
	assert_true(has_all_after(history, "#c39996", 39996));
	assert_true(has_all_after(history, "#c39997", 39996));
	assert_found(history, BUS_CHANNEL, "#c39997", "39997 ");
	history_destroy(history);
}

/* --- against a naive model ---------------------------------------------- */

/* All that was ever added. */
struct model {
	struct change *changes[CHANGES + 1]; /* by id */
	uint64_t times[CHANGES + 1];
	uint64_t oldest_id; /* kept */
	uint64_t newest_id;
};

static const char *const patterns[] = {"#a", "#B", "#ab", "#*", "#a*", "#?", "#none", "#[!a]"};

static bool model_fits(const struct model *model, uint64_t id, struct text pattern)
{
	struct text channel = model->changes[id]->channel;
	char folded[8];

	for (size_t i = 0; i <= pattern.length; i++) {
		folded[i] = (char)(pattern.bytes[i] == 'B' ? 'b' : pattern.bytes[i]);
	}
	return model->changes[id]->line.bytes != NULL &&
	       subscription_matches(text_of(folded), channel);
}

static uint64_t model_next(const struct model *model, struct text pattern, uint64_t from,
                           uint64_t to)
{
	from = from > model->oldest_id ? from : model->oldest_id;
	for (uint64_t id = from; id <= to && id <= model->newest_id; id++) {
		if (model_fits(model, id, pattern)) {
			return id;
		}
	}
	return 0;
}

static uint64_t model_previous(const struct model *model, struct text pattern, uint64_t from,
                               uint64_t to)
{
	to = to > model->oldest_id ? to : model->oldest_id;
	for (uint64_t id = from < model->newest_id ? from : model->newest_id; id >= to; id--) {
		if (model_fits(model, id, pattern)) {
			return id;
		}
	}
	return 0;
}

/* A pattern is judged by all names: it may say false where the model has lost nothing. */
static bool model_has_all(const struct model *model, struct text pattern, uint64_t id)
{
	for (uint64_t lost = id + 1; lost < model->oldest_id; lost++) {
		if (subscription_is_pattern(pattern) || model_fits(model, lost, pattern)) {
			return false;
		}
	}
	return true;
}

static void check_searches(struct history *history, const struct model *model)
{
	struct text pattern = text_of(patterns[(unsigned)rand() % 8]);
	uint64_t first = (unsigned)rand() % (CHANGES + 10);
	uint64_t last = (unsigned)rand() % (CHANGES + 10);
	struct history_filter filter;
	uint64_t up = first, down = last;
	unsigned looks = PLENTY;
	const struct change *found;

	history_filter_init(history, &filter, BUS_CHANNEL, pattern);
	found = history_next(history, &filter, &up, last, &looks);
	assert_int_equal(found != NULL ? found->id : 0, model_next(model, pattern, first, last));
	found = history_previous(history, &filter, &down, first, &looks);
	assert_int_equal(found != NULL ? found->id : 0,
	                 model_previous(model, pattern, last, first));
	if (first <= model->newest_id) {
		assert_int_equal(history_has_all_after(history, &filter, first),
		                 model_has_all(model, pattern, first));
	}
}

static void check_time(const struct history *history, const struct model *model)
{
	uint64_t time_ms = STARTED + (unsigned)rand() % 400;
	uint64_t id = model->oldest_id;

	while (id <= model->newest_id && model->times[id] < time_ms) {
		id++;
	}
	assert_int_equal(history_find_time(history, time_ms), id);
}

static void check_bounds(const struct history *history, struct model *model, size_t bytes_max)
{
	size_t bytes = 0;

	model->oldest_id = model->newest_id + 1 - history_count(history);
	for (uint64_t id = model->oldest_id; id <= model->newest_id; id++) {
		bytes += history_charge(model->changes[id]);
	}
	assert_int_equal(history_bytes(history), bytes);
	assert_true(bytes <= bytes_max);
	assert_int_equal(history_oldest_id(history),
	                 history_count(history) > 0 ? model->oldest_id : 0);
}

/* The bounds of a round, drawn; the history holds as many as they all allow. */
static void check_kept(const struct model *model, const struct history_options *options)
{
	uint64_t before = model->oldest_id - 1;
	size_t count = model->newest_id - before;
	size_t bytes = 0;

	assert_true(count <= options->changes_max);
	for (uint64_t id = model->oldest_id; id <= model->newest_id; id++) {
		bytes += history_charge(model->changes[id]);
		assert_true(model->times[model->newest_id] - model->times[id] <= options->age_ms);
	}
	if (before > 0) {
		assert_true(count == options->changes_max ||
		            bytes + history_charge(model->changes[before]) > options->bytes_max ||
		            model->times[model->newest_id] - model->times[before] >
		                options->age_ms);
	}
}

static void run_round(void)
{
	static const char *const channels[] = {"#a", "#b", "#ab", "#c"};
	struct model model = {.oldest_id = 1};
	struct history_options options = {
	    .changes_max = 1 + (unsigned)rand() % 60,
	    .bytes_max = 1100 + (unsigned)rand() % 60000,
	    .age_ms = (unsigned)rand() % 300,
	    .started_ms = STARTED,
	};
	struct history *history = history_create(&options);
	uint64_t now_ms = STARTED;

	while (model.newest_id < CHANGES) {
		uint64_t id = ++model.newest_id;
		struct change *change = create(id, "a.org", channels[(unsigned)rand() % 4],
		                               rand() % 4 > 0, now_ms - (unsigned)rand() % 3);

		now_ms += (unsigned)rand() % 6;
		model.changes[id] = change;
		model.times[id] = id > 1 && model.times[id - 1] > change->arrived_ms
		                      ? model.times[id - 1]
		                      : change->arrived_ms;
		model.times[id] = model.times[id] < STARTED ? STARTED : model.times[id];
		history_add(history, change);
		check_bounds(history, &model, options.bytes_max);
		for (unsigned i = 0; i < 4; i++) {
			check_searches(history, &model);
			check_time(history, &model);
		}
	}
	check_kept(&model, &options);
	history_destroy(history);
	for (uint64_t id = 1; id <= CHANGES; id++) {
		change_unref(model.changes[id]);
	}
}

/* history.h, all of it, with bounds, changes and questions drawn. */
static void test_history_does_what_a_plain_list_would(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned i = 0; i < ROUNDS; i++) {
		run_round();
	}
}

/* history.h: destroying nothing does nothing. */
static void test_history_that_is_not_there_is_destroyed(void **state)
{
	(void)state;
	history_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_history_keeps_so_many_changes),
	    cmocka_unit_test(test_history_keeps_so_many_bytes),
	    cmocka_unit_test(test_history_forgets_what_is_too_old),
	    cmocka_unit_test(test_history_that_is_off_keeps_nothing),
	    cmocka_unit_test(test_history_finds_by_channel_and_by_wiki),
	    cmocka_unit_test(test_history_has_no_change_without_a_line_in_a_channel),
	    cmocka_unit_test(test_history_takes_a_name_that_is_too_long),
	    cmocka_unit_test(test_history_search_stops_after_so_many_looks),
	    cmocka_unit_test(test_history_finds_a_time_though_the_clock_goes_back),
	    cmocka_unit_test(test_history_knows_the_gap_of_each_name),
	    cmocka_unit_test(test_history_knows_nothing_from_before_its_start),
	    cmocka_unit_test(test_history_forgets_names_but_no_gap),
	    cmocka_unit_test(test_history_does_what_a_plain_list_would),
	    cmocka_unit_test(test_history_that_is_not_there_is_destroyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
