/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_MIGRANT_H
#define SERVER_NET_MIGRANT_H

#include <netinet/in.h>
#include <stdint.h>

#include "server/base/buffer.h"

struct address_place;
struct tls_session;

/*
 * A connection on its way from one worker to another: plain memory and a
 * descriptor, owned by whoever holds it.
 *
 *   connection_detach() ──> migrant ──> the other worker's mailbox ──> connection_adopt()
 *
 * Threads: its holder's.
 */
struct migrant {
	int descriptor;
	struct sockaddr_in6 peer;    /* the client's, which a proxy may have told */
	uint64_t id;                 /* which it keeps; 0: it gets one */
	struct buffer unread;        /* input not yet done with */
	struct address_place *place; /* among those of its address; NULL: not counted */
	struct tls_session *tls;     /* NULL: plain */
	void *cargo;                 /* the front-end's: the request that made it move */
};

/* A client that was accepted, before it is a connection. */
struct accepted {
	int descriptor;
	struct sockaddr_in6 peer;
	struct address_place *place; /* NULL: not counted */
};

#endif
