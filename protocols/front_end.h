/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_FRONT_END_H
#define PROTOCOLS_FRONT_END_H

#include "conf/conf.h"
#include "server/feed/bus.h"
#include "server/feed/history.h"
#include "server/net/connection.h"
#include "server/net/net.h"
#include "server/status.h"

/*
 * A protocol that clients speak.  One constant each, listed in
 * protocols/protocols.c.  Every worker starts every front-end that is on, and
 * gives it the connections of its listeners:
 *
 *   listener ── on_connection() ──> front-end ── sets ops ──> connection
 *
 * To end, the worker closes the connections (net_end()); each session says its
 * goodbye in its connection's on_closing(), and destroy() comes when all are gone.
 *
 * Threads: each worker has a state of its own, used on its thread only.
 */

struct address_limits;
struct address_rates;
struct errand;
struct front_end;
struct socketio_library;

/* All a front-end may use.  Lent for its whole life. */
struct front_end_env {
	const struct conf *conf; /* another one after a reload: keep no pointer into it */
	struct net *net;         /* and through it the loop's clock and deadlines */
	struct bus *bus;
	struct history *history; /* what the bus has brought so far, and from when on */
	struct metrics *metrics;
	const struct status *status;
	struct address_rates *rates; /* of this front-end's clients, all workers'; NULL: none */
	struct address_limits *session_addresses; /* of Socket.IO, all workers'; NULL: no limits */
	const struct socketio_library *socketio_library; /* NULL: none */
	unsigned worker;                                 /* this one, from 0 */
	unsigned workers;                                /* how many there are */

	/*
	 * Give a connection to another worker's front-end of the same name: its
	 * on_moved() is called there.  The migrant is given, cargo and all.
	 */
	void (*move)(const struct front_end_env *env, unsigned worker, struct migrant *migrant);
	void *mover; /* move()'s own, send_errand()'s and state_of()'s */

	/*
	 * Have an errand, given, visit every worker and come back here (errand.h).
	 */
	void (*send_errand)(const struct front_end_env *env, struct errand *errand);

	/*
	 * Lends what another front-end's start() gave in this worker, for protocols that are
	 * spoken over each other's listeners; NULL when that one is off.  Not before
	 * the first connection: the other may not have started yet.
	 */
	void *(*state_of)(const struct front_end_env *env, const struct front_end *front_end);
};

/* Whom a front-end lets in, as the configuration has it; all zero is everyone. */
struct front_end_door {
	const struct conf_networks *allow; /* lent; empty: everyone */
	const struct conf_networks
	    *trusted;   /* lent; proxies whose requests tell who asks; or NULL */
	double rate;    /* of each address, and how many at once: */
	unsigned burst; /* see address_rates.h */
};

struct front_end {
	const char *name; /* "irc": section of the configuration, log scope */

	/* Lends the addresses to listen on; NULL when the front-end is off. */
	const struct conf_addresses *(*addresses)(const struct conf *conf);

	/* The same for those to speak TLS on; not asked while the front-end is off.  NULL: none. */
	const struct conf_addresses *(*tls_addresses)(const struct conf *conf);

	const char *alpn; /* what is spoken inside TLS, in IANA's registry of ALPN protocol IDs */

	/* Lends the networks whose connections begin with a PROXY header.  NULL: none. */
	const struct conf_networks *(*proxies)(const struct conf *conf);

	/* Tells whom to let in; it lends what it points to.  NULL: everyone. */
	struct front_end_door (*door)(const struct conf *conf);

	/* Gives the worker's state. */
	void *(*start)(const struct front_end_env *env);

	/*
	 * env->conf is another one: take what was made of the one before anew.  What options.def
	 * marks START has not changed.  NULL: nothing was.
	 */
	void (*on_conf)(void *state);

	bool is_exempt; /* its connections are not counted in the limits: it is for operators */

	/* A client has come: set the connection's ops and owner. */
	void (*on_connection)(void *state, struct connection *connection);

	/*
	 * Lends what one is sent that is not let in, for a reason of admission_enter() or
	 * CLOSE_TLS_WANTED, whole and in its protocol, until it is asked again: the connection ends
	 * with it.  NULL: nothing.
	 */
	const char *(*refusal)(void *state, enum close_reason reason);

	/* One has come from another worker; the cargo is given.  NULL when none ever moves. */
	void (*on_moved)(void *state, struct connection *connection, void *cargo);

	/* Free a cargo whose connection could not be taken.  NULL when none ever moves. */
	void (*drop_cargo)(void *cargo);

	/* Free what start() gave; every connection has gone.  NULL does nothing. */
	void (*destroy)(void *state);
};

/* The table, ended by NULL; protocols/protocols.c. */
extern const struct front_end *const front_ends[];

#endif
