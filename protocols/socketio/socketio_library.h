/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_LIBRARY_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_LIBRARY_H

#include "server/base/buffer.h"
#include "server/base/error.h"

/*
 * The client library for pages: a file of the operator's (http.socketio.client_file), read once
 * at the start and the same for all workers, which serve it (socketio_library_page.h).
 *
 *   file ── socketio_library_load() ──> env->socketio_library ──> every worker's endpoint
 *
 * Threads: immutable once loaded.
 */

/* The library has 110 KiB; whoever names another file by mistake is told. */
#define SOCKETIO_LIBRARY_MAX (1024 * 1024)

#define SOCKETIO_LIBRARY_ETAG_MAX 32

struct socketio_library {
	struct buffer bytes;
	char etag[SOCKETIO_LIBRARY_ETAG_MAX]; /* with its quotes (RFC 9110 §8.8.3) */
	struct buffer fields; /* of every answer that stands for the library, NUL-terminated */
};

/* Gives the file's library; NULL with `error` set when it cannot be read, is empty or too big. */
struct socketio_library *socketio_library_load(const char *file, struct error *error);

/* No worker may be left that has it.  NULL does nothing. */
void socketio_library_destroy(struct socketio_library *library);

#endif
