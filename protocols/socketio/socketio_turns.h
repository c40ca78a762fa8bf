/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_TURNS_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/net/net.h"

/*
 * Whose packets are taken when.  All sessions of a worker share so many bytes of packets for each
 * turn of its loop; what comes beyond waits in line for a later one, and changes and other
 * clients do not wait for it.
 *
 *   packet ── socketio_turns_take() ──> session
 *                 └── no: socketio_turns_wait() ── on_turn() ──> session
 *
 * A waiter takes one packet when it is called, and goes to the end of the line with its next: a
 * client with one packet waits for one of each that came before it, not for all they have.
 *
 * Threads: the worker's.
 */

/* Some 1 ms: reading the JSON of a packet, and what it asks for, takes some 60 ns a byte. */
#define SOCKETIO_TURNS_BYTES ((size_t)16 * 1024)

/* What a packet counts besides its bytes: those of the answer it may have. */
#define SOCKETIO_TURNS_PACKET 64

/* Who has a packet that waits.  Embed it; all zero waits for nothing.  Set `on_turn` first. */
struct socketio_waiter {
	void (*on_turn)(struct socketio_waiter *waiter); /* not in line; take the packet */
	size_t bytes;                                    /* of the packet; not 0 while in line */
	struct socketio_waiter *prev, *next;             /* socketio_turns.line */
};

struct socketio_turns {
	struct net *net;
	struct metrics *metrics;
	struct socketio_waiter *line;
	size_t waiting; /* how many are in it */
	uint64_t turn;  /* of the last packet that was taken */
	size_t spent;   /* in that turn */
	struct net_task task;
};

/* Begin with nobody in line.  Lent: net and metrics. */
void socketio_turns_init(struct socketio_turns *turns, struct net *net, struct metrics *metrics);

/* End; everyone has left the line. */
void socketio_turns_finish(struct socketio_turns *turns);

/*
 * Ask to take a packet of so many bytes now.  False when the turn's are spent already or others
 * are in line; else it is granted, be it more than is left: each turn does something.
 */
bool socketio_turns_take(struct socketio_turns *turns, size_t bytes);

/*
 * Get in line with a packet of so many bytes, at least one.  Not for one that is in line: see
 * socketio_turns_is_waiting().  Who frees the waiter has it leave first.
 */
void socketio_turns_wait(struct socketio_turns *turns, struct socketio_waiter *waiter,
                         size_t bytes);

/* Whether it is in line. */
bool socketio_turns_is_waiting(const struct socketio_waiter *waiter);

/* Leave the line; one that is not in it is left alone. */
void socketio_turns_leave(struct socketio_turns *turns, struct socketio_waiter *waiter);

#endif
