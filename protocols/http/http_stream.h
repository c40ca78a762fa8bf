/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_STREAM_H
#define PROTOCOLS_HTTP_HTTP_STREAM_H

#include "protocols/http/http_response.h"
#include "server/base/wire.h"
#include "server/net/close_reason.h"

/*
 * An answer without an end in sight: its body goes out as it comes to be, and the
 * connection ends with it.  What the client sends meanwhile is not looked at.
 *
 *   exchange ── http_stream_begin() ──> stream ── http_stream_send() ──> outbox
 *
 * The body is chunked, or, for a client of HTTP/1.0, as it is (RFC 9112 §6.3).
 *
 * Threads: the worker's.
 */
struct http_exchange;
struct connection;
struct http_stream;

/*
 * The stream ends, for this reason; not to be touched after it returns.  It may still be
 * sent a last word from here.
 */
typedef void http_stream_gone_fn(struct http_stream *stream, void *owner, enum close_reason reason);

/*
 * Answer with a head, whose `body` is the first to be sent when it has bytes; the exchange,
 * which is none of HEAD, is over.  Everything is copied.  Lends the stream until `on_gone`
 * has been called.  NULL when a proxy brings a client whose address has its fill: it was then
 * answered with 429.  The connection's peer is the client from now on, and its place the client's.
 */
struct http_stream *http_stream_begin(struct http_exchange *exchange,
                                      const struct http_response *response, void *owner,
                                      http_stream_gone_fn *on_gone);

/* Send a part of the body, copied; no bytes do nothing. */
void http_stream_send(struct http_stream *stream, struct text data);

/*
 * Send a change: what http_chunk_write() made, as a wire that is shared with other clients.  It
 * may wait for others (connection_send_change()).
 */
void http_stream_send_chunk(struct http_stream *stream, struct wire *chunk);

/* Bytes that wait for the client. */
size_t http_stream_queued(const struct http_stream *stream);

/* Lends the connection, for its figures. */
struct connection *http_stream_connection(const struct http_stream *stream);

/* Begin to end it: on_gone() follows, never within this call. */
void http_stream_close(struct http_stream *stream, enum close_reason reason);

#endif
