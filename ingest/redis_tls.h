/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_TLS_H
#define INGEST_REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/base/error.h"

/*
 * TLS 1.2 or later as a filter between a socket and who reads it: bytes go in and come out, and
 * who moves them is not its business.
 *
 *   socket ── redis_tls_feed() ──> redis_tls ── redis_tls_read()  ──> plain bytes
 *          <─ redis_tls_take() ──           <── redis_tls_write() ──
 *
 * Threads: the caller's.
 */

/* What one server is held to, and what we show it.  Empty files: see options.def. */
struct redis_tls_options {
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	bool is_verified;
};

/* One for each source; its connections share it. */
struct redis_tls_context;

/* Gives a context; NULL with `error` set when a file cannot be used. */
struct redis_tls_context *redis_tls_context_create(const struct redis_tls_options *options,
                                                   struct error *error);

/* Free it, once its connections are.  NULL does nothing. */
void redis_tls_context_destroy(struct redis_tls_context *context);

/* One connection. */
struct redis_tls;

/*
 * Gives the client's side of a connection to `host`, a name or an address, which the
 * certificate must be for; its first bytes wait for redis_tls_take().
 */
struct redis_tls *redis_tls_create(const struct redis_tls_context *context, const char *host);

/* Free it.  NULL does nothing. */
void redis_tls_destroy(struct redis_tls *tls);

/* Put in what came from the socket.  False with `error` set when the handshake failed. */
bool redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t length, struct error *error);

/* Whether the handshake is done: redis_tls_write() may be called. */
bool redis_tls_is_open(const struct redis_tls *tls);

/*
 * Writes up to `size` plain bytes and sets `length`; 0: nothing more for now.  False with `error`
 * set when the server ended TLS or broke it.
 */
bool redis_tls_read(struct redis_tls *tls, char *bytes, size_t size, size_t *length,
                    struct error *error);

/* Put in plain bytes for the server.  Of a broken connection they are lost. */
void redis_tls_write(struct redis_tls *tls, const char *bytes, size_t length);

/* Add what is to go to the socket. */
void redis_tls_take(struct redis_tls *tls, struct buffer *out);

#endif
