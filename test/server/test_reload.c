/* SPDX-License-Identifier: Apache-2.0 */
/* server/reload: another configuration in force, all of it or nothing. */
#include "server/reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"

/* None is needed: feeder and reload work without workers. */
const struct front_end *const front_ends[] = {NULL};

struct bench {
	uv_loop_t loop;
	struct status status;
	struct notify notify;
	struct held_sockets *held;
	struct feeder *feeder;
	struct reload reload;
	const char *text; /* what there is to be read */
	unsigned puts;    /* configurations put in force */
	char motd[32];    /* of the last one */
	bool is_faulty;   /* what the configuration names */
};

static struct conf *load(void *loader, struct buffer *errors)
{
	struct bench *bench = loader;

	return conf_parse("t", bench->text, strlen(bench->text), errors);
}

static bool prepare(void *owner, const struct conf *conf, struct error *error)
{
	const struct bench *bench = owner;

	assert_non_null(conf);
	if (bench->is_faulty) {
		error_set(error, "no-such.crt: No such file");
	}
	return !bench->is_faulty;
}

static void put_in_force(void *owner, const struct conf *conf)
{
	struct bench *bench = owner;

	bench->puts++;
	(void)snprintf(bench->motd, sizeof(bench->motd), "%s", conf->irc.motd);
}

static void create_feeder(struct bench *bench, const struct conf *conf)
{
	struct feeder_options options = {
	    .conf = conf,
	    .status = &bench->status,
	    .held = bench->held,
	    .loop = &bench->loop,
	};
	struct error error = {""};

	bench->feeder = feeder_create(&options);
	assert_true(feeder_start(bench->feeder, conf, &error));
}

#define FIRST "irc: {motd: first}\n"

static int setup(void **state)
{
	struct bench *bench = mem_new(struct bench);
	struct reload_options options = {
	    .load = load,
	    .loader = bench,
	    .status = &bench->status,
	    .notify = &bench->notify,
	    .prepare = prepare,
	    .put_in_force = put_in_force,
	    .owner = bench,
	};
	struct buffer errors = {0};
	struct conf *conf;

	bench->text = FIRST;
	bench->notify.descriptor = -1;
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	status_init(&bench->status, 0);
	bench->held = held_sockets_create();
	conf = load(bench, &errors);
	create_feeder(bench, conf);
	options.feeder = bench->feeder;
	reload_init(&bench->reload, &options, conf);
	conf_destroy(conf);
	*state = bench;
	return 0;
}

static void on_stopped(void *owner)
{
	(void)owner;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	feeder_stop(bench->feeder, on_stopped, NULL);
	(void)uv_run(&bench->loop, UV_RUN_DEFAULT);
	feeder_destroy(bench->feeder);
	reload_finish(&bench->reload);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	held_sockets_destroy(bench->held);
	status_finish(&bench->status);
	free(bench);
	return 0;
}

/* Let the loop turn until no reload is under way. */
static void settle(struct bench *bench)
{
	while (bench->reload.next != NULL) {
		(void)uv_run(&bench->loop, UV_RUN_ONCE);
	}
}

static bool was_successful(const struct bench *bench)
{
	return metric_read(&bench->status.config_last_reload_successful) == 1;
}

/* reload.h: what is read is put in force, once. */
static void test_reload_puts_in_force_what_is_read(void **state)
{
	struct bench *bench = *state;

	assert_true(was_successful(bench)); /* the start counts */
	assert_true(metric_read(&bench->status.config_last_reload_ms) > 0);
	bench->text = "irc: {motd: second}\n";
	reload_start(&bench->reload);
	settle(bench);
	assert_int_equal(bench->puts, 1);
	assert_string_equal(bench->motd, "second");
	assert_string_equal(bench->reload.conf->irc.motd, "second");
	assert_true(was_successful(bench));
}

/* reload.h: faults, and sources that cannot start, leave all as it was; the next one may do. */
static void test_reload_that_fails_leaves_all_as_it_was(void **state)
{
	static const char *const texts[] = {
	    "irc: [",
	    "irc: {motd: second}\ningest: [{type: replay, file: /nonexistent}]\n",
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < 2; i++) {
		bench->text = texts[i];
		reload_start(&bench->reload);
		settle(bench);
		assert_int_equal(bench->puts, 0);
		assert_false(was_successful(bench));
		assert_string_equal(bench->reload.conf->irc.motd, "first");
	}
	bench->text = FIRST;
	reload_start(&bench->reload);
	settle(bench);
	assert_true(was_successful(bench));
}

/* reload.h: so do files that it names; no source has been touched then. */
static void test_reload_of_what_cannot_be_read_leaves_all_as_it_was(void **state)
{
	struct bench *bench = *state;

	bench->text =
	    "irc: {motd: second}\ningest: [{type: rcfeed-udp, listen: \"127.0.0.1:0\"}]\n";
	bench->is_faulty = true;
	reload_start(&bench->reload);
	settle(bench);
	assert_int_equal(bench->puts, 0);
	assert_int_equal(bench->status.source_count, 0);
	assert_false(was_successful(bench));
	assert_string_equal(bench->reload.conf->irc.motd, "first");
	bench->is_faulty = false;
	reload_start(&bench->reload);
	settle(bench);
	assert_int_equal(bench->puts, 1);
	assert_int_equal(bench->status.source_count, 1);
	assert_true(was_successful(bench));
}

/* reload.h: asked for while one is under way, it comes after it, once. */
static void test_reloads_come_one_after_another(void **state)
{
	struct bench *bench = *state;

	bench->text = "irc: {motd: second}\n";
	reload_start(&bench->reload);
	bench->text = "irc: {motd: third}\n";
	reload_start(&bench->reload);
	reload_start(&bench->reload);
	assert_int_equal(bench->puts, 0);
	settle(bench);
	assert_int_equal(bench->puts, 2);
	assert_string_equal(bench->motd, "third");
}

/* reload.h: what waits for the next start keeps its value, and is still a difference then. */
static void test_reload_keeps_what_cannot_change(void **state)
{
	struct bench *bench = *state;

	bench->text = "workers: 9\nirc: {motd: second}\n";
	for (unsigned i = 0; i < 2; i++) {
		reload_start(&bench->reload);
		assert_memory_equal(bench->reload.kept.bytes, "workers", 7);
		settle(bench);
		assert_int_equal(bench->reload.conf->root.workers, 0);
		assert_int_equal(bench->reload.kept.length, 0);
	}
}

/* reload.h: one that is under way at the end is forgotten, with all that it holds. */
static void test_reload_that_is_under_way_is_forgotten(void **state)
{
	struct bench *bench = *state;

	bench->text = "irc: {motd: second}\n";
	reload_start(&bench->reload);
	assert_non_null(bench->reload.next);
	assert_int_equal(bench->puts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_reload_puts_in_force_what_is_read, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_reload_of_what_cannot_be_read_leaves_all_as_it_was,
	                                    setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload_that_fails_leaves_all_as_it_was, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_reloads_come_one_after_another, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload_keeps_what_cannot_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload_that_is_under_way_is_forgotten, setup,
	                                    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
