/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_NET_H
#define SERVER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/base/buffer.h"
#include "server/base/clock.h"
#include "server/base/deadlines.h"
#include "server/metrics.h"
#include "server/net/clients.h"
#include "server/net/flush_queue.h"
#include "server/net/outbox.h"
#include "server/net/refusals.h"
#include "server/net/slices.h"

/*
 * One worker's network: its connections, and what they share.  Its handles do the
 * work that belongs to the turn of the loop instead of to an event:
 *
 *   check    clock read, after the callbacks of what the loop waited for: they see
 *            the time of the turn before, DEADLINE_TICK_MS old at most
 *   timer    deadlines advanced, every DEADLINE_TICK_MS
 *   prepare  tasks called that waited for this turn, held input taken up again,
 *            closings begun, outboxes that got something flushed with one write each,
 *            NET_FLUSHES of them, before the loop waits
 *   idle     only while a task or held input waits, or an outbox is left, for the next
 *            turn: the loop does not wait
 *   gate     armed while changes wait for others (flush_queue.h)
 *
 * Changes that come while thousands are written to are so taken up between two writes, and
 * reach those who are still to come with the same one.
 *
 * Threads: the worker's.
 */
struct address_limits;
struct client_log;
struct connection;

/* What may wait for one client; net->limits. */
struct net_limits {
	size_t outbox_max;
	size_t outbox_soft;
	unsigned outbox_soft_s;
	unsigned write_timeout_s;
};

/* Work for a later turn.  Embed it; all zero waits for none.  Set `on_turn` first. */
struct net_task {
	void (*on_turn)(struct net_task *task); /* no longer waiting; may wait again */
	uint64_t turn;                          /* that it waits for; 0: it does not wait */
	struct net_task *prev, *next;           /* net.tasks */
};

#define NET_READ_BYTES (64 * 1024)  /* one read, into a buffer that all connections share */
#define NET_HELD_MAX   (64 * 1024)  /* input one connection holds before reading stops */
#define NET_CHOKE      (256 * 1024) /* outbox bytes, outbox_max/2 if less, over which input waits */
#define NET_BATCH      256          /* changes published between two rounds of writes */
#define NET_FLUSHES    64           /* connections written to between two looks at what has come */

struct net {
	uv_loop_t *loop;
	struct clock clock;
	struct deadlines deadlines;
	struct net_limits limits;
	struct metrics *metrics;          /* lent */
	struct address_limits *addresses; /* lent; NULL: connections are not counted */
	uint64_t next_id; /* of connections; each worker counts in steps of its own */
	uint64_t id_step;
	bool is_draining; /* the end is near: begin nothing that a client would wait for */

	struct clients clients;        /* who is served; client.h */
	struct client_log *client_log; /* lent; NULL: no lines about them but at level debug */
	struct refusals refusals;      /* refusals.c only */

	/* net.c and connection.c only: */
	struct outbox_pool pool;
	struct flush_queue queue;
	struct slices slices;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t tick;
	uv_idle_t idle;
	uv_timer_t gate;      /* for those that wait in the queue */
	uint64_t turn;        /* counts from 1 */
	uint64_t batch_round; /* queue.rounds when the batch began */
	size_t batch;         /* changes published since */
	uint64_t fan_out_ns;  /* since when changes are being fanned out; 0: none are */
	struct connection *all;
	struct connection *pending; /* to close, resume or detach this turn */
	struct connection *later;   /* of those, the ones that wait for the next turn */
	struct net_task *tasks;     /* that wait for a turn, in its order */
	bool is_ending;
	struct buffer plain;  /* what the bytes read hold, of a TLS session */
	struct buffer joined; /* sealing.c only */
	char read_buffer[NET_READ_BYTES];
};

struct net_options {
	uv_loop_t *loop;
	struct metrics *metrics;
	struct address_limits *addresses; /* may be NULL */
	struct client_log *client_log;    /* may be NULL */
	struct net_limits limits;
	uint64_t flush_delay_ns; /* flush_queue.h */
	bool flush_is_adaptive;  /* the same */
	unsigned worker;         /* from 0 */
	unsigned workers;        /* how many there are */
};

/* Gives the network of one loop.  Lent: loop, metrics, addresses and client_log. */
struct net *net_create(const struct net_options *options);

/*
 * Close every connection for `reason`, and one's own handles when the last has
 * gone; uv_run() then returns if nothing else is open.  Connections that take
 * no more are cut off after their goodbye's time.
 */
void net_end(struct net *net, enum close_reason reason);

/*
 * How many of `wanted` changes may be published now: NET_BATCH between two rounds of writes, so
 * that outboxes do not fill faster than they are written.  That many do not wait for more.
 */
size_t net_take(struct net *net, size_t wanted);

/* Changes are about to be delivered: how long it takes until they are written is measured. */
void net_note_fan_out(struct net *net);

/* Do all that the turn has left to do; called before the loop waits. */
void net_turn(struct net *net);

/*
 * Call on_turn() in the next turn, which comes at once.  One that waits already does so once; who
 * frees it has it forgotten first.
 */
void net_call_next_turn(struct net *net, struct net_task *task);
void net_forget(struct net *net, struct net_task *task);

/* Free it, once uv_run() has returned after net_end().  NULL does nothing. */
void net_destroy(struct net *net);

#endif
