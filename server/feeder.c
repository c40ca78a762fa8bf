/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feeder.h"

#include <stdlib.h>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/feed/duplicates.h"
#include "server/feed/joiner.h"
#include "server/feed/wiki_name.h"
#include "server/pulse.h"
#include "server/source_set.h"
#include "server/wiki_counts.h"

#define OBSERVE_MS   1000
#define PAUSE_LOG_MS 10000

struct feeder {
	struct feeder_options options;
	struct clock clock;
	bool has_time; /* the clock was read since the loop waited */
	struct wiki_names *names;
	struct source_set *sources;
	struct conf_duplicates duplicates_conf;
	struct duplicates *duplicates; /* NULL: there never were two sources that bring the same */
	struct joiner *joiner;
	struct change **batch; /* published this turn, or waiting for room */
	size_t batch_count, batch_capacity;
	uint64_t next_id;
	uint64_t arrived_ms; /* of the last change */
	uv_check_t check;
	uv_prepare_t prepare;
	uv_timer_t observer;
	struct pulse pulse;
	uv_timer_t joining; /* wakes the loop when a change has waited for its other form */
	bool is_paused;
	uint64_t pause_told_ms;
	bool is_stopping;
	void (*on_stopped)(void *owner);
	void *owner;
};

static const struct log_scope feeder_log = {.name = "feeder"};

/* --- hand-over ---------------------------------------------------------- */

static void add_to_batch(struct feeder *feeder, struct change *change)
{
	if (feeder->batch_count == feeder->batch_capacity) {
		feeder->batch_capacity =
		    feeder->batch_capacity > 0 ? feeder->batch_capacity * 2 : 64;
		feeder->batch =
		    mem_resize(feeder->batch, feeder->batch_capacity * sizeof(feeder->batch[0]));
	}
	feeder->batch[feeder->batch_count++] = change;
}

/* Take what need not wait any more by then, in order. */
static void take_due(struct feeder *feeder, uint64_t now_ms)
{
	struct change *change;

	while ((change = joiner_take(feeder->joiner, now_ms)) != NULL) {
		add_to_batch(feeder, change);
	}
}

/* Whether another source has brought it already; its form may then serve the first. */
static bool is_duplicate(struct feeder *feeder, const struct running_source *source,
                         const struct change *change)
{
	struct duplicates_match match;

	if (!duplicates_find(feeder->duplicates, change, source->env.stats, feeder->clock.now_ms,
	                     &match)) {
		return false;
	}
	if (match.is_from_line != change->is_from_line) {
		joiner_join(feeder->joiner, match.id, change);
	}
	return true;
}

/*
 * The times of changes never go back, even when the system's clock does: whoever asks for what came
 * behind a time gets what came behind the change that showed it.
 */
static uint64_t arrival_ms(struct feeder *feeder)
{
	if (feeder->arrived_ms < feeder->clock.wall_ms) {
		feeder->arrived_ms = feeder->clock.wall_ms;
	}
	return feeder->arrived_ms;
}

/* Datagrams are taken before on_check(): what it has read is from before the waiting. */
static void need_time(struct feeder *feeder)
{
	if (!feeder->has_time) {
		clock_update(&feeder->clock);
		feeder->has_time = true;
	}
}

static void note_change(struct feeder *feeder, struct source_stats *stats,
                        const struct change *change)
{
	struct status *status = feeder->options.status;
	uint64_t made_ms = change->made_ms;
	uint64_t now_ms = feeder->clock.wall_ms;

	metric_add(&stats->published, 1);
	metric_set(&stats->last_change_ms, now_ms);
	metric_add(&status->changes_published, 1);
	if (made_ms != 0) {
		histogram_add(&stats->lag, &histogram_lags,
		              now_ms > made_ms ? now_ms - made_ms : 0);
	}
	if (status->wiki_counts != NULL) {
		wiki_counts_add(status->wiki_counts, change->wiki.bytes, change->wiki.length);
	}
}

static void publish(const struct source_env *env, struct change *change)
{
	struct feeder *feeder = env->publisher;
	const struct running_source *source = container_of(env, struct running_source, env);
	bool deduplicates = feeder->duplicates != NULL && source->deduplicates;

	need_time(feeder);
	if (deduplicates && is_duplicate(feeder, source, change)) {
		metric_add(&env->stats->duplicates, 1);
		change_unref(change);
		return;
	}
	change->id = feeder->next_id++;
	change->arrived_ms = arrival_ms(feeder);
	if (deduplicates) {
		duplicates_add(feeder->duplicates, change, env->stats, feeder->clock.now_ms);
	}
	note_change(feeder, env->stats, change);
	joiner_add(feeder->joiner, change, deduplicates, feeder->clock.now_ms);
	take_due(feeder, feeder->clock.now_ms);
}

/* All or none, so that the order is the same for every worker. */
static bool all_have_room(const struct feeder *feeder)
{
	bool all = true;

	for (size_t i = 0; i < feeder->options.worker_count; i++) {
		all = worker_has_room(feeder->options.workers[i]) && all;
	}
	return all;
}

static void hand_over(struct feeder *feeder)
{
	size_t workers = feeder->options.worker_count;

	for (size_t i = 0; i < feeder->batch_count; i++) {
		change_ref(feeder->batch[i], (unsigned)workers - 1);
	}
	for (size_t i = 0; i < workers; i++) {
		worker_hand_over(feeder->options.workers[i], feeder->batch, feeder->batch_count);
	}
	feeder->batch_count = 0;
}

/* Under a load that is just too high pauses come many times a second: not a line for each. */
static void note_pause(struct feeder *feeder)
{
	metric *pauses = &feeder->options.status->pauses;

	metric_add(pauses, 1);
	if (metric_read(pauses) == 1 ||
	    feeder->clock.now_ms - feeder->pause_told_ms >= PAUSE_LOG_MS) {
		feeder->pause_told_ms = feeder->clock.now_ms;
		log_warn(&feeder_log, "feeder.paused",
		         "a worker is behind, the sources wait; %llu times so far",
		         (unsigned long long)metric_read(pauses));
	}
}

static void set_paused(struct feeder *feeder, bool is_paused)
{
	if (feeder->is_paused == is_paused) {
		return;
	}
	feeder->is_paused = is_paused;
	if (is_paused) {
		note_pause(feeder);
	}
	if (feeder->is_stopping) {
		return;
	}
	if (is_paused) {
		source_set_pause(feeder->sources);
	} else {
		source_set_resume(feeder->sources);
	}
}

static void close_handles(struct feeder *feeder)
{
	uv_close((uv_handle_t *)&feeder->check, NULL);
	uv_close((uv_handle_t *)&feeder->prepare, NULL);
	uv_close((uv_handle_t *)&feeder->observer, NULL);
	uv_close((uv_handle_t *)&feeder->joining, NULL);
	pulse_stop(&feeder->pulse);
}

/* on_prepare() takes what is due, before the loop waits again. */
static void on_joining(uv_timer_t *timer)
{
	(void)timer;
}

/* Take what is due, all of it at the end, and be woken for the rest. */
static void take_held(struct feeder *feeder)
{
	uint64_t now_ms = feeder->clock.now_ms;
	uint64_t due_ms;

	take_due(feeder, feeder->is_stopping ? UINT64_MAX : now_ms);
	due_ms = joiner_due_ms(feeder->joiner);
	if (due_ms < UINT64_MAX) {
		require(uv_timer_start(&feeder->joining, on_joining, due_ms - now_ms, 0) == 0);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct feeder *feeder = prepare->data;

	take_held(feeder);
	feeder->has_time = false;
	if (feeder->batch_count > 0) {
		if (!all_have_room(feeder)) {
			set_paused(feeder, true);
			return;
		}
		hand_over(feeder);
	}
	set_paused(feeder, false);
	if (feeder->is_stopping) {
		close_handles(feeder);
		feeder->on_stopped(feeder->owner);
	}
}

static void on_check(uv_check_t *check)
{
	struct feeder *feeder = check->data;

	clock_update(&feeder->clock);
	feeder->has_time = true;
}

static void on_observer(uv_timer_t *timer)
{
	struct feeder *feeder = timer->data;

	source_set_observe(feeder->sources);
}

/* --- life --------------------------------------------------------------- */

static struct wiki_names *create_names(const struct conf_map *map)
{
	struct wiki_name_exception *exceptions = mem_zeroed((map->count + 1) * sizeof(*exceptions));
	struct wiki_names *names;

	for (size_t i = 0; i < map->count; i++) {
		exceptions[i].wiki = map->items[i].key;
		exceptions[i].channel = map->items[i].value;
	}
	names = wiki_names_create(exceptions, map->count);
	free(exceptions);
	return names;
}

static void init_handles(struct feeder *feeder)
{
	uv_loop_t *loop = feeder->options.loop;

	require(uv_check_init(loop, &feeder->check) == 0);
	require(uv_prepare_init(loop, &feeder->prepare) == 0);
	require(uv_timer_init(loop, &feeder->observer) == 0);
	require(uv_timer_init(loop, &feeder->joining) == 0);
	feeder->pulse.beat_ms = &feeder->options.status->beat_ms;
	feeder->pulse.lag = &feeder->options.status->loop_lag;
	pulse_start(&feeder->pulse, loop);
	feeder->check.data = feeder;
	feeder->prepare.data = feeder;
	feeder->observer.data = feeder;
	require(uv_check_start(&feeder->check, on_check) == 0);
	require(uv_prepare_start(&feeder->prepare, on_prepare) == 0);
	require(uv_timer_start(&feeder->observer, on_observer, OBSERVE_MS, OBSERVE_MS) == 0);
}

/* It takes two for the same change to come twice; one alone is spared the comparing. */
static void compare_if_needed(struct feeder *feeder)
{
	const struct conf_duplicates *conf = &feeder->duplicates_conf;

	if (feeder->duplicates == NULL && source_set_count_deduplicating(feeder->sources) > 1) {
		feeder->duplicates = duplicates_create(conf->window, (uint64_t)conf->age * 1000);
	}
}

static struct source_set *create_sources(struct feeder *feeder)
{
	return source_set_create(&(struct source_set_options){
	    .status = feeder->options.status,
	    .env =
		{
		    .loop = feeder->options.loop,
		    .held = feeder->options.held,
		    .clock = &feeder->clock,
		    .names = feeder->names,
		    .publish = publish,
		    .publisher = feeder,
		},
	});
}

struct feeder *feeder_create(const struct feeder_options *options)
{
	const struct conf *conf = options->conf;
	struct feeder *feeder = mem_new(struct feeder);

	feeder->options = *options;
	feeder->next_id = 1;
	clock_update(&feeder->clock);
	feeder->names = create_names(&conf->root.channel_names);
	feeder->duplicates_conf = conf->duplicates;
	feeder->joiner = joiner_create(conf->duplicates.join_window);
	feeder->sources = create_sources(feeder);
	init_handles(feeder);
	return feeder;
}

bool feeder_start(struct feeder *feeder, const struct conf *conf, struct error *error)
{
	if (!source_set_start(feeder->sources, conf, error)) {
		return false;
	}
	compare_if_needed(feeder);
	return true;
}

bool feeder_change(struct feeder *feeder, const struct conf *conf,
                   source_set_changed_fn *on_changed, void *owner, struct error *error)
{
	struct wiki_names *old_names = feeder->names;
	struct wiki_names *names = create_names(&conf->root.channel_names);

	if (!source_set_change(feeder->sources, conf, names, on_changed, owner, error)) {
		wiki_names_destroy(names);
		return false;
	}
	feeder->names = names;
	wiki_names_destroy(old_names);
	compare_if_needed(feeder);
	return true;
}

void feeder_stop(struct feeder *feeder, void (*on_stopped)(void *owner), void *owner)
{
	require(!feeder->is_stopping);
	feeder->is_stopping = true;
	feeder->on_stopped = on_stopped;
	feeder->owner = owner;
	source_set_stop(feeder->sources);
}

void feeder_destroy(struct feeder *feeder)
{
	if (feeder == NULL) {
		return;
	}
	source_set_destroy(feeder->sources);
	joiner_destroy(feeder->joiner);
	duplicates_destroy(feeder->duplicates);
	wiki_names_destroy(feeder->names);
	free(feeder->batch);
	free(feeder);
}
