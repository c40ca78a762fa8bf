/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_STATE_SAVER_H
#define INGEST_STATE_SAVER_H

#include <uv.h>

#include "server/base/log.h"
#include "server/feed/change.h"

/*
 * Keeps a state file up to date: STATE_SAVER_DELAY_MS after a position has changed, so
 * once a second at the most, and a last time at the stop.  Files are written by a
 * thread of libuv's pool: the loop never waits for the disk.
 *
 * A file that cannot be written is told once, tried again at the same pace, and told to be
 * well again.
 *
 * Threads: the loop's.
 */
#define STATE_SAVER_DELAY_MS 1000

struct state_saver;

/*
 * Gives a saver of `file` for `url`, in which `id`, copied, is saved already.  Lends it the
 * rest until it is destroyed.
 */
struct state_saver *state_saver_create(uv_loop_t *loop, const struct log_scope *log,
                                       const char *file, const char *url, struct text id);

/* The position is `id` now, copied; one that is the same costs nothing. */
void state_saver_set(struct state_saver *saver, struct text id);

/* Save what is not saved yet and close the handles.  Returns at once. */
void state_saver_stop(struct state_saver *saver);

/* Free it, once the loop has ended after state_saver_stop().  NULL does nothing. */
void state_saver_destroy(struct state_saver *saver);

#endif
