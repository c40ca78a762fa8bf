/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEEDER_H
#define SERVER_FEEDER_H

#include <stdbool.h>
#include <uv.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/source_set.h"
#include "server/status.h"
#include "server/worker.h"

/*
 * The feeder: runs the sources on the main thread's loop, gives every change its
 * sequence id and its time, and hands what came in a turn to every worker, in order.
 * What another source has brought already is not published again (duplicates.h); with a
 * `join_window` a change may wait for its other form (joiner.h).
 * When a worker is behind, the sources are paused until it has room: what comes
 * then waits with the kernel or the peer, and what they drop is counted.
 *
 *   source ── publish ──> duplicates ── joiner ── once a turn ──> every worker's mailbox
 *
 * Threads: the main thread's.
 */
struct feeder;

struct feeder_options {
	const struct conf *conf;   /* lent until feeder_create() returns */
	struct status *status;     /* its sources are filled in */
	struct held_sockets *held; /* for the sources */
	uv_loop_t *loop;
	struct worker **workers;
	size_t worker_count;
};

/*
 * Gives a feeder whose sources do not run yet.  A turn of its loop is all it needs to
 * find that a worker has room again.
 */
struct feeder *feeder_create(const struct feeder_options *options);

/*
 * Start every source of the configuration (shared); the workers are there.  False with `error`
 * set: those that were started run until feeder_stop().
 */
bool feeder_start(struct feeder *feeder, const struct conf *conf, struct error *error);

/*
 * Take the sources and the names of channels from another configuration (shared), as
 * source_set_change() does.
 */
bool feeder_change(struct feeder *feeder, const struct conf *conf,
                   source_set_changed_fn *on_changed, void *owner, struct error *error);

/*
 * Stop the sources, hand over what was taken, and close the handles; `on_stopped` is
 * called when the last change has been handed over.  Once; returns at once.
 */
void feeder_stop(struct feeder *feeder, void (*on_stopped)(void *owner), void *owner);

/* Free it, once uv_run() has returned after feeder_stop().  NULL does nothing. */
void feeder_destroy(struct feeder *feeder);

#endif
