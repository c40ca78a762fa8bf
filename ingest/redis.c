/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/redis_connection.h"
#include "ingest/redis_overlap.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_json.h"

struct redis {
	const struct source_env *env;
	const struct conf_strings *patterns;
	struct redis_connection *connection;
	size_t confirmed; /* patterns, since the connection is there */
	bool was_up;
	struct redis_overlap overlap;
};

static void on_ready(void *owner)
{
	struct redis *redis = owner;
	const char **words = mem_zeroed((redis->patterns->count + 1) * sizeof(*words));

	redis->confirmed = 0;
	redis_overlap_reset(&redis->overlap);
	words[0] = "PSUBSCRIBE";
	for (size_t i = 0; i < redis->patterns->count; i++) {
		words[i + 1] = redis->patterns->items[i];
	}
	redis_connection_send(redis->connection, words, redis->patterns->count + 1);
	free(words);
}

/* Whether it is an array of `count` that begins with the word and holds strings to its end. */
static bool is_push(const struct redisReply *reply, const char *word, size_t count)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != count ||
	    reply->element[0]->type != REDIS_REPLY_STRING) {
		return false;
	}
	return strcmp(reply->element[0]->str, word) == 0;
}

static struct text text_of(const struct redisReply *reply)
{
	return (struct text){.bytes = reply->str, .length = (size_t)reply->len};
}

/* The number of the pattern; `count` when we did not ask for it. */
static size_t find_pattern(const struct redis *redis, struct text pattern)
{
	size_t i = 0;

	while (i < redis->patterns->count &&
	       (strlen(redis->patterns->items[i]) != pattern.length ||
	        memcmp(redis->patterns->items[i], pattern.bytes, pattern.length) != 0)) {
		i++;
	}
	return i;
}

static void take_payload(const struct redis *redis, struct text json)
{
	const struct source_env *env = redis->env;
	enum drop_reason reason;
	struct change *change = rcfeed_json_read(env->names, json.bytes, json.length, &reason);

	metric_add(&env->stats->received, 1);
	if (change != NULL) {
		env->publish(env, change);
	} else {
		source_drop(env, reason);
	}
}

/* ["pmessage", pattern, channel, payload] */
static void take_push(struct redis *redis, const struct redisReply *reply)
{
	size_t pattern;

	for (size_t i = 1; i < reply->elements; i++) {
		if (reply->element[i]->type != REDIS_REPLY_STRING) {
			redis_connection_fail(redis->connection, "a push that is not of strings");
			return;
		}
	}
	pattern = find_pattern(redis, text_of(reply->element[1]));
	if (pattern == redis->patterns->count) {
		redis_connection_fail(redis->connection, "a push for a pattern not asked for");
	} else if (redis_overlap_is_first(&redis->overlap, pattern, text_of(reply->element[2]),
	                                  text_of(reply->element[3]))) {
		take_payload(redis, text_of(reply->element[3]));
	}
}

/* Redis keeps nothing of what is published: what came in an outage is a gap. */
static void on_subscribed(struct redis *redis)
{
	if (redis->was_up) {
		metric_add(&redis->env->stats->gaps, 1);
	}
	redis->was_up = true;
	redis_connection_set_up(redis->connection);
}

static void on_reply(void *owner, const struct redisReply *reply)
{
	struct redis *redis = owner;

	if (is_push(reply, "pmessage", 4)) {
		take_push(redis, reply);
	} else if (is_push(reply, "psubscribe", 3)) {
		redis->confirmed++;
		if (redis->confirmed == redis->patterns->count) {
			on_subscribed(redis);
		}
	} else if (reply->type == REDIS_REPLY_ERROR) {
		redis_connection_refuse(redis->connection, "PSUBSCRIBE", reply);
	} else {
		redis_connection_fail(redis->connection, "a reply that is no answer to PSUBSCRIBE");
	}
}

static const struct redis_connection_events connection_events = {
    .on_ready = on_ready,
    .on_reply = on_reply,
};

static void pause_receiving(void *source)
{
	redis_connection_pause(((struct redis *)source)->connection);
}

static void resume(void *source)
{
	redis_connection_resume(((struct redis *)source)->connection);
}

static void stop(void *source)
{
	redis_connection_stop(((struct redis *)source)->connection);
}

static void destroy(void *source)
{
	struct redis *redis = source;

	if (redis != NULL) {
		redis_connection_destroy(redis->connection);
		redis_overlap_finish(&redis->overlap);
		free(redis);
	}
}

static void *start(const struct source_env *env, const struct conf_ingest *entry,
                   struct error *error)
{
	const struct conf_redis *conf = &entry->as.redis;
	const struct redis_connection_options options = REDIS_CONNECTION_OPTIONS(conf);
	struct redis *redis = mem_new(struct redis);

	redis->env = env;
	redis->patterns = &conf->pattern;
	redis->connection =
	    redis_connection_create(env, &options, &connection_events, redis, error);
	if (redis->connection == NULL) {
		destroy(redis);
		return NULL;
	}
	return redis;
}

const struct source_type redis_source = {
    .type = "redis",
    .start = start,
    .pause = pause_receiving,
    .resume = resume,
    .stop = stop,
    .destroy = destroy,
};
