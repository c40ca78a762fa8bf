/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_PULSE_H
#define SERVER_PULSE_H

#include <stdint.h>
#include <uv.h>

#include "server/histogram.h"

/*
 * A loop's pulse: a timer that says when the loop turned last, and measures how late it was.
 * A loop that is stuck, or busy for long, is seen by the others in `beat_ms`.
 *
 *   loop ── every PULSE_MS ──> beat_ms, lag ── any thread ──> /healthz, /metrics
 *
 * It does not keep its loop alive.  Loop and system count milliseconds, so a lag of one or two
 * is none.
 *
 * Threads: the loop's; what it writes to, any.
 */
#define PULSE_MS 100

struct pulse {
	uv_timer_t timer;
	uint64_t due_ns;
	metric *beat_ms;       /* on the clock of clock.now_ms */
	struct histogram *lag; /* of histogram_durations */
	void (*on_beat)(void *owner);
	void *owner;
};

/*
 * Begin.  Set `beat_ms` and `lag` before, both lent, and `on_beat` with its owner, which may be
 * NULL: it is called at every beat.
 */
void pulse_start(struct pulse *pulse, uv_loop_t *loop);

/* End; the memory is in use until the loop has closed the handle. */
void pulse_stop(struct pulse *pulse);

#endif
