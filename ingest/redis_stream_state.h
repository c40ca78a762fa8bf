/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_STATE_H
#define INGEST_REDIS_STREAM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "conf/conf.h"
#include "ingest/redis_stream_position.h"
#include "server/base/error.h"
#include "server/base/log.h"

/*
 * The file that keeps how far the streams were read:
 *
 *   {"rc.enwiki": {"id": "1700000000000-0", "entries": 1234}}
 *
 * It is written as a new file beside it, synchronised with the disk (fsync) and renamed over
 * the old one, so that whatever happens there is a whole one, the old or the new.  That is done
 * in libuv's threads, at most once a second while something changes, and once more at the end.
 * After a crash or a power failure up to a second's changes are read again; none is skipped.
 *
 * Threads: the loop's; the writing is one at a time.
 */
#define REDIS_STREAM_STATE_BYTES_MAX (1024 * 1024)

struct redis_stream_state;

/*
 * Reads `file` into the positions of the streams `names`; one that the file does not have stays
 * as it is.  A file that does not exist is an empty one.  Gives the state, to be ended with
 * redis_stream_state_destroy(); NULL with `error` set when the file cannot be read, is none of
 * ours or cannot be written.  Lends everything for its life.
 */
struct redis_stream_state *redis_stream_state_create(const char *file,
                                                     const struct conf_strings *names,
                                                     struct redis_stream_position *positions,
                                                     struct error *error);

/*
 * Begin to write what changes, until redis_stream_state_stop().  Failures are logged with the
 * scope, which is lent: the first of a row as an error.
 */
void redis_stream_state_start(struct redis_stream_state *state, uv_loop_t *loop,
                              const struct log_scope *log);

/* Note that a position has changed: it will be in the file within about a second. */
void redis_stream_state_touch(struct redis_stream_state *state);

/* Write what is not in the file yet, and close the handles. */
void redis_stream_state_stop(struct redis_stream_state *state);

/* Free it, once the loop has let go of it.  NULL does nothing. */
void redis_stream_state_destroy(struct redis_stream_state *state);

#endif
