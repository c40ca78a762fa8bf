/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_RC_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_RC_H

#include "protocols/socketio/socketio_packet.h"

/*
 * The namespace /rc: events `subscribe` and `unsubscribe` from the client, `change`
 * and `error` to it.
 *
 * Threads: the worker's.
 */
struct socketio_session;

#define SOCKETIO_RC_ENDPOINT "/rc"

/* Nesting of an event's JSON, checked before it is parsed. */
#define SOCKETIO_JSON_DEPTH_MAX 64

/* A packet for the namespace, which comes into being by it.  May end the session. */
void socketio_rc_take(struct socketio_session *session, const struct socketio_packet *packet);

#endif
