/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that is stopped stays in the list until it is done: a timer looks, from the next
 * turn of the loop on, when the handles that it closed are gone.  Then it is freed, and what is
 * to follow it started.
 */
#include "server/source_set.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "conf/conf_change.h"
#include "server/base/memory.h"

#define LOOK_MS 2 /* a state file takes some milliseconds to be written */

struct source_set {
	struct source_set_options options;
	struct running_source *all; /* running_source.next */
	uv_timer_t look;            /* active while one is stopped and not done */
	bool is_paused;
	bool is_stopping;
	struct source_set_changes changes;
	source_set_changed_fn *on_changed; /* NULL: no change is under way */
	void *owner;
};

struct source_set *source_set_create(const struct source_set_options *options)
{
	struct source_set *set = mem_new(struct source_set);

	set->options = *options;
	require(uv_timer_init(options->env.loop, &set->look) == 0);
	set->look.data = set;
	return set;
}

/* --- one source --------------------------------------------------------------- */

static bool run(struct source_set *set, struct running_source *running, const struct conf *conf,
                const struct conf_ingest *entry, struct error *error)
{
	struct source_stats *stats = status_source(set->options.status, entry->type, entry->name);

	if (stats == NULL) {
		error_set(error, "ingest: more than %d sources by name: a restart forgets them",
		          STATUS_SOURCES_MAX);
		return false;
	}
	running->type = source_type_find(entry->type);
	require(running->type != NULL);
	running->env = set->options.env;
	running->env.stats = stats;
	running->env.log = (struct log_scope){.name = stats->name};
	running->deduplicates = entry->deduplicate;
	running->source = running->type->start(&running->env, entry, error);
	if (running->source == NULL) {
		error_prefix(error, "ingest: %s: ", entry->name);
		metric_set(&stats->is_gone, 1);
		return false;
	}
	running->conf = conf_share(conf);
	running->entry = entry;
	running->is_stopped = false;
	if (set->is_paused) {
		running->type->pause(running->source);
	}
	return true;
}

static void stop(struct running_source *running)
{
	if (running->type->observe != NULL) {
		running->type->observe(running->source);
	}
	running->type->stop(running->source);
	running->is_stopped = true;
	metric_set(&running->env.stats->is_up, 0);
}

/* Free what ran, once it is done. */
static void release(struct running_source *running)
{
	running->type->destroy(running->source);
	running->source = NULL;
	conf_destroy(running->conf);
	running->conf = NULL;
}

static void discard(struct source_set *set, struct running_source *running)
{
	if (running->source != NULL) {
		release(running);
	}
	conf_destroy(running->next_conf);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): in the list, so there is a first */
	DL_DELETE(set->all, running);
	free(running);
}

static bool add(struct source_set *set, const struct conf *conf, const struct conf_ingest *entry,
                struct error *error)
{
	struct running_source *running = mem_new(struct running_source);

	DL_APPEND(set->all, running);
	if (run(set, running, conf, entry, error)) {
		return true;
	}
	discard(set, running);
	return false;
}

bool source_set_start(struct source_set *set, const struct conf *conf, struct error *error)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		if (!add(set, conf, &conf->ingest[i], error)) {
			return false;
		}
	}
	return true;
}

/* --- stopped ones ------------------------------------------------------------- */

static void tell_changed(struct source_set *set)
{
	source_set_changed_fn *on_changed = set->on_changed;

	set->on_changed = NULL;
	if (on_changed != NULL) {
		on_changed(set->owner, &set->changes);
	}
}

static bool is_done(const struct running_source *running)
{
	return running->type->is_done == NULL || running->type->is_done(running->source);
}

/* With the new entry, or, when that cannot be, with the one it had. */
static bool run_again(struct source_set *set, struct running_source *running)
{
	const struct conf *old_conf = conf_share(running->conf);
	const struct conf_ingest *old = running->entry;
	struct error error = {""};
	bool is_running;

	release(running);
	is_running = run(set, running, running->next_conf, running->next_entry, &error);
	if (!is_running) {
		set->changes.failed++;
		log_error(&running->env.log, "source.failed", "%s; it goes on as it was",
		          error.text);
		is_running = run(set, running, old_conf, old, &error);
	}
	if (!is_running) {
		log_error(&running->env.log, "source.failed", "%s; it stands still", error.text);
		metric_set(&running->env.stats->is_gone, 0); /* to be seen as down */
	}
	conf_destroy(old_conf);
	conf_destroy(running->next_conf);
	running->next_conf = NULL;
	held_sockets_forget(set->options.env.held, old->name);
	return is_running;
}

/* False while it waits. */
static bool look_at(struct source_set *set, struct running_source *running)
{
	if (!running->is_stopped) {
		return true;
	}
	if (!is_done(running)) {
		return false;
	}
	if (running->next_conf == NULL || !run_again(set, running)) {
		discard(set, running);
	}
	return true;
}

static void on_look(uv_timer_t *timer)
{
	struct source_set *set = timer->data;
	struct running_source *running, *next;
	bool is_settled = true;

	DL_FOREACH_SAFE (set->all, running, next) {
		is_settled = look_at(set, running) && is_settled;
	}
	if (is_settled) {
		(void)uv_timer_stop(timer);
		tell_changed(set);
	}
}

/* --- a change ----------------------------------------------------------------- */

static struct running_source *find(const struct source_set *set, const char *name)
{
	struct running_source *running;

	DL_FOREACH (set->all, running) {
		if (!running->is_stopped && strcmp(running->entry->name, name) == 0) {
			return running;
		}
	}
	return NULL;
}

static void stop_for_good(struct running_source *running)
{
	stop(running);
	metric_set(&running->env.stats->is_gone, 1);
}

/* Start those that are new: they stand behind the others, in the order of their entries. */
static bool add_new(struct source_set *set, const struct conf *conf, struct error *error)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		if (find(set, conf->ingest[i].name) != NULL) {
			continue;
		}
		if (!add(set, conf, &conf->ingest[i], error)) {
			return false;
		}
		set->changes.added++;
	}
	return true;
}

/* Stop what add_new() started before it failed: they alone are of this configuration. */
static void take_back(struct source_set *set, const struct conf *conf)
{
	struct running_source *running;

	DL_FOREACH (set->all, running) {
		if (running->conf == conf && !running->is_stopped) {
			stop_for_good(running);
		}
	}
}

static void replace(struct source_set *set, struct running_source *running, const struct conf *conf,
                    const struct conf_ingest *entry)
{
	running->next_conf = conf_share(conf);
	running->next_entry = entry;
	if (running->type->hand_over != NULL) {
		running->type->hand_over(running->source);
	}
	stop(running);
	if (strcmp(running->entry->type, entry->type) != 0) {
		metric_set(&running->env.stats->is_gone, 1);
	}
	set->changes.changed++;
}

static void stop_old(struct source_set *set, const struct conf *conf)
{
	struct running_source *running;

	DL_FOREACH (set->all, running) {
		const struct conf_ingest *entry;

		if (running->is_stopped) {
			continue;
		}
		entry = conf_change_find_entry(conf, running->entry->name);
		if (entry == NULL) {
			stop_for_good(running);
			set->changes.removed++;
		} else if (!conf_change_is_same_entry(running->entry, entry)) {
			replace(set, running, conf, entry);
		}
	}
}

static void set_names(struct source_set *set, const struct wiki_names *names)
{
	struct running_source *running;

	set->options.env.names = names;
	DL_FOREACH (set->all, running) {
		running->env.names = names;
	}
}

bool source_set_change(struct source_set *set, const struct conf *conf,
                       const struct wiki_names *names, source_set_changed_fn *on_changed,
                       void *owner, struct error *error)
{
	const struct wiki_names *old_names = set->options.env.names;
	bool is_good;

	require(set->on_changed == NULL && !set->is_stopping);
	set->changes = (struct source_set_changes){0};
	set_names(set, names);
	is_good = add_new(set, conf, error);
	if (is_good) {
		stop_old(set, conf);
		set->on_changed = on_changed;
		set->owner = owner;
	} else {
		take_back(set, conf);
		set_names(set, old_names);
	}
	require(uv_timer_start(&set->look, on_look, LOOK_MS, LOOK_MS) == 0);
	return is_good;
}

/* --- all of them -------------------------------------------------------------- */

unsigned source_set_count_deduplicating(const struct source_set *set)
{
	const struct running_source *running;
	unsigned count = 0;

	DL_FOREACH (set->all, running) {
		count += running->deduplicates ? 1 : 0;
	}
	return count;
}

void source_set_pause(struct source_set *set)
{
	struct running_source *running;

	set->is_paused = true;
	DL_FOREACH (set->all, running) {
		if (!running->is_stopped) {
			running->type->pause(running->source);
		}
	}
}

void source_set_resume(struct source_set *set)
{
	struct running_source *running;

	set->is_paused = false;
	DL_FOREACH (set->all, running) {
		if (!running->is_stopped) {
			running->type->resume(running->source);
		}
	}
}

void source_set_observe(struct source_set *set)
{
	struct running_source *running;

	DL_FOREACH (set->all, running) {
		if (!running->is_stopped && running->type->observe != NULL) {
			running->type->observe(running->source);
		}
	}
}

void source_set_stop(struct source_set *set)
{
	struct running_source *running;

	require(!set->is_stopping);
	set->is_stopping = true;
	DL_FOREACH (set->all, running) {
		if (!running->is_stopped) {
			stop(running);
		}
	}
	uv_close((uv_handle_t *)&set->look, NULL);
}

void source_set_destroy(struct source_set *set)
{
	if (set == NULL) {
		return;
	}
	while (set->all != NULL) {
		discard(set, set->all);
	}
	free(set);
}
