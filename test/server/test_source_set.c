/* SPDX-License-Identifier: Apache-2.0 */
/* server/source_set: sources come, go and change, and the others are not touched. */
#include "server/source_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

/*
 * One type stands for all: what happens to its sources is written down, "start a", "stop a" ...
 * A file named "/bad" cannot be played.
 */
struct fake {
	const struct source_env *env;
	const char *name;
	unsigned looks_left; /* until it is done */
};

static struct buffer history; /* of the test that runs */
static unsigned looks;        /* for a source to be done */

static void note(const char *what, const char *name)
{
	buffer_printf(&history, "%s%s %s", history.length > 0 ? ", " : "", what, name);
}

/* What was written down since the last time is this. */
static void assert_noted(const char *expected)
{
	buffer_append_byte(&history, '\0');
	assert_string_equal(history.bytes, expected);
	buffer_clear(&history);
}

static void *start(const struct source_env *env, const struct conf_ingest *entry,
                   struct error *error)
{
	struct fake *fake;

	if (strcmp(entry->as.replay.file, "/bad") == 0) {
		error_set(error, "is bad");
		return NULL;
	}
	fake = mem_new(struct fake);
	fake->env = env;
	fake->name = env->stats->name;
	fake->looks_left = looks;
	note("start", fake->name);
	return fake;
}

static void pause_fake(void *source)
{
	note("pause", ((struct fake *)source)->name);
}

static void resume_fake(void *source)
{
	note("resume", ((struct fake *)source)->name);
}

static void hand_over(void *source)
{
	note("hand over", ((struct fake *)source)->name);
}

static void stop(void *source)
{
	note("stop", ((struct fake *)source)->name);
}

static bool is_done(const void *source)
{
	struct fake *fake = (struct fake *)source;

	return fake->looks_left == 0 || --fake->looks_left == 0;
}

static void destroy(void *source)
{
	note("free", ((struct fake *)source)->name);
	free(source);
}

static const struct source_type fake_type = {
    .type = "replay",
    .start = start,
    .pause = pause_fake,
    .resume = resume_fake,
    .hand_over = hand_over,
    .stop = stop,
    .is_done = is_done,
    .destroy = destroy,
};

/* Linked instead of ingest.c's. */
const struct source_type *source_type_find(const char *type)
{
	(void)type;
	return &fake_type;
}

struct bench {
	uv_loop_t loop;
	struct status status;
	struct wiki_names *names;
	struct held_sockets *held;
	struct source_set *set;
	struct source_set_changes changes;
	unsigned changed; /* how often that was told */
};

static struct conf *parse(const char *ingest)
{
	struct buffer yaml = {0}, errors = {0};
	struct conf *conf;

	buffer_printf(&yaml, "ingest: [%s]\n", ingest);
	conf = conf_parse("test", yaml.bytes, yaml.length, &errors);
	assert_non_null(conf);
	buffer_finish(&yaml);
	buffer_finish(&errors);
	return conf;
}

#define ENTRY(name, file) "{type: replay, name: " name ", file: " file "}"
#define A                 ENTRY("a", "/one")
#define B                 ENTRY("b", "/one")

static int setup(void **state)
{
	struct bench *bench = mem_new(struct bench);

	looks = 0;
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	status_init(&bench->status, 1);
	bench->names = wiki_names_create(NULL, 0);
	bench->held = held_sockets_create();
	bench->set = source_set_create(&(struct source_set_options){
	    .status = &bench->status,
	    .env = {.loop = &bench->loop, .names = bench->names, .held = bench->held},
	});
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	source_set_stop(bench->set);
	(void)uv_run(&bench->loop, UV_RUN_DEFAULT);
	source_set_destroy(bench->set);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	held_sockets_destroy(bench->held);
	wiki_names_destroy(bench->names);
	status_finish(&bench->status);
	buffer_finish(&history);
	free(bench);
	return 0;
}

static void begin(struct bench *bench, const char *ingest)
{
	struct conf *conf = parse(ingest);
	struct error error = {""};

	assert_true(source_set_start(bench->set, conf, &error));
	conf_destroy(conf); /* the sources have their shares */
}

static void on_changed(void *owner, const struct source_set_changes *changes)
{
	struct bench *bench = owner;

	bench->changes = *changes;
	bench->changed++;
}

static bool begin_change(struct bench *bench, const char *ingest, struct error *error)
{
	struct conf *conf = parse(ingest);
	bool is_good = source_set_change(bench->set, conf, bench->names, on_changed, bench, error);

	conf_destroy(conf);
	return is_good;
}

/* Change, and see it through; it is told once. */
static void change(struct bench *bench, const char *ingest)
{
	struct error error = {""};

	bench->changed = 0;
	assert_true(begin_change(bench, ingest, &error));
	assert_int_equal(bench->changed, 0); /* by the loop */
	(void)uv_run(&bench->loop, UV_RUN_DEFAULT);
	assert_int_equal(bench->changed, 1);
}

static void assert_changes(const struct bench *bench, unsigned added, unsigned removed,
                           unsigned changed, unsigned failed)
{
	assert_int_equal(bench->changes.added, added);
	assert_int_equal(bench->changes.removed, removed);
	assert_int_equal(bench->changes.changed, changed);
	assert_int_equal(bench->changes.failed, failed);
}

static const struct source_stats *stats(const struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->status.source_count; i++) {
		if (strcmp(bench->status.sources[i].name, name) == 0) {
			return &bench->status.sources[i];
		}
	}
	fail();
	return NULL;
}

/* source_set.h: the same entries change nothing; in another order neither. */
static void test_same_sources_are_not_touched(void **state)
{
	begin(*state, A ", " B);
	assert_noted("start a, start b");
	change(*state, B ", " A);
	assert_noted("");
	assert_changes(*state, 0, 0, 0, 0);
}

/* source_set.h: added ones start, removed ones stop, and are freed when the loop has let go. */
static void test_sources_come_and_go(void **state)
{
	begin(*state, A);
	assert_noted("start a");
	change(*state, A ", " B);
	assert_noted("start b");
	assert_changes(*state, 1, 0, 0, 0);
	change(*state, B);
	assert_noted("stop a, free a");
	assert_changes(*state, 0, 1, 0, 0);
	assert_int_equal(metric_read(&stats(*state, "a")->is_gone), 1);
	assert_int_equal(metric_read(&stats(*state, "b")->is_gone), 0);
	change(*state, A ", " B);
	assert_int_equal(metric_read(&stats(*state, "a")->is_gone), 0);
	assert_int_equal(((struct bench *)*state)->status.source_count, 2);
	buffer_clear(&history);
}

/* source_set.h: the new one starts when the old one is done, however long that takes. */
static void test_changed_source_starts_when_it_is_done(void **state)
{
	looks = 5;
	begin(*state, A ", " B);
	assert_noted("start a, start b");
	change(*state, ENTRY("a", "/two") ", " B);
	assert_noted("hand over a, stop a, free a, start a");
	assert_changes(*state, 0, 0, 1, 0);
	change(*state, ENTRY("a", "/two") ", " B);
	assert_noted("");
}

/* source_set.h: one that cannot go on with its new entry goes on with the old one. */
static void test_changed_source_that_fails_goes_on_as_it_was(void **state)
{
	begin(*state, A);
	assert_noted("start a");
	change(*state, ENTRY("a", "/bad"));
	assert_noted("hand over a, stop a, free a, start a");
	assert_changes(*state, 0, 0, 1, 1);
	assert_int_equal(metric_read(&stats(*state, "a")->is_gone), 0);
	/* What runs is the old entry: it is not the new one's, and is that of before. */
	change(*state, A);
	assert_noted("");
	assert_changes(*state, 0, 0, 0, 0);
}

/* source_set.h: an added one that cannot start leaves all as it was, others added before it too. */
static void test_added_source_that_fails_changes_nothing(void **state)
{
	struct bench *bench = *state;
	struct error error = {""};

	begin(bench, A);
	assert_noted("start a");
	assert_false(
	    begin_change(bench, B ", " ENTRY("a", "/two") ", " ENTRY("c", "/bad"), &error));
	assert_string_equal(error.text, "ingest: c: is bad");
	(void)uv_run(&bench->loop, UV_RUN_DEFAULT);
	assert_noted("start b, stop b, free b");
	assert_int_equal(bench->changed, 0);
	assert_int_equal(metric_read(&stats(bench, "b")->is_gone), 1);
	assert_int_equal(metric_read(&stats(bench, "c")->is_gone), 1);
	change(bench, A);
	assert_noted("");
}

/* source_set.h: sources that start while the others are paused are paused too. */
static void test_pause_holds_for_sources_that_come(void **state)
{
	begin(*state, A);
	source_set_pause(((struct bench *)*state)->set);
	change(*state, A ", " B);
	source_set_resume(((struct bench *)*state)->set);
	assert_noted("start a, pause a, start b, pause b, resume a, resume b");
}

/* source_set.h: those that take part in the comparing, as it is now. */
static void test_deduplicating_sources_are_counted(void **state)
{
	struct source_set *set = ((struct bench *)*state)->set;

	begin(*state, A ", " B);
	assert_int_equal(source_set_count_deduplicating(set), 2);
	change(*state, A ", {type: replay, name: b, file: /one, deduplicate: false}");
	assert_int_equal(source_set_count_deduplicating(set), 1);
	buffer_clear(&history);
}

/* source_set.h: the end does not wait for a change, which is forgotten. */
static void test_stop_ends_a_change(void **state)
{
	struct bench *bench = *state;
	struct error error = {""};

	looks = 1000;
	begin(bench, A);
	assert_true(begin_change(bench, ENTRY("a", "/two"), &error));
	assert_int_equal(bench->changed, 0);
	buffer_clear(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_same_sources_are_not_touched, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sources_come_and_go, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_changed_source_starts_when_it_is_done, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_changed_source_that_fails_goes_on_as_it_was, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_added_source_that_fails_changes_nothing, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_pause_holds_for_sources_that_come, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_deduplicating_sources_are_counted, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_stop_ends_a_change, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
