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
 * not 13, 400 for one that is no upgrade or has not one key of 16 bytes in base64.
 */
unsigned websocket_handshake_check(const struct http_request *request);

/* Add the answer, status 101, to a request that is fine. */
void websocket_handshake_answer(struct buffer *out, const struct http_request *request);

/* Write the Sec-WebSocket-Accept for a key of 24 characters, and a NUL. */
void websocket_handshake_accept(const char *key, char accept[WEBSOCKET_ACCEPT_LENGTH + 1]);

#endif
