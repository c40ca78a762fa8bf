/* SPDX-License-Identifier: Apache-2.0 */
#include "server/watchdog.h"

#include <stdbool.h>
#include <stdlib.h>

#include "server/base/log.h"
#include "server/base/memory.h"

/* sd_watchdog_enabled(3): half of the time; a third leaves a beat or two in between. */
#define ROUNDS_IN_TIME 3

struct watchdog {
	uv_timer_t timer;
	const struct notify *notify;
	const struct status *status;
	uint64_t *beats_ms; /* of each worker, when last looked at */
	bool *is_told;      /* that it hangs */
	bool has_left;
};

static const struct log_scope watchdog_log = {.name = "server"};

/* Whether the worker's loop has turned since the last time. */
static bool has_turned(struct watchdog *watchdog, size_t worker)
{
	uint64_t beat_ms = metric_read(&watchdog->status->workers[worker].beat_ms);
	bool has = beat_ms != watchdog->beats_ms[worker];

	watchdog->beats_ms[worker] = beat_ms;
	if (!has && !watchdog->is_told[worker]) {
		log_error(&watchdog_log, "server.hangs",
		          "the loop of worker %zu does not turn: no watchdog is fed", worker + 1);
	}
	watchdog->is_told[worker] = !has;
	return has;
}

static void on_timer(uv_timer_t *timer)
{
	struct watchdog *watchdog = timer->data;
	bool all = true;

	for (size_t i = 0; i < watchdog->status->worker_count && !watchdog->has_left; i++) {
		all = has_turned(watchdog, i) && all;
	}
	if (all) {
		notify_tell(watchdog->notify, "WATCHDOG=1");
	}
}

struct watchdog *watchdog_create(uv_loop_t *loop, const struct notify *notify,
                                 const struct status *status)
{
	struct watchdog *watchdog = mem_new(struct watchdog);
	uint64_t period_ms = notify->watchdog_ms / ROUNDS_IN_TIME + 1;

	watchdog->notify = notify;
	watchdog->status = status;
	watchdog->beats_ms = mem_zeroed(status->worker_count * sizeof(watchdog->beats_ms[0]));
	watchdog->is_told = mem_zeroed(status->worker_count * sizeof(watchdog->is_told[0]));
	require(uv_timer_init(loop, &watchdog->timer) == 0);
	watchdog->timer.data = watchdog;
	if (notify->watchdog_ms > 0) {
		require(uv_timer_start(&watchdog->timer, on_timer, period_ms, period_ms) == 0);
	}
	/* To watch alone does not keep the loop alive. */
	uv_unref((uv_handle_t *)&watchdog->timer);
	return watchdog;
}

void watchdog_leave_workers(struct watchdog *watchdog)
{
	watchdog->has_left = true;
}

static void on_closed(uv_handle_t *handle)
{
	struct watchdog *watchdog = handle->data;

	free(watchdog->beats_ms);
	free(watchdog->is_told);
	free(watchdog);
}

void watchdog_close(struct watchdog *watchdog)
{
	uv_close((uv_handle_t *)&watchdog->timer, on_closed);
}
