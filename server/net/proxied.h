/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_PROXIED_H
#define SERVER_NET_PROXIED_H

#include "server/net/admission.h"
#include "server/net/connection.h"
#include "server/net/refusals.h"
#include "server/net/tls_holder.h"

/*
 * A connection from a proxy, until the header of the PROXY protocol has come that tells whose it
 * is:
 *
 *   listener ──> proxied ── header ──> the client's address and place ──> on_connection()
 *
 * It has its address then and a place among those of that address, or is refused as it would have
 * been at the door.  Without a whole and right header it ends, for what follows could be anybody's.
 *
 * Threads: the worker's.
 */

/* For the header, as a whole. */
#define PROXIED_TIMEOUT_MS 5000

/* A client has come; set its ops and owner.  Belongs to the listener's net. */
typedef void on_connection_fn(void *owner, struct connection *connection);

/*
 * Lends what a client is sent that is refused for this reason, in its protocol, until it is asked
 * again.
 */
typedef const char *refusal_fn(void *owner, enum close_reason reason);

/* Whom to let in, as it is now; asked for each client. */
typedef struct admission admission_fn(void *owner);
/* How a listener speaks TLS; all zero: it does not. */
struct listener_tls {
	struct tls_holder *holder;
	const char *protocol; /* as ALPN has it */
	refusal_fn *refusal;  /* asked with CLOSE_TLS_WANTED.  NULL: they are told nothing */
};

/* Who gets a listener's clients. */
struct listener_owner {
	on_connection_fn *on_connection;
	refusal_fn *refusal;     /* NULL: they are told nothing */
	admission_fn *admission; /* NULL: everyone */
	void *pointer;
	struct listener_tls tls;
};

/* Whom this owner lets in, by a proxy or not. */
struct admission proxied_admission(const struct listener_owner *owner);

/* Wait for the header.  The connection has no owner yet; what `owner` points to outlives it. */
void proxied_begin(struct connection *connection, const struct listener_owner *owner);

#endif
