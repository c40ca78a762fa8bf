/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_REPLY_H
#define INGEST_REDIS_STREAM_REPLY_H

#include <stdbool.h>

#include "ingest/redis_reader.h"
#include "ingest/redis_stream_position.h"
#include "server/feed/change.h"

/*
 * Codec: what a server answers to XINFO STREAM and XREAD.  Nothing in a reply is taken for
 * granted: not its type, not its size.
 *
 * Threads: any; no state.
 */

/* One entry of XREAD's answer. */
struct redis_stream_entry {
	struct redis_stream_id id;
	struct text json; /* the wanted field, lent by the reply; NULL bytes when it has none */
};

/*
 * Reads the answer to XINFO STREAM, or its error for a stream that does not exist.  False when
 * it is neither.
 */
bool redis_stream_reply_info(const struct redisReply *reply, struct redis_stream_info *info);

/* Reads one entry, [id, [field, value, ...]].  False when it is none. */
bool redis_stream_reply_entry(const struct redisReply *reply, const char *field,
                              struct redis_stream_entry *entry);

/*
 * Lends the entries of XREAD's answer for the stream `name`, NULL when it has none.  False
 * when the answer has not the form [[name, entries], ...].
 */
bool redis_stream_reply_find(const struct redisReply *reply, const char *name,
                             const struct redisReply **entries);

/* Whether it is an array of `elements` at least. */
bool redis_stream_reply_is_array(const struct redisReply *reply, size_t elements);

#endif
