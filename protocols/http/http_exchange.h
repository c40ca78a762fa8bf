/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_EXCHANGE_H
#define PROTOCOLS_HTTP_HTTP_EXCHANGE_H

#include <stdbool.h>

#include "protocols/http/http_request.h"
#include "protocols/http/http_response.h"
#include "server/net/connection.h"

/*
 * A request and the answer to it.  Requests of one connection are answered one
 * after the other: the next is not looked at before the present one is over, which
 * http_respond(), http_move(), http_stream_begin() and websocket_accept() bring about.
 *
 *   reader ──> request ──> endpoint ── http_respond() ──> outbox
 *
 * Threads: the worker's.
 */
struct http_exchange;

/* Lends the request for as long as the exchange lasts. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* Lends the connection, for its id and its outbox; its peer may be a proxy. */
struct connection *http_exchange_connection(const struct http_exchange *exchange);

/*
 * Lends the address of who asks: the connection's peer, or the one that a trusted proxy tells.
 * Requests of one connection may be of several clients.
 */
const struct sockaddr_in6 *http_exchange_client(const struct http_exchange *exchange);

/* What the connection sends, until its next request, is counted as that of this kind of client. */
void http_exchange_serves(struct http_exchange *exchange, enum client_kind kind);

/*
 * Answer; the exchange is over.  See http_response_write() for what is added; no body
 * after HEAD.  Everything is copied.
 */
void http_respond(struct http_exchange *exchange, const struct http_response *response);

/* Answer with a status and its reason phrase as a line of text. */
void http_respond_status(struct http_exchange *exchange, unsigned status);

/*
 * Whether an answer would still be sent.  False for one that is held and whose client has
 * gone already, between that and on_gone().
 */
bool http_can_respond(const struct http_exchange *exchange);

/*
 * The answer comes later.  `on_gone` is called when the client goes before it, or
 * the server ends: the exchange is over then and must not be touched again.
 * It is not called once the exchange was answered.
 */
void http_hold(struct http_exchange *exchange, void *owner,
               void (*on_gone)(struct http_exchange *exchange, void *owner));

/*
 * Give the connection, with this request, to another worker, where the same
 * endpoint gets it; the exchange is over here.
 */
void http_move(struct http_exchange *exchange, unsigned worker);

#endif
