/* SPDX-License-Identifier: Apache-2.0 */
#include "server/pulse.h"

#include <stddef.h>

#include "server/base/memory.h"

#define NS_PER_MS 1000000U
#define NS_PER_US 1000U

static void beat(struct pulse *pulse, uint64_t now_ns)
{
	metric_set(pulse->beat_ms, now_ns / NS_PER_MS);
	pulse->due_ns = now_ns + (uint64_t)PULSE_MS * NS_PER_MS;
}

static void on_timer(uv_timer_t *timer)
{
	struct pulse *pulse = timer->data;
	uint64_t now_ns = uv_hrtime();
	uint64_t late_ns = now_ns > pulse->due_ns ? now_ns - pulse->due_ns : 0;

	histogram_add(pulse->lag, &histogram_durations, late_ns / NS_PER_US);
	beat(pulse, now_ns);
	if (pulse->on_beat != NULL) {
		pulse->on_beat(pulse->owner);
	}
}

void pulse_start(struct pulse *pulse, uv_loop_t *loop)
{
	require(pulse->beat_ms != NULL && pulse->lag != NULL);
	require(uv_timer_init(loop, &pulse->timer) == 0);
	pulse->timer.data = pulse;
	beat(pulse, uv_hrtime());
	require(uv_timer_start(&pulse->timer, on_timer, PULSE_MS, PULSE_MS) == 0);
	uv_unref((uv_handle_t *)&pulse->timer);
}

void pulse_stop(struct pulse *pulse)
{
	uv_close((uv_handle_t *)&pulse->timer, NULL);
}
