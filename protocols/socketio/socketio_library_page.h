/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_LIBRARY_PAGE_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_LIBRARY_PAGE_H

#include "protocols/front_end.h"
#include "protocols/http/http_exchange.h"

/*
 * `/socket.io/socket.io.js`: the client library, where Socket.IO's own server had it and pages
 * look for it.
 *
 * Threads: the worker's.
 */
#define SOCKETIO_LIBRARY_PATH "/socket.io/socket.io.js"

/* Gives a worker's state of the endpoint, to which env->socketio_library is lent. */
void *socketio_library_page_start(const struct front_end_env *env);

/* The script, 304 for who has it already (RFC 9110 §13.1.2), 404 when none is configured. */
void socketio_library_page_on_request(void *state, struct http_exchange *exchange);

/* Free what start() gave. */
void socketio_library_page_destroy(void *state);

#endif
