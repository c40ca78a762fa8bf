/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_ID_H
#define INGEST_REDIS_STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Codec: the id of an entry of a Redis stream, "1700000000000-0".  Ids of one stream only
 * grow; 0-0 is before all of them.
 *
 * Threads: any; no state.
 */
#define REDIS_STREAM_ID_TEXT_MAX 42 /* twice 20 digits, the dash and a NUL */

struct redis_stream_id {
	uint64_t ms; /* Unix time, when the server made the id */
	uint64_t sequence;
};

/* Reads "ms-sequence", or "ms" for "ms-0".  False, and nothing set, when it is not an id. */
bool redis_stream_id_parse(const char *text, size_t length, struct redis_stream_id *id);

/* Writes the id to `text`, and lends it back. */
const char *redis_stream_id_text(struct redis_stream_id id, char text[REDIS_STREAM_ID_TEXT_MAX]);

/* Less than, equal to or greater than 0, as memcmp() does. */
int redis_stream_id_compare(struct redis_stream_id a, struct redis_stream_id b);

#endif
