/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hashed wheel (Varghese and Lauck, scheme 6): a deadline stays in the slot of
 * its tick and is passed over until its turn of the wheel has come.
 */
#include "server/base/deadlines.h"

#include <utlist.h>

#include "server/base/memory.h"

#define SLOT_CALLING DEADLINE_SLOTS

void deadlines_init(struct deadlines *deadlines, const struct clock *clock)
{
	*deadlines = (struct deadlines){
	    .clock = clock,
	    .tick = clock->now_ms / DEADLINE_TICK_MS,
	};
}

static void put(struct deadlines *deadlines, struct deadline *deadline, size_t slot)
{
	DL_APPEND(deadlines->slots[slot], deadline);
	deadline->slot = (int)slot + 1;
}

static void take_out(struct deadlines *deadlines, struct deadline *deadline)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an armed one is in its list */
	DL_DELETE(deadlines->slots[deadline->slot - 1], deadline);
	deadline->slot = 0;
}

/* The slot of the tick that begins after `due_ms`: still to come, as due_ms is not past. */
static size_t slot_of(uint64_t due_ms)
{
	return (size_t)((due_ms / DEADLINE_TICK_MS + 1) % DEADLINE_SLOTS);
}

void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, uint64_t delay_ms)
{
	require(deadline->on_due != NULL);
	deadline_disarm(deadlines, deadline);
	deadline->due_ms = deadlines->clock->now_ms + delay_ms;
	put(deadlines, deadline, slot_of(deadline->due_ms));
	deadlines->armed++;
}

void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline)
{
	if (deadline->slot != 0) {
		take_out(deadlines, deadline);
		deadlines->armed--;
	}
}

bool deadline_is_armed(const struct deadline *deadline)
{
	return deadline->slot != 0;
}

/*
 * The slot's list is moved aside first: on_due() may arm into this very slot, and
 * may disarm any deadline, the next one of this list too.
 */
static void call_slot(struct deadlines *deadlines, size_t slot)
{
	struct deadline *deadline;

	while ((deadline = deadlines->slots[slot]) != NULL) {
		take_out(deadlines, deadline);
		put(deadlines, deadline, SLOT_CALLING);
	}
	while ((deadline = deadlines->slots[SLOT_CALLING]) != NULL) {
		take_out(deadlines, deadline);
		if (deadline->due_ms < deadlines->tick * DEADLINE_TICK_MS) {
			deadlines->armed--;
			deadline->on_due(deadline);
		} else {
			put(deadlines, deadline, slot_of(deadline->due_ms));
		}
	}
}

void deadlines_advance(struct deadlines *deadlines)
{
	uint64_t target = deadlines->clock->now_ms / DEADLINE_TICK_MS;
	uint64_t turn_start = target > DEADLINE_SLOTS ? target - DEADLINE_SLOTS : 0;

	/* After a long halt one turn of the wheel visits every slot. */
	if (deadlines->tick < turn_start) {
		deadlines->tick = turn_start;
	}
	while (deadlines->tick < target) {
		deadlines->tick++;
		call_slot(deadlines, (size_t)(deadlines->tick % DEADLINE_SLOTS));
	}
}
