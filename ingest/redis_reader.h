/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_READER_H
#define INGEST_REDIS_READER_H

#include <hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/base/error.h"

/*
 * Codec: bytes of a Redis server into replies, hiredis' reader with the limits that it lacks.
 *
 *   redis_reader_feed() ── bytes ──> hiredis ── redis_reader_next() ──> struct redisReply
 *
 * A server is taken for broken as soon as it announces a string of more than `bulk_max` bytes,
 * before the string comes; so it is with a reply of more elements, deeper nesting or more
 * bytes than below.  What one reply can hold in memory is bounded by that.
 *
 * Threads: the caller's.
 */
#define REDIS_READER_ELEMENTS_MAX 65536       /* of all arrays of a reply together */
#define REDIS_READER_DEPTH_MAX    7           /* hiredis' own; its later versions have none */
#define REDIS_READER_LINE_MAX     (64 * 1024) /* of a status, an error, a number */
#define REDIS_READER_BULKS_MAX    8           /* a reply's bytes, in largest strings */

struct redis_reader;

/* Gives a reader, to be ended with redis_reader_destroy(). */
struct redis_reader *redis_reader_create(size_t bulk_max);

/* Free it with what was not taken.  NULL does nothing. */
void redis_reader_destroy(struct redis_reader *reader);

/* Add what arrived. */
void redis_reader_feed(struct redis_reader *reader, const char *bytes, size_t length);

/*
 * Gives the next whole reply, to be ended with freeReplyObject(), or sets `reply` to NULL: more
 * bytes are wanted.  False with `error` set when the server broke the protocol or a limit; the
 * reader is good for nothing then.
 */
bool redis_reader_next(struct redis_reader *reader, struct redisReply **reply, struct error *error);

#endif
