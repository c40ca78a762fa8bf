/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_SCRIPT_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_SCRIPT_H

#include "protocols/front_end.h"
#include "protocols/http/http_exchange.h"
#include "server/base/error.h"

/*
 * `/socket.io/socket.io.js`: the client library, where Socket.IO's own server had it and pages
 * look for it.  It is a file of the operator's (http.socketio.client_file), read once
 * at the start and the same for all workers.
 *
 *   file ── socketio_script_load() ──> env->socketio_script ──> every worker's endpoint
 *
 * Threads: immutable once loaded; the endpoint is the worker's.
 */
#define SOCKETIO_SCRIPT_PATH "/socket.io/socket.io.js"

/* The library has 110 KiB; whoever names another file by mistake is told. */
#define SOCKETIO_SCRIPT_MAX (1024 * 1024)

struct socketio_script;

/* Gives the file's script; NULL with `error` set when it cannot be read, is empty or too big. */
struct socketio_script *socketio_script_load(const char *file, struct error *error);

/* No worker may be left that has it.  NULL does nothing. */
void socketio_script_destroy(struct socketio_script *script);

/* Gives a worker's state of the endpoint, which borrows env->socketio_script. */
void *socketio_script_start(const struct front_end_env *env);

/* The script, 304 for who has it already (RFC 9110 §13.1.2), 404 when none is configured. */
void socketio_script_on_request(void *state, struct http_exchange *exchange);

/* Free what start() gave. */
void socketio_script_end(void *state);

#endif
