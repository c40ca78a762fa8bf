/* SPDX-License-Identifier: Apache-2.0 */
/* The stream owns the connection from its head on, as a websocket does from its handshake on. */
#include "protocols/http/http_stream.h"

#include <stdlib.h>

#include "protocols/http/http_chunk.h"
#include "protocols/http/http_connection.h"

struct http_stream {
	struct connection *connection;
	struct metrics *metrics;
	bool is_chunked;
	void *owner;
	http_stream_gone_fn *on_gone;
};

/* --- the connection ----------------------------------------------------- */

/* The head has said that no other request is answered here. */
static size_t on_input(struct connection *connection, const char *bytes, size_t length)
{
	(void)connection;
	(void)bytes;
	return length;
}

/* Without the last chunk a client knows that something is missing. */
static bool is_complete(enum close_reason reason)
{
	return reason == CLOSE_PROTOCOL_DONE || reason == CLOSE_CLIENT_QUIT;
}

static void on_closing(struct connection *connection, enum close_reason reason)
{
	struct http_stream *stream = connection->owner;

	stream->on_gone(stream, stream->owner, reason);
	if (stream->is_chunked && is_complete(reason)) {
		connection_send_bytes(connection, HTTP_CHUNK_END, sizeof(HTTP_CHUNK_END) - 1);
	}
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	struct http_stream *stream = connection->owner;

	(void)reason;
	metric_subtract(&stream->metrics->http_connections, 1);
	free(stream);
}

static const struct connection_ops ops = {
    .on_input = on_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

/* --- the stream --------------------------------------------------------- */

static void send_head(struct http_stream *stream, const struct http_request *request,
                      const struct http_response *response)
{
	struct http_response_form form = {
	    .minor_version = request->minor_version,
	    .is_stream = true,
	};
	struct buffer head = {0};

	http_response_write(&head, response, form);
	connection_send_bytes(stream->connection, head.bytes, head.length);
	buffer_finish(&head);
	http_stream_send(stream, response->body);
}

struct http_stream *http_stream_begin(struct http_exchange *exchange,
                                      const struct http_response *response, void *owner,
                                      http_stream_gone_fn *on_gone)
{
	struct http_connection *http = http_connection_of(exchange);
	struct http_stream *stream;

	require(http->phase == HTTP_ANSWERING);
	require(exchange->request->method != HTTP_METHOD_HEAD);
	if (!http_connection_take_client(http)) {
		return NULL;
	}
	stream = mem_new(struct http_stream);
	stream->connection = http->connection;
	stream->metrics = http->worker->env->metrics;
	stream->is_chunked = exchange->request->minor_version > 0;
	stream->owner = owner;
	stream->on_gone = on_gone;
	send_head(stream, exchange->request, response);
	metric_add(&stream->metrics->http_requests, 1);
	metric_add(&stream->metrics->http_connections, 1); /* it stays one when it is released */
	http->connection->ops = &ops;
	http->connection->owner = stream;
	http_connection_release(http);
	return stream;
}

void http_stream_send(struct http_stream *stream, struct text data)
{
	struct buffer chunk = {0};

	if (data.length == 0) {
		return;
	}
	if (!stream->is_chunked) {
		connection_send_bytes(stream->connection, data.bytes, data.length);
		return;
	}
	http_chunk_write(&chunk, data);
	connection_send_bytes(stream->connection, chunk.bytes, chunk.length);
	buffer_finish(&chunk);
}

void http_stream_send_chunk(struct http_stream *stream, struct wire *chunk)
{
	struct text data;

	if (stream->is_chunked) {
		connection_send_change(stream->connection, chunk);
		return;
	}
	data = http_chunk_data((struct text){.bytes = chunk->bytes, .length = chunk->length});
	connection_send_bytes(stream->connection, data.bytes, data.length);
}

struct connection *http_stream_connection(const struct http_stream *stream)
{
	return stream->connection;
}

size_t http_stream_queued(const struct http_stream *stream)
{
	return connection_queued(stream->connection);
}

void http_stream_close(struct http_stream *stream, enum close_reason reason)
{
	connection_close(stream->connection, reason);
}
