/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/feed/change.h"
#include "server/net/connection.h"
#include "server/status.h"

/*
 * A worker: a thread with a loop, listeners, a bus, front-ends and connections of
 * its own.  Changes and connections come to it through its mailbox:
 *
 *   feeder ── worker_hand_over() ──┐
 *                                  ├─> mailbox ──> bus ──> sessions
 *   other worker ── worker_move() ─┘
 *
 * Workers share immutable changes, and the tables of who takes how much
 * (server/net/address_limits.h), which are asked when a client comes and goes.
 *
 * Threads: create, start, end, join and destroy are the main thread's; hand-over is
 * the feeder's (the same thread); moving is any worker's.
 */
struct worker;

/* A bound socket of one front-end; front_end is an index into front_ends[]. */
struct worker_socket {
	size_t front_end;
	int descriptor;
	bool is_shared; /* other workers listen on the same socket */
	bool is_tls;
};

struct worker_options {
	const struct conf *conf;                         /* shared */
	struct status *status;                           /* workers[index] is this one's */
	struct address_limits *addresses;                /* connections of all workers */
	struct address_rates *const *rates;              /* of each front-end, door_rates.h */
	struct address_limits *session_addresses;        /* Socket.IO's sessions of all workers */
	struct client_log *client_log;                   /* of all workers */
	const struct socketio_library *socketio_library; /* NULL: none */
	struct tls_holder *tls;                          /* NULL: no socket is_tls */
	unsigned index;                                  /* from 0 */
	struct worker **all; /* every worker by its index; filled before any is started */
	const struct worker_socket *sockets; /* taken over, also on failure */
	size_t socket_count;

	/* Room has come where there was none; called on the worker's thread. */
	void (*on_room)(void *owner);

	/* The thread has nothing more to do; called on it, last of all. */
	void (*on_ended)(void *owner);
	void *owner;
};

/* Gives a worker that listens but does not run yet; NULL with `error` set. */
struct worker *worker_create(const struct worker_options *options, struct error *error);

/* Run it on a thread of its own. */
bool worker_start(struct worker *worker, struct error *error);

/* Whether worker_hand_over() may be called.  When not, on_room() will be. */
bool worker_has_room(struct worker *worker);

/* Hand over `count` changes in order; one reference of each is given. */
void worker_hand_over(struct worker *worker, struct change *const *changes, size_t count);

/*
 * Give a connection to this worker's front-end of that index.  The migrant is
 * given, cargo and all.
 */
void worker_move(struct worker *worker, size_t front_end, struct migrant *migrant);

/* Have another configuration, shared, from one of the next turns of its loop on. */
void worker_change(struct worker *worker, const struct conf *conf);

/*
 * Take no more clients, deliver what was handed over, say goodbye to every client
 * within drain.window, and end the thread.  Returns at once.
 */
void worker_end(struct worker *worker);

/* Wait until the thread has ended. */
void worker_join(struct worker *worker);

/*
 * Free it all.  Every worker's thread has been joined, or was never started: until
 * then one could move a connection to another.  NULL does nothing.
 */
void worker_destroy(struct worker *worker);

#endif
