/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_EFFORT_H
#define PROTOCOLS_IRC_IRC_EFFORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the commands of all clients of a worker may cost in one turn of its loop, for
 * those that cost more than their reply shows: a mask is held against every channel, at
 * once or with its next change.  A command that finds the turn's effort spent goes on in a later
 * turn, and changes are not kept waiting.
 *
 * Threads: the worker's.
 */
#define IRC_EFFORT_TURN 10000 /* names held against a mask: 1 ms, 20 at worst */

/* All zero is the beginning. */
struct irc_effort {
	uint64_t turn;
	size_t spent; /* in that turn */
};

/*
 * Ask to spend `cost` in this turn.  False when the turn's is spent already; else it
 * is granted, be it more than is left: each turn does something.
 */
bool irc_effort_take(struct irc_effort *effort, uint64_t turn, size_t cost);

#endif
