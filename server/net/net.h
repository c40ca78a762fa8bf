/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_NET_H
#define SERVER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/base/clock.h"
#include "server/base/deadlines.h"
#include "server/metrics.h"
#include "server/net/outbox.h"
#include "server/net/refusals.h"

/*
 * One worker's network: its connections, and what they share.  Its handles do the
 * work that belongs to the turn of the loop instead of to an event:
 *
 *   check    clock read, after the callbacks of what the loop waited for: they see
 *            the time of the turn before, DEADLINE_TICK_MS old at most
 *   timer    deadlines advanced, every DEADLINE_TICK_MS
 *   prepare  held input taken up again, closings begun, every outbox that got
 *            something flushed with one writev, before the loop waits
 *   idle     only while input is held that is to be taken up in the next turn: the
 *            loop does not wait
 *
 * Threads: the worker's.
 */
struct address_limits;
struct connection;

/* What may wait for one client; net->limits. */
struct net_limits {
	size_t outbox_max;
	size_t outbox_soft;
	unsigned outbox_soft_s;
	unsigned write_timeout_s;
};

#define NET_READ_BYTES (64 * 1024)  /* one read, into a buffer that all connections share */
#define NET_HELD_MAX   (64 * 1024)  /* input one connection holds before reading stops */
#define NET_CHOKE      (256 * 1024) /* outbox bytes, outbox_max/2 if less, over which input waits */

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

	struct refusals refusals; /* refusals.c only */

	/* net.c and connection.c only: */
	struct outbox_pool pool;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t tick;
	uv_idle_t idle;
	uint64_t turn; /* counts from 1 */
	struct connection *all;
	struct connection *dirty;   /* to flush this turn */
	struct connection *pending; /* to close, resume or detach this turn */
	struct connection *later;   /* of those, the ones that wait for the next turn */
	bool is_ending;
	char read_buffer[NET_READ_BYTES];
};

struct net_options {
	uv_loop_t *loop;
	struct metrics *metrics;
	struct address_limits *addresses; /* may be NULL */
	struct net_limits limits;
	unsigned worker;  /* from 0 */
	unsigned workers; /* how many there are */
};

/* Gives the network of one loop.  Lent: loop, metrics and addresses. */
struct net *net_create(const struct net_options *options);

/*
 * Close every connection for `reason`, and one's own handles when the last has
 * gone; uv_run() then returns if nothing else is open.  Connections that take
 * no more are cut off after their goodbye's time.
 */
void net_end(struct net *net, enum close_reason reason);

/* Do all that the turn has left to do; called before the loop waits. */
void net_turn(struct net *net);

/* Free it, once uv_run() has returned after net_end().  NULL does nothing. */
void net_destroy(struct net *net);

#endif
