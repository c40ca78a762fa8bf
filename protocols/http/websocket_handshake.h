/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_WEBSOCKET_HANDSHAKE_H
#define PROTOCOLS_HTTP_WEBSOCKET_HANDSHAKE_H

#include "protocols/http/http_request.h"
#include "server/base/buffer.h"

/*
 * Codec: the opening handshake of a WebSocket (RFC 6455 §4.2).
 *
 * Threads: any; no state.
 */
#define WEBSOCKET_ACCEPT_LENGTH 28

/*
 * The status to refuse the request with, 0 when it is fine: 426 for a version that is
 * not 13, 400 for one that is no upgrade, names its version twice (§11.3.5) or has not
 * one key of 16 bytes in base64.
 */
unsigned websocket_handshake_check(const struct http_request *request);

/*
 * Lends the name, out of `supported`, of the first subprotocol that the client offers and that
 * is supported (§4.2.2): its order is its preference.  NULL when there is none.
 * `supported` ends with NULL, or is NULL.
 */
const char *websocket_handshake_subprotocol(const struct http_request *request,
                                            const char *const *supported);

/*
 * Add the answer, status 101, to a request that is fine.  `subprotocol` is what was
 * chosen, or NULL.
 */
void websocket_handshake_answer(struct buffer *out, const struct http_request *request,
                                const char *subprotocol);

/* Write the Sec-WebSocket-Accept for a key of 24 characters, and a NUL. */
void websocket_handshake_accept(const char *key, char accept[WEBSOCKET_ACCEPT_LENGTH + 1]);

#endif
