/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_LISTENER_H
#define SERVER_NET_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "server/base/error.h"
#include "server/net/connection.h"
#include "server/net/net.h"
#include "server/net/proxied.h"

/*
 * A bound socket that gives connections.  When there is no descriptor or memory for the
 * next one, clients wait a while where they are: counted in accept_pauses, and logged.
 * One for whom net.addresses has no place, or who is not to be let in (admission.h), is
 * refused, and no connection is made.
 *
 * Threads: the worker's.
 */
struct listener;

/*
 * Listen on a bound descriptor (socket_bind_group()), which is taken over.  NULL
 * with `error` set; the descriptor is closed then too.
 */
struct listener *listener_open(struct net *net, int descriptor, on_connection_fn *on_connection,
                               void *owner, struct error *error);

/* What to tell those who are refused; without this they are told nothing. */
void listener_tell_refused(struct listener *listener, refusal_fn *refusal);

/* Let in only who is to be, by this; without it, everyone for whom there is a place. */
void listener_admit(struct listener *listener, admission_fn *admission);

/* Lends the networks of proxies, as they are now; called for each client. */
typedef const struct conf_networks *proxies_fn(void *owner);

/*
 * Clients from these networks come through proxies that put a header of the PROXY protocol
 * in front of each: the connection is the client's that it tells.  Without this, of nobody.
 */
void listener_expect_proxies(struct listener *listener, proxies_fn *proxies);

/* Let everyone in from now on, whatever else is asked here, and count nobody in net.addresses. */
void listener_exempt(struct listener *listener);

/* Whether the others, who listen on the same socket, have less to do. */
typedef bool is_ahead_fn(void *owner);

/*
 * Others listen on the same socket, as workers do on one that the service manager holds: take one
 * client a turn, and none for a moment while `is_ahead` says so.  One that nobody has taken by
 * then is taken all the same.
 */
void listener_share(struct listener *listener, is_ahead_fn *is_ahead);

/*
 * All that goes over its connections is in TLS, behind the PROXY header where there is one.  Lent:
 * the holder and the protocol's name.  Without listener_tell_refused() nobody is told why there
 * is no place, which in plain words no client could read.
 */
void listener_speak_tls(struct listener *listener, const struct listener_tls *tls);

/* Take no more clients; the listener is freed once its handle is closed. */
void listener_close(struct listener *listener);

#endif
