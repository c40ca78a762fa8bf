/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_reply.h"

#include <string.h>

bool redis_stream_reply_is_array(const struct redisReply *reply, size_t elements)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements >= elements;
}

static bool is_text(const struct redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && (size_t)reply->len == strlen(text) &&
	       memcmp(reply->str, text, strlen(text)) == 0;
}

static bool read_id(const struct redisReply *reply, struct redis_stream_id *id)
{
	return reply->type == REDIS_REPLY_STRING &&
	       redis_stream_id_parse(reply->str, (size_t)reply->len, id);
}

static bool read_count(const struct redisReply *reply, uint64_t *count)
{
	if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0) {
		return false;
	}
	*count = (uint64_t)reply->integer;
	return true;
}

/* One pair of XINFO's answer; those of later versions, which we do not know, are passed over. */
static bool read_pair(const struct redisReply *key, const struct redisReply *value,
                      struct redis_stream_info *info)
{
	if (is_text(key, "length")) {
		return read_count(value, &info->length);
	}
	if (is_text(key, "entries-added")) {
		info->has_added = true;
		return read_count(value, &info->added);
	}
	if (is_text(key, "last-generated-id")) {
		info->exists = true;
		return read_id(value, &info->last);
	}
	if (is_text(key, "first-entry") && value->type != REDIS_REPLY_NIL) {
		info->has_first = true;
		return redis_stream_reply_is_array(value, 1) &&
		       read_id(value->element[0], &info->first);
	}
	return true;
}

bool redis_stream_reply_info(const struct redisReply *reply, struct redis_stream_info *info)
{
	*info = (struct redis_stream_info){0};
	if (reply->type == REDIS_REPLY_ERROR) {
		return strstr(reply->str, "no such key") != NULL;
	}
	if (!redis_stream_reply_is_array(reply, 0)) {
		return false;
	}
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		if (!read_pair(reply->element[i], reply->element[i + 1], info)) {
			return false;
		}
	}
	return info->exists;
}

bool redis_stream_reply_entry(const struct redisReply *reply, const char *field,
                              struct redis_stream_entry *entry)
{
	const struct redisReply *fields;

	*entry = (struct redis_stream_entry){0};
	if (!redis_stream_reply_is_array(reply, 2) || !read_id(reply->element[0], &entry->id)) {
		return false;
	}
	fields = reply->element[1];
	for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2) {
		const struct redisReply *value = fields->element[i + 1];

		if (is_text(fields->element[i], field) && value->type == REDIS_REPLY_STRING) {
			entry->json = (struct text){value->str, (size_t)value->len};
			break;
		}
	}
	return true;
}

bool redis_stream_reply_find(const struct redisReply *reply, const char *name,
                             const struct redisReply **entries)
{
	*entries = NULL;
	if (!redis_stream_reply_is_array(reply, 0)) {
		return false;
	}
	for (size_t i = 0; i < reply->elements; i++) {
		const struct redisReply *stream = reply->element[i];

		if (!redis_stream_reply_is_array(stream, 2) ||
		    !redis_stream_reply_is_array(stream->element[1], 0)) {
			return false;
		}
		if (is_text(stream->element[0], name)) {
			*entries = stream->element[1];
		}
	}
	return true;
}
