/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_STATE_H
#define INGEST_REDIS_STREAM_STATE_H

#include <stdbool.h>

#include "conf/conf.h"
#include "ingest/redis_stream_position.h"
#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: what `redis-stream` keeps in its state file, how far each stream was read:
 *
 *   {"rc.enwiki": {"id": "1700000000000-0", "entries": 1234}}
 *
 * Threads: any; no state.
 */

/* Add the content of the file; a stream whose position is not known has no part in it. */
void redis_stream_state_make(struct buffer *out, const struct conf_strings *names,
                             const struct redis_stream_position *positions);

/*
 * Set the positions of the streams `names`; one that the file does not have stays as it is.
 * False when `content` is no such object.
 */
bool redis_stream_state_parse(struct text content, const struct conf_strings *names,
                              struct redis_stream_position *positions);

#endif
