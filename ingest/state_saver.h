/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_STATE_SAVER_H
#define INGEST_STATE_SAVER_H

#include <stdbool.h>
#include <uv.h>

#include "server/base/buffer.h"
#include "server/base/log.h"

/*
 * Keeps a state file (state_file.h) up to date: STATE_SAVER_DELAY_MS after something has
 * changed, so once a second at the most, and a last time at the stop.  Files are written
 * by a thread of libuv's pool: the loop never waits for the disk.  After a crash up to a
 * second's changes are not in the file.
 *
 * A file that cannot be written is told once, tried again at the same pace, and told to be
 * well again.
 *
 * Threads: the loop's.
 */
#define STATE_SAVER_DELAY_MS 1000

struct state_saver;

/* Add what the file is to hold now.  Called by the loop, until state_saver_destroy(). */
typedef void state_content_fn(const void *owner, struct buffer *out);

/* Gives a saver of `file`.  Everything is lent for its life. */
struct state_saver *state_saver_create(uv_loop_t *loop, const struct log_scope *log,
                                       const char *file, state_content_fn *content,
                                       const void *owner);

/* The content may have changed.  What is in the file already is not written again. */
void state_saver_touch(struct state_saver *saver);

/* Save what is not saved yet and close the handles.  Returns at once. */
void state_saver_stop(struct state_saver *saver);

/* Whether all is saved and the loop will call back no more, but for handles that close this turn.
 */
bool state_saver_is_done(const struct state_saver *saver);

/* Free it, once it is done after state_saver_stop() and a turn is over.  NULL does nothing. */
void state_saver_destroy(struct state_saver *saver);

#endif
