/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hiredis makes room for an array as its size is told, and waits for a string of any size.
 * So the making of arrays is taken over from it, to count first; and when it wants more bytes,
 * what it waits for is looked up in its own buffer.
 */
#include "ingest/redis_reader.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

/* What hiredis 1.0 changed. */
#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#define PRESENT_TASK(reader) ((reader)->task[(reader)->ridx])
#else
typedef int array_size;
#define PRESENT_TASK(reader) (&(reader)->rstack[(reader)->ridx])
#endif

struct redis_reader {
	redisReader *hiredis;
	redisReplyObjectFunctions functions; /* hiredis' own, but for the one of arrays */
	void *(*make_array)(const redisReadTask *task, array_size elements);
	size_t bulk_max;
	size_t bytes;    /* of the present reply, and of what came behind it */
	size_t elements; /* of the present reply, as announced */
	struct error broken;
};

static void *make_array(const redisReadTask *task, array_size elements)
{
	struct redis_reader *reader = task->privdata;
	unsigned depth = 1;

	for (const redisReadTask *above = task->parent; above != NULL; above = above->parent) {
		depth++;
	}
	if (depth > REDIS_READER_DEPTH_MAX) {
		error_set(&reader->broken, "a reply is nested deeper than %d",
		          REDIS_READER_DEPTH_MAX);
		return NULL;
	}
	if ((size_t)elements > REDIS_READER_ELEMENTS_MAX - reader->elements) {
		error_set(&reader->broken, "a reply announces more than %d elements",
		          REDIS_READER_ELEMENTS_MAX);
		return NULL;
	}
	reader->elements += (size_t)elements;
	return reader->make_array(task, elements);
}

struct redis_reader *redis_reader_create(size_t bulk_max)
{
	struct redis_reader *reader = mem_new(struct redis_reader);

	reader->hiredis = redisReaderCreate();
	require(reader->hiredis != NULL);
	reader->functions = *reader->hiredis->fn;
	reader->make_array = reader->functions.createArray;
	reader->functions.createArray = make_array;
	reader->hiredis->fn = &reader->functions;
	reader->hiredis->privdata = reader;
	reader->bulk_max = bulk_max;
	return reader;
}

void redis_reader_destroy(struct redis_reader *reader)
{
	if (reader != NULL) {
		redisReaderFree(reader->hiredis);
		free(reader);
	}
}

void redis_reader_feed(struct redis_reader *reader, const char *bytes, size_t length)
{
	reader->bytes += length;
	/* That it fails again shows in what redisReaderGetReply() returns. */
	(void)redisReaderFeed(reader->hiredis, bytes, length);
}

/* Sets `length` to the number at the front of what hiredis has not taken; false: no line yet. */
static bool read_announced(const char *bytes, size_t size, unsigned long long *length)
{
	char digits[24] = "";

	if (memchr(bytes, '\n', size) == NULL) {
		return false;
	}
	memcpy(digits, bytes, size < sizeof(digits) - 1 ? size : sizeof(digits) - 1);
	*length = digits[0] == '-' ? 0 : strtoull(digits, NULL, 10);
	return true;
}

/* Whether what hiredis waits for will fit. */
static bool may_wait(struct redis_reader *reader)
{
	const redisReader *hiredis = reader->hiredis;
	const char *bytes = hiredis->buf + hiredis->pos;
	size_t size = hiredis->len - hiredis->pos;
	bool is_string = hiredis->ridx >= 0 && PRESENT_TASK(hiredis)->type == REDIS_REPLY_STRING;
	unsigned long long length = 0;

	if (is_string && read_announced(bytes, size, &length)) {
		if (length > reader->bulk_max) {
			error_set(&reader->broken,
			          "a string of %llu bytes is announced (want at most %zu)", length,
			          reader->bulk_max);
			return false;
		}
	} else if (size > REDIS_READER_LINE_MAX) {
		error_set(&reader->broken, "a line is longer than %d bytes", REDIS_READER_LINE_MAX);
		return false;
	}
	if (reader->bytes / REDIS_READER_BULKS_MAX > reader->bulk_max) {
		error_set(&reader->broken, "a reply is longer than %zu bytes",
		          reader->bulk_max * REDIS_READER_BULKS_MAX);
		return false;
	}
	return true;
}

bool redis_reader_next(struct redis_reader *reader, struct redisReply **reply, struct error *error)
{
	void *object = NULL;

	*reply = NULL;
	if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK) {
		if (reader->broken.text[0] == '\0') {
			error_set(&reader->broken, "%s", reader->hiredis->errstr);
		}
	} else if (object != NULL) {
		*reply = object;
		reader->bytes = reader->hiredis->len - reader->hiredis->pos;
		reader->elements = 0;
		return true;
	} else if (may_wait(reader)) {
		return true;
	}
	error_set(error, "%s", reader->broken.text);
	return false;
}
