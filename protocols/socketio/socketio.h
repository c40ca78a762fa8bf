/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_H

#include "protocols/front_end.h"

/*
 * Socket.IO 0.9 as RCStream's clients speak it; docs/protocols/socketio.md.
 *
 *   router ── socketio_on_request() ──> handshake ──> session
 *                                  └──> transport ──> session
 *
 * For a row of http_endpoints[]: everything below SOCKETIO_PATH, POST too.
 *
 * Threads: each worker has a state of its own, used on its thread only.
 */
struct http_exchange;

#define SOCKETIO_PATH "/socket.io/"

/* Gives the worker's state.  Lent: env. */
void *socketio_start(const struct front_end_env *env);

/* Answer a request, or move it to the worker that has its session. */
void socketio_on_request(void *state, struct http_exchange *exchange);

/* End the sessions that are left, and free the state.  NULL does nothing. */
void socketio_destroy(void *state);

#endif
