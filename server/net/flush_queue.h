/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_FLUSH_QUEUE_H
#define SERVER_NET_FLUSH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which connections are to be written to, and when: what is for one client goes out in this
 * turn, changes may wait for more of them, so that one write takes several.
 *
 *   flush_queue_add() ──> urgent ── flush_queue_next_urgent() ───────────────> a write
 *   flush_queue_add_change() ──> waiting ── gate ──> due ── flush_queue_next() ──┘
 *
 * Without a delay the gate stands open.  With one it shuts when a round of writes begins and
 * opens `delay_ns` later: the first change after a silence goes out at once, and no client is
 * written changes more often than that.  When it is adaptive it opens FLUSH_QUEUE_REST times the
 * round's length after the round, if that is sooner: writing then takes a tenth of the worker's
 * time while it can, and while that is little, little is waited for.
 *
 * A round is over when all that was due at its beginning has been taken.
 *
 * Threads: the worker's.
 */
#define FLUSH_QUEUE_REST 9

struct connection;

/* Where a connection is; its `queued`. */
enum flush_place {
	FLUSH_NOWHERE,
	FLUSH_URGENT,
	FLUSH_CHANGES, /* waiting or due: its `gathering` tells */
};

struct flush_queue {
	uint64_t delay_ns; /* set by the owner; 0: changes do not wait */
	bool is_adaptive;  /* the same */
	uint64_t rounds;   /* that are over; read only */

	/* flush_queue.c only: */
	struct connection *urgent;
	struct connection *due;
	size_t due_count;
	struct connection *waiting;
	size_t waiting_count;
	uint64_t gathering; /* connection.gathering of those that wait */
	size_t round_left;  /* of the round's connections; 0: none is under way */
	bool is_timed;      /* the gate is shut until the round is over, and some time more */
	uint64_t began_ns;  /* when it began */
	uint64_t open_ns;   /* when the gate opens */
};

/* Be flushed in this turn, changes that wait and all; asking twice is harmless. */
void flush_queue_add(struct flush_queue *queue, struct connection *connection);

/* Be flushed when the gate is open; one that is in the queue stays where it is. */
void flush_queue_add_change(struct flush_queue *queue, struct connection *connection);

/* Leave the queue; one that is not in it is left alone. */
void flush_queue_remove(struct flush_queue *queue, struct connection *connection);

/* Gives the next one that is urgent, which has left the queue; NULL when there is none. */
struct connection *flush_queue_next_urgent(struct flush_queue *queue);

/* Gives the next one whose changes are due, which has left the queue; NULL when there is none. */
struct connection *flush_queue_next(struct flush_queue *queue, uint64_t now_ns);

/*
 * In how many milliseconds, rounded up, there is something to flush; 0: now, UINT64_MAX: when
 * something is added.
 */
uint64_t flush_queue_wait_ms(const struct flush_queue *queue, uint64_t now_ns);

/* Whether no changes wait and none are due. */
bool flush_queue_has_written(const struct flush_queue *queue);

/* Open the gate: enough waits already. */
void flush_queue_open(struct flush_queue *queue);

#endif
