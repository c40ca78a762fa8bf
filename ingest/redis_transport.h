/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_TRANSPORT_H
#define INGEST_REDIS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "conf/conf.h"
#include "ingest/redis_tls.h"

/*
 * One attempt at a stream of bytes to a server: resolve the name, connect to one of its
 * addresses after the other, shake hands in TLS; then bytes in and out.  The name is resolved
 * in libuv's threads, so that the loop never waits.
 *
 * Threads: the loop's.
 */
struct redis_transport;

/* What its owner is told.  Each may close the transport. */
struct redis_transport_events {
	/* Bytes may be sent. */
	void (*on_open)(void *owner);

	/* Bytes have come; lent. */
	void (*on_bytes)(void *owner, const char *bytes, size_t length);

	/* It did not come about, or has ended: close it.  Told once. */
	void (*on_lost)(void *owner, const char *why);
};

struct redis_transport_options {
	uv_loop_t *loop;
	const struct conf_redis_url *url;
	const struct redis_tls_context *tls; /* NULL: none */
};

/* Gives a transport that is on its way, to be ended with redis_transport_close(). */
struct redis_transport *redis_transport_open(const struct redis_transport_options *options,
                                             const struct redis_transport_events *events,
                                             void *owner);

/* Send a copy of the bytes.  It must be open. */
void redis_transport_send(struct redis_transport *transport, const char *bytes, size_t length);

/* Read nothing more from the socket, until redis_transport_resume(). */
void redis_transport_pause(struct redis_transport *transport);
void redis_transport_resume(struct redis_transport *transport);

/* End it: the owner is told nothing more, and the memory goes when the loop has let go of it. */
void redis_transport_close(struct redis_transport *transport);

#endif
