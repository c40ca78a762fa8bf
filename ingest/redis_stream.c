/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready ─> XINFO for every stream ─> up ─> XREAD ─> entries ─> XREAD ─> ...
 *
 * One XREAD is under way at any time; it blocks for half of idle_timeout at most, so that a
 * server that has nothing to say is heard of all the same.
 */
#include "ingest/redis_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/redis_connection.h"
#include "ingest/redis_stream_reply.h"
#include "ingest/redis_stream_state.h"
#include "ingest/state_file.h"
#include "ingest/state_saver.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_json.h"

/*
 * Entries of one XREAD and one stream.  When an answer is over the reader's limits, it is asked
 * for in parts half as large, down to one entry, for as long as the process runs: such a stream
 * will have more of the kind.
 */
#define COUNT_MAX 100

#define NUMBER_TEXT_MAX 24

struct redis_stream {
	const struct source_env *env;
	const struct conf_redis_stream *conf;
	const struct conf_strings *names;
	struct redis_connection *connection;
	struct redis_stream_position *positions; /* one for each name */
	struct state_saver *saver;               /* NULL: nothing is kept */
	size_t informed;                         /* streams, since the connection is there */
	unsigned count;                          /* of the next XREAD */
};

/* --- asking ------------------------------------------------------------- */

static void send_read(struct redis_stream *stream)
{
	size_t names = stream->names->count;
	const char **words = mem_zeroed((6 + 2 * names) * sizeof(*words));
	char(*ids)[REDIS_STREAM_ID_TEXT_MAX] = mem_zeroed(names * sizeof(*ids));
	char count[NUMBER_TEXT_MAX];
	char block_ms[NUMBER_TEXT_MAX];

	(void)snprintf(count, sizeof(count), "%u", stream->count);
	(void)snprintf(block_ms, sizeof(block_ms), "%u", stream->conf->idle_timeout * 500);
	memcpy(words, ((const char *[]){"XREAD", "COUNT", count, "BLOCK", block_ms, "STREAMS"}),
	       6 * sizeof(*words));
	for (size_t i = 0; i < names; i++) {
		words[6 + i] = stream->names->items[i];
		words[6 + names + i] = redis_stream_id_text(stream->positions[i].id, ids[i]);
	}
	redis_connection_send(stream->connection, words, 6 + 2 * names);
	free(ids);
	free(words);
}

static void on_ready(void *owner)
{
	struct redis_stream *stream = owner;

	if (redis_connection_was_broken(stream->connection) && stream->count > 1) {
		stream->count /= 2;
	}
	stream->informed = 0;
	for (size_t i = 0; i < stream->names->count; i++) {
		redis_connection_send(stream->connection,
		                      (const char *[]){"XINFO", "STREAM", stream->names->items[i]},
		                      3);
	}
}

/* --- where we are ------------------------------------------------------- */

static void touch(struct redis_stream *stream)
{
	if (stream->saver != NULL) {
		state_saver_touch(stream->saver);
	}
}

static void tell_gap(struct redis_stream *stream, size_t index, const struct redis_stream_gap *gap)
{
	char id[REDIS_STREAM_ID_TEXT_MAX];

	(void)redis_stream_id_text(stream->positions[index].id, id);
	metric_add(&stream->env->stats->gaps, 1);
	if (gap->is_counted) {
		log_warn(&stream->env->log, "redis.gap",
		         "%s: %llu entries behind %s were trimmed before they could be read",
		         stream->names->items[index], (unsigned long long)gap->lost, id);
	} else {
		log_warn(&stream->env->log, "redis.gap",
		         "%s: was trimmed behind %s: entries may be lost",
		         stream->names->items[index], id);
	}
}

static void take_info(struct redis_stream *stream, size_t index,
                      const struct redis_stream_info *info)
{
	struct redis_stream_position *position = &stream->positions[index];
	const char *start = stream->conf->start;
	struct redis_stream_id id;
	bool has_id = redis_stream_id_parse(start, strlen(start), &id);

	if (position->is_known) {
		struct redis_stream_gap gap = redis_stream_position_resume(position, info);

		if (gap.is_gap) {
			tell_gap(stream, index, &gap);
		}
	} else {
		redis_stream_position_begin(position, has_id ? &id : NULL, info);
	}
	touch(stream);
}

static void take_info_reply(struct redis_stream *stream, const struct redisReply *reply)
{
	struct redis_stream_info info;

	if (!redis_stream_reply_info(reply, &info)) {
		if (reply->type == REDIS_REPLY_ERROR) {
			redis_connection_refuse(stream->connection, "XINFO", reply);
		} else {
			redis_connection_fail(stream->connection,
			                      "a reply that is no answer to XINFO STREAM");
		}
		return;
	}
	take_info(stream, stream->informed++, &info);
	if (stream->informed == stream->names->count) {
		redis_connection_set_up(stream->connection);
		send_read(stream);
	}
}

/* --- entries ------------------------------------------------------------ */

static void take_entry(const struct redis_stream *stream, const struct redis_stream_entry *entry)
{
	const struct source_env *env = stream->env;
	enum drop_reason reason = DROP_NO_FIELD;
	struct change *change = NULL;

	metric_add(&env->stats->received, 1);
	if (entry->json.bytes != NULL) {
		change =
		    rcfeed_json_read(env->names, entry->json.bytes, entry->json.length, &reason);
	}
	if (change != NULL) {
		env->publish(env, change);
	} else {
		source_drop(env, reason);
	}
}

/* False when one is not what it should be; those before it are taken. */
static bool take_entries(struct redis_stream *stream, size_t index,
                         const struct redisReply *entries)
{
	for (size_t i = 0; i < entries->elements; i++) {
		struct redis_stream_entry entry;

		if (!redis_stream_reply_entry(entries->element[i], stream->conf->field, &entry) ||
		    !redis_stream_position_advance(&stream->positions[index], entry.id)) {
			return false;
		}
		take_entry(stream, &entry);
	}
	return true;
}

static bool take_streams(struct redis_stream *stream, const struct redisReply *reply)
{
	for (size_t i = 0; i < stream->names->count; i++) {
		const struct redisReply *entries;

		if (!redis_stream_reply_find(reply, stream->names->items[i], &entries) ||
		    (entries != NULL && !take_entries(stream, i, entries))) {
			return false;
		}
	}
	return true;
}

static void take_read_reply(struct redis_stream *stream, const struct redisReply *reply)
{
	bool has_entries = reply->type != REDIS_REPLY_NIL;

	if (reply->type == REDIS_REPLY_ERROR) {
		redis_connection_refuse(stream->connection, "XREAD", reply);
		return;
	}
	if (has_entries) {
		bool is_good = take_streams(stream, reply);

		touch(stream);
		if (!is_good) {
			redis_connection_fail(stream->connection,
			                      "a reply that is no answer to XREAD");
			return;
		}
	}
	send_read(stream);
}

static void on_reply(void *owner, const struct redisReply *reply)
{
	struct redis_stream *stream = owner;

	if (stream->informed < stream->names->count) {
		take_info_reply(stream, reply);
	} else {
		take_read_reply(stream, reply);
	}
}

static const struct redis_connection_events connection_events = {
    .on_ready = on_ready,
    .on_reply = on_reply,
};

/* --- life --------------------------------------------------------------- */

static void pause_reading(void *source)
{
	redis_connection_pause(((struct redis_stream *)source)->connection);
}

static void resume(void *source)
{
	redis_connection_resume(((struct redis_stream *)source)->connection);
}

static void stop(void *source)
{
	struct redis_stream *stream = source;

	redis_connection_stop(stream->connection);
	if (stream->saver != NULL) {
		state_saver_stop(stream->saver);
	}
}

static bool is_done(const void *source_pointer)
{
	const struct redis_stream *stream = source_pointer;

	return stream->saver == NULL || state_saver_is_done(stream->saver);
}

static void destroy(void *source)
{
	struct redis_stream *stream = source;

	if (stream != NULL) {
		redis_connection_destroy(stream->connection);
		state_saver_destroy(stream->saver);
		free(stream->positions);
		free(stream);
	}
}

static void write_state(const void *owner, struct buffer *out)
{
	const struct redis_stream *stream = owner;

	redis_stream_state_make(out, stream->names, stream->positions);
}

/* What was read is written at once, so that what cannot be written shows now. */
static bool read_state(struct redis_stream *stream, struct error *error)
{
	const char *file = stream->conf->state_file;
	struct buffer content = {0};
	struct error fault = {""};
	enum state_file_outcome outcome = state_file_read(file, &content, &fault);

	if (outcome == STATE_FILE_READ &&
	    !redis_stream_state_parse((struct text){content.bytes, content.length}, stream->names,
	                              stream->positions)) {
		error_set(&fault,
		          "%s: is no state of redis-stream (want it repaired, or removed to begin "
		          "anew)",
		          file);
		outcome = STATE_FILE_UNREADABLE;
	}
	if (outcome != STATE_FILE_UNREADABLE) {
		buffer_clear(&content);
		write_state(stream, &content);
		(void)state_file_write(file, (struct text){content.bytes, content.length}, &fault);
	}
	buffer_finish(&content);
	if (fault.text[0] != '\0') {
		error_set(error, "state_file: %s", fault.text);
	}
	return fault.text[0] == '\0';
}

static bool start_parts(struct redis_stream *stream, struct error *error)
{
	const struct conf_redis_stream *conf = stream->conf;
	const struct source_env *env = stream->env;
	const struct redis_connection_options options = REDIS_CONNECTION_OPTIONS(conf);
	bool has_file = conf->state_file[0] != '\0';

	if (has_file && !read_state(stream, error)) {
		return false;
	}
	stream->connection =
	    redis_connection_create(env, &options, &connection_events, stream, error);
	if (stream->connection != NULL && has_file) {
		stream->saver =
		    state_saver_create(env->loop, &env->log, conf->state_file, write_state, stream);
	}
	return stream->connection != NULL;
}

static void *start(const struct source_env *env, const struct conf_ingest *entry,
                   struct error *error)
{
	const struct conf_redis_stream *conf = &entry->as.redis_stream;
	struct redis_stream *stream = mem_new(struct redis_stream);

	stream->env = env;
	stream->conf = conf;
	stream->names = &conf->streams;
	stream->count = COUNT_MAX;
	stream->positions = mem_zeroed(conf->streams.count * sizeof(stream->positions[0]));
	if (!start_parts(stream, error)) {
		destroy(stream);
		return NULL;
	}
	return stream;
}

const struct source_type redis_stream_source = {
    .type = "redis-stream",
    .start = start,
    .pause = pause_reading,
    .resume = resume,
    .stop = stop,
    .is_done = is_done,
    .destroy = destroy,
};
