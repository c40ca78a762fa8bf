/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_CLOCK_H
#define SERVER_BASE_CLOCK_H

#include <stdint.h>

/*
 * The time as a loop sees it: read once a turn, the same for all that happens in
 * that turn.  Tests set the members themselves.
 *
 * Threads: one clock a loop.
 */
struct clock {
	uint64_t now_ms;  /* monotonic; for deadlines and ages */
	uint64_t wall_ms; /* Unix time; for what people and peers read */
};

/* Read both from the system. */
void clock_update(struct clock *clock);

#endif
