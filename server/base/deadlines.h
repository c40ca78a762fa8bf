/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_DEADLINES_H
#define SERVER_BASE_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/clock.h"

/*
 * A timer wheel: ten thousand time-outs of which few ever come due.  Arming and
 * disarming are a few instructions and no allocation; a deadline comes due within
 * DEADLINE_TICK_MS after its time, never before.
 *
 *   arm ──> slot of its tick ── deadlines_advance() every tick ──> on_due()
 *
 * Threads: one wheel a loop.
 */
#define DEADLINE_TICK_MS 128
#define DEADLINE_SLOTS   512 /* a turn of the wheel: 65 s */

/* Embed it; all zero is disarmed.  Set `on_due` before the first arming. */
struct deadline {
	void (*on_due)(struct deadline *deadline); /* already disarmed; may arm or disarm any */
	uint64_t due_ms;
	struct deadline *prev, *next; /* deadlines' own */
	int slot;                     /* deadlines' own: 0 disarmed, else slot + 1 */
};

struct deadlines {
	const struct clock *clock;
	uint64_t tick; /* up to which all that was due has been called */
	size_t armed;
	struct deadline *slots[DEADLINE_SLOTS + 1]; /* the last one: being called now */
};

/* Begin at the clock's present time.  The clock is lent for the wheel's life. */
void deadlines_init(struct deadlines *deadlines, const struct clock *clock);

/* Come due `delay_ms` from now; an armed one is moved. */
void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, uint64_t delay_ms);

/* Do not come due.  A disarmed one is left alone. */
void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline);

/* Whether it is armed. */
bool deadline_is_armed(const struct deadline *deadline);

/* Call all that is due by the clock's present time. */
void deadlines_advance(struct deadlines *deadlines);

#endif
