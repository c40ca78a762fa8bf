/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_ANSWER_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_ANSWER_H

#include "protocols/http/http_stream.h"
#include "server/feed/change.h"

/*
 * HTTP answers that a page of another origin may read (CORS, the Fetch standard §3.2):
 * with an Origin in the request, that very origin is allowed, with credentials,
 * since the client's XMLHttpRequest asks with them and "*" would not do then.
 *
 * Threads: the worker's.
 */
struct http_exchange;

#define SOCKETIO_ORIGIN_MAX 256 /* bytes; a longer Origin is not answered to */

#define SOCKETIO_PLAIN      "text/plain"
#define SOCKETIO_JAVASCRIPT "application/javascript"

/*
 * The charset matters: python-requests takes text/plain without one as Latin-1, and
 * does not find the U+FFFD of a payload then.
 */
#define SOCKETIO_PAYLOAD "text/plain; charset=UTF-8"
#define SOCKETIO_SCRIPT  "text/javascript; charset=UTF-8"
#define SOCKETIO_PAGE    "text/html; charset=UTF-8"

/* Answer; the exchange is over.  The body is copied. */
void socketio_answer_body(struct http_exchange *exchange, unsigned status, const char *content_type,
                          struct text body);

/* Answer with a sentence of plain text. */
void socketio_answer_text(struct http_exchange *exchange, unsigned status, const char *text);

/* Answer with what begins so and goes on, as http_stream_begin() does: NULL when it is refused. */
struct http_stream *socketio_answer_stream(struct http_exchange *exchange, const char *content_type,
                                           struct text body, void *owner,
                                           http_stream_gone_fn *on_gone);

/* Answer another method than the protocol has. */
void socketio_answer_method(struct http_exchange *exchange);

/* Answer an OPTIONS request: what a page may do here. */
void socketio_answer_preflight(struct http_exchange *exchange);

#endif
