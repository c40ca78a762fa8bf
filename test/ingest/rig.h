/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_INGEST_RIG_H
#define TEST_INGEST_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/source.h"
#include "server/base/memory.h"

/*
 * One source on a loop of the test's, with a clock of the test's, and a feeder that
 * keeps what is published.
 */
struct rig {
	uv_loop_t loop;
	struct clock clock;
	struct wiki_names *names;
	struct source_stats stats;
	struct conf *conf;
	struct source_env env;
	const struct source_type *type;
	void *source;
	struct change *changes[4096];
	size_t count;
};

static inline void rig_publish(const struct source_env *env, struct change *change)
{
	struct rig *rig = env->publisher;

	assert_true(rig->count < sizeof(rig->changes) / sizeof(rig->changes[0]));
	rig->changes[rig->count++] = change;
}

static inline void rig_forget(struct rig *rig)
{
	for (size_t i = 0; i < rig->count; i++) {
		change_unref(rig->changes[i]);
	}
	rig->count = 0;
}

/* A source that does not run yet, of an `ingest` entry in YAML. */
static inline struct rig *rig_create(const char *entry)
{
	struct rig *rig = mem_new(struct rig);
	struct buffer yaml = {0}, errors = {0};

	buffer_printf(&yaml, "ingest: [%s]\n", entry);
	rig->conf = conf_parse("test", yaml.bytes, yaml.length, &errors);
	assert_non_null(rig->conf);
	buffer_finish(&yaml);
	buffer_finish(&errors);
	assert_int_equal(uv_loop_init(&rig->loop), 0);
	clock_update(&rig->clock);
	rig->names = wiki_names_create(NULL, 0);
	rig->stats.type = rig->conf->ingest[0].type;
	rig->stats.name = rig->conf->ingest[0].name;
	rig->env = (struct source_env){
	    .loop = &rig->loop,
	    .clock = &rig->clock,
	    .names = rig->names,
	    .stats = &rig->stats,
	    .log = {.name = rig->stats.name},
	    .publish = rig_publish,
	    .publisher = rig,
	};
	rig->type = source_type_find(rig->stats.type);
	assert_non_null(rig->type);
	return rig;
}

static inline bool rig_start(struct rig *rig, struct error *error)
{
	rig->source = rig->type->start(&rig->env, &rig->conf->ingest[0], error);
	return rig->source != NULL;
}

static inline void rig_destroy(struct rig *rig)
{
	if (rig->source != NULL) {
		rig->type->stop(rig->source);
	}
	(void)uv_run(&rig->loop, UV_RUN_DEFAULT);
	rig->type->destroy(rig->source);
	rig_forget(rig);
	wiki_names_destroy(rig->names);
	conf_destroy(rig->conf);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	free(rig);
}

/* Turn the loop for a while, until `count` changes were published at the most. */
static inline void rig_turn(struct rig *rig, unsigned ms, size_t count)
{
	for (unsigned i = 0; i < ms && rig->count < count; i++) {
		(void)uv_run(&rig->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
}

static inline uint64_t rig_dropped(const struct rig *rig, enum drop_reason reason)
{
	return metric_read(&rig->stats.dropped[reason]);
}

#endif
