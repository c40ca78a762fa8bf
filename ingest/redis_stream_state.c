/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch ─> timer, 1 s ─> text of the positions ─> a thread writes ─> touched meanwhile? timer
 */
#include "ingest/redis_stream_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/base/memory.h"

#define WRITE_MS    1000
#define TEXT_FLAGS  (JSON_INDENT(1) | JSON_PRESERVE_ORDER)
#define FILE_SUFFIX ".new"

struct redis_stream_state {
	uv_loop_t *loop;
	const char *file;
	char *new_file;
	const struct conf_strings *names;
	const struct redis_stream_position *positions;
	const struct log_scope *log;
	uv_timer_t timer;
	uv_work_t work;
	char *text;           /* being written */
	struct error failure; /* of the last writing, or "" */
	bool is_failing;      /* and was told */
	bool is_touched;
	bool is_writing;
	bool is_stopping;
};

/* --- reading ------------------------------------------------------------ */

static bool read_position(const json_t *object, struct redis_stream_position *position)
{
	json_t *id = json_object_get(object, "id");
	json_t *entries = json_object_get(object, "entries");
	struct redis_stream_position read = {.is_known = true};

	if (!json_is_string(id) ||
	    !redis_stream_id_parse(json_string_value(id), json_string_length(id), &read.id)) {
		return false;
	}
	if (json_is_integer(entries) && json_integer_value(entries) >= 0) {
		read.has_entries = true;
		read.entries = (uint64_t)json_integer_value(entries);
	}
	*position = read;
	return true;
}

static bool read_positions(const json_t *root, const struct conf_strings *names,
                           struct redis_stream_position *positions)
{
	bool is_good = json_is_object(root);

	for (size_t i = 0; is_good && i < names->count; i++) {
		const json_t *object = json_object_get(root, names->items[i]);

		is_good = object == NULL || read_position(object, &positions[i]);
	}
	return is_good;
}

static bool read_file(const char *file, const struct conf_strings *names,
                      struct redis_stream_position *positions, struct error *error)
{
	char *text = mem_resize(NULL, REDIS_STREAM_STATE_BYTES_MAX);
	FILE *stream = fopen(file, "re");
	bool is_good = stream == NULL && errno == ENOENT;
	json_t *root = NULL;
	size_t length = 0;

	if (stream == NULL && !is_good) {
		error_set(error, "state_file: %s: %s", file, strerror(errno));
	} else if (stream != NULL) {
		length = fread(text, 1, REDIS_STREAM_STATE_BYTES_MAX, stream);
		root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
		is_good = read_positions(root, names, positions);
		(void)fclose(stream);
		if (!is_good) {
			error_set(error,
			          "state_file: %s: is no state of redis-stream (want it repaired, "
			          "or removed to begin anew)",
			          file);
		}
	}
	json_decref(root);
	free(text);
	return is_good;
}

/* --- writing ------------------------------------------------------------ */

/* Gives the text of the file. */
static char *make_text(const struct redis_stream_state *state)
{
	json_t *root = json_object();
	char *text;

	for (size_t i = 0; i < state->names->count; i++) {
		const struct redis_stream_position *position = &state->positions[i];
		char id[REDIS_STREAM_ID_TEXT_MAX];
		json_t *object;

		if (!position->is_known) {
			continue;
		}
		object = json_object();
		(void)json_object_set_new(object, "id",
		                          json_string(redis_stream_id_text(position->id, id)));
		if (position->has_entries) {
			(void)json_object_set_new(object, "entries",
			                          json_integer((json_int_t)position->entries));
		}
		(void)json_object_set_new(root, state->names->items[i], object);
	}
	text = json_dumps(root, TEXT_FLAGS);
	require(text != NULL);
	json_decref(root);
	return text;
}

static bool write_all(int descriptor, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t written = write(descriptor, text, length);

		if (written < 0 && errno != EINTR) {
			return false;
		}
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return fsync(descriptor) == 0;
}

/* In a thread of libuv's, or while none is at it.  Sets `failure`. */
static void write_file(struct redis_stream_state *state)
{
	int descriptor = open(state->new_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool is_good = descriptor >= 0 && write_all(descriptor, state->text);
	int number = errno;

	if (descriptor >= 0 && close(descriptor) != 0 && is_good) {
		is_good = false;
		number = errno;
	}
	if (is_good && rename(state->new_file, state->file) != 0) {
		is_good = false;
		number = errno;
	}
	state->failure.text[0] = '\0';
	if (!is_good) {
		error_set(&state->failure, "state_file: %s: %s", state->new_file, strerror(number));
	}
	free(state->text);
	state->text = NULL;
}

static void tell_failure(struct redis_stream_state *state)
{
	bool is_failing = state->failure.text[0] != '\0';

	if (is_failing && !state->is_failing) {
		log_error(state->log, "redis.state_failed", "%s", state->failure.text);
	} else if (!is_failing && state->is_failing) {
		log_info(state->log, "redis.state_written", "%s: is written again", state->file);
	}
	state->is_failing = is_failing;
}

static void write_now(struct redis_stream_state *state)
{
	state->text = make_text(state);
	state->is_touched = false;
	write_file(state);
	tell_failure(state);
}

static void on_work(uv_work_t *work)
{
	write_file(work->data);
}

static void on_timer(uv_timer_t *timer);

static void on_worked(uv_work_t *work, int status)
{
	struct redis_stream_state *state = work->data;

	(void)status; /* it is never cancelled */
	state->is_writing = false;
	tell_failure(state);
	state->is_touched = state->is_touched || state->is_failing;
	if (state->is_touched && state->is_stopping) {
		write_now(state);
	} else if (state->is_touched) {
		(void)uv_timer_start(&state->timer, on_timer, WRITE_MS, 0);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct redis_stream_state *state = timer->data;

	state->is_writing = true;
	state->is_touched = false;
	state->text = make_text(state);
	state->work.data = state;
	require(uv_queue_work(state->loop, &state->work, on_work, on_worked) == 0);
}

void redis_stream_state_touch(struct redis_stream_state *state)
{
	if (!state->is_touched && !state->is_writing) {
		(void)uv_timer_start(&state->timer, on_timer, WRITE_MS, 0);
	}
	state->is_touched = true;
}

/* --- life --------------------------------------------------------------- */

struct redis_stream_state *redis_stream_state_create(const char *file,
                                                     const struct conf_strings *names,
                                                     struct redis_stream_position *positions,
                                                     struct error *error)
{
	struct redis_stream_state *state = mem_new(struct redis_stream_state);
	struct buffer new_file = {0};

	buffer_printf(&new_file, "%s" FILE_SUFFIX, file);
	state->file = file;
	state->new_file = buffer_take(&new_file, NULL);
	state->names = names;
	state->positions = positions;
	if (read_file(file, names, positions, error)) {
		/* That it cannot be written had better show now. */
		state->text = make_text(state);
		write_file(state);
		if (state->failure.text[0] == '\0') {
			return state;
		}
		error_set(error, "%s", state->failure.text);
	}
	redis_stream_state_destroy(state);
	return NULL;
}

void redis_stream_state_start(struct redis_stream_state *state, uv_loop_t *loop,
                              const struct log_scope *log)
{
	state->loop = loop;
	state->log = log;
	require(uv_timer_init(loop, &state->timer) == 0);
	state->timer.data = state;
}

void redis_stream_state_stop(struct redis_stream_state *state)
{
	state->is_stopping = true;
	uv_close((uv_handle_t *)&state->timer, NULL);
	if (state->is_touched && !state->is_writing) {
		write_now(state);
	}
}

void redis_stream_state_destroy(struct redis_stream_state *state)
{
	if (state != NULL) {
		free(state->new_file);
		free(state);
	}
}
