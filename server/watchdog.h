/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

#include <uv.h>

#include "server/notify.h"
#include "server/status.h"

/*
 * Feeds the service manager's watchdog for as long as every loop turns: the main one by
 * running this, each worker's by its beats.  A loop that hangs is told of in the log, and
 * ends in a restart when its time is over.
 *
 *   worker ── beats ──> status <── watchdog, twice in the time ── WATCHDOG=1 ──> service manager
 *
 * Threads: the main thread's.
 */
struct watchdog;

/* Gives a watchdog that runs; one without a service manager that waits for it does nothing. */
struct watchdog *watchdog_create(uv_loop_t *loop, const struct notify *notify,
                                 const struct status *status);

/* The workers are ending, and stand still one by one: only this loop is watched from now on. */
void watchdog_leave_workers(struct watchdog *watchdog);

/* Close its handle; it is freed by the loop. */
void watchdog_close(struct watchdog *watchdog);

#endif
