/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock says how many lines are due by now; a timer that comes late plays
 * what it owes, up to BURST_MAX lines a turn, so that the rate holds at any speed.
 */
#include "ingest/replay.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buffer.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_json.h"

#define TICK_MS_MAX 1000
#define BURST_MAX   640

struct replay {
	const struct source_env *env;
	const struct conf_replay *conf;
	uv_timer_t timer;
	struct buffer file;
	size_t at;          /* in the file */
	uint64_t began_ms;  /* of the present count */
	double played;      /* lines since then */
	json_int_t next_id; /* for refresh */
	bool is_ended;      /* the file is played, and not to be played again */
};

/* Lend the next line that is not empty; false at the end of the file. */
static bool next_line(struct replay *replay, struct text *line)
{
	while (replay->at < replay->file.length) {
		const char *begin = replay->file.bytes + replay->at;
		size_t rest = replay->file.length - replay->at;
		const char *end = memchr(begin, '\n', rest);
		size_t length = end != NULL ? (size_t)(end - begin) : rest;

		replay->at += end != NULL ? length + 1 : length;
		if (length > 0) {
			*line = (struct text){.bytes = begin, .length = length};
			return true;
		}
	}
	return false;
}

/* Give the change of a line with the present time and an id of its own. */
static struct change *read_refreshed(struct replay *replay, struct text line,
                                     enum drop_reason *reason)
{
	json_t *object = json_loadb(line.bytes, line.length, JSON_ALLOW_NUL, NULL);
	struct change *change = NULL;
	char *text;

	*reason = DROP_JSON_SYNTAX;
	if (object == NULL) {
		return NULL;
	}
	(void)json_object_set_new(object, "timestamp",
	                          json_integer((json_int_t)(replay->env->clock->wall_ms / 1000)));
	if (json_is_integer(json_object_get(object, "id"))) {
		(void)json_object_set_new(object, "id", json_integer(replay->next_id++));
	}
	text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text != NULL) {
		change = rcfeed_json_read(replay->env->names, text, strlen(text), reason);
	}
	free(text);
	json_decref(object);
	return change;
}

static void play(struct replay *replay, struct text line)
{
	enum drop_reason reason;
	struct change *change;

	metric_add(&replay->env->stats->received, 1);
	if (replay->conf->refresh) {
		change = read_refreshed(replay, line, &reason);
	} else {
		change = rcfeed_json_read(replay->env->names, line.bytes, line.length, &reason);
	}
	if (change != NULL) {
		replay->env->publish(replay->env, change);
	} else {
		source_drop(replay->env, reason);
	}
}

static void begin_counting(struct replay *replay)
{
	replay->began_ms = replay->env->clock->now_ms;
	replay->played = 0;
}

static void on_timer(uv_timer_t *timer)
{
	struct replay *replay = timer->data;
	double elapsed_s = (double)(replay->env->clock->now_ms - replay->began_ms) / 1000;
	double due = elapsed_s * replay->conf->rate;

	for (int i = 0; i < BURST_MAX && replay->played + 1 <= due; i++) {
		struct text line;

		if (!next_line(replay, &line)) {
			if (!replay->conf->loop) {
				log_info(&replay->env->log, "replay.ended", "the file is played");
				replay->is_ended = true;
				(void)uv_timer_stop(timer);
				return;
			}
			replay->at = 0; /* and the next round of this loop begins it again */
			continue;
		}
		play(replay, line);
		replay->played += 1;
	}
}

static void resume(void *source)
{
	struct replay *replay = source;
	double period_ms = 1000 / replay->conf->rate;
	uint64_t tick_ms = period_ms > TICK_MS_MAX ? TICK_MS_MAX
	                   : period_ms < 1         ? 1
	                                           : (uint64_t)period_ms;

	if (replay->is_ended) {
		return;
	}
	begin_counting(replay);
	(void)uv_timer_start(&replay->timer, on_timer, tick_ms, tick_ms);
}

static void pause_playing(void *source)
{
	struct replay *replay = source;

	(void)uv_timer_stop(&replay->timer);
}

static void stop(void *source)
{
	struct replay *replay = source;

	uv_close((uv_handle_t *)&replay->timer, NULL);
}

static void destroy(void *source)
{
	struct replay *replay = source;

	if (replay != NULL) {
		buffer_finish(&replay->file);
		free(replay);
	}
}

static bool read_file(const char *name, struct buffer *out, struct error *error)
{
	FILE *file = fopen(name, "rb");
	size_t got = 1;

	if (file == NULL) {
		error_set(error, "%s: %s", name, strerror(errno));
		return false;
	}
	while (got > 0 && out->length <= REPLAY_FILE_MAX) {
		got = fread(buffer_reserve(out, 65536), 1, 65536, file);
		out->length += got;
	}
	if (ferror(file)) {
		error_set(error, "%s: cannot be read", name);
	} else if (out->length > REPLAY_FILE_MAX) {
		error_set(error, "%s: more than %d bytes", name, REPLAY_FILE_MAX);
	} else {
		(void)fclose(file);
		return true;
	}
	(void)fclose(file);
	return false;
}

/* A file of empty lines would be gone through over and over for nothing. */
static bool has_line(struct replay *replay)
{
	struct text line;
	bool has = next_line(replay, &line);

	replay->at = 0;
	return has;
}

static void *start(const struct source_env *env, const struct conf_ingest *entry,
                   struct error *error)
{
	struct replay *replay = mem_new(struct replay);

	replay->env = env;
	replay->conf = &entry->as.replay;
	replay->next_id = 1;
	if (!read_file(replay->conf->file, &replay->file, error)) {
		destroy(replay);
		return NULL;
	}
	if (!has_line(replay)) {
		error_set(error, "%s: is empty", replay->conf->file);
		destroy(replay);
		return NULL;
	}
	require(uv_timer_init(env->loop, &replay->timer) == 0);
	replay->timer.data = replay;
	metric_set(&env->stats->is_up, 1);
	resume(replay);
	return replay;
}

const struct source_type replay_source = {
    .type = "replay",
    .start = start,
    .pause = pause_playing,
    .resume = resume,
    .stop = stop,
    .destroy = destroy,
};
