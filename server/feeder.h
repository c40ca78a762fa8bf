/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEEDER_H
#define SERVER_FEEDER_H

#include <stdbool.h>
#include <uv.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/status.h"
#include "server/worker.h"

/*
 * The feeder: runs the sources on the main thread's loop, gives every change its
 * sequence id and its time, and hands what came in a turn to every worker, in order.
 * When a worker is behind, the sources are paused until it has room: what comes
 * then waits with the kernel or the peer, and what they drop is counted.
 *
 *   source ── publish ──> feeder ── once a turn ──> every worker's mailbox
 *
 * Threads: the main thread's, but for feeder_on_room().
 */
struct feeder;

struct feeder_options {
	const struct conf *conf;
	struct status *status; /* its sources are filled in */
	uv_loop_t *loop;
	struct worker **workers;
	size_t worker_count;
};

/* Gives a feeder with every source of the configuration running; NULL with `error` set. */
struct feeder *feeder_create(const struct feeder_options *options, struct error *error);

/* A worker has room again.  Any thread. */
void feeder_on_room(void *feeder);

/*
 * Stop the sources, hand over what was taken, and close the handles; `on_stopped`
 * (may be NULL) is called when the last change has been handed over.  Returns at once.
 */
void feeder_stop(struct feeder *feeder, void (*on_stopped)(void *owner), void *owner);

/* Free it, once uv_run() has returned after feeder_stop().  NULL does nothing. */
void feeder_destroy(struct feeder *feeder);

#endif
