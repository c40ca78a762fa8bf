/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H
#define TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H

#include "protocols/http/http_chunk.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http/http_stream.h"
#include "server/net/connection.h"
#include "test/protocols/socketio/world.h"

/*
 * HTTP without a connection: requests that a test writes, and what was done with
 * them.  What http_exchange.c and http_stream.c export is defined here instead, so the linker
 * does not take it from the library.  One test program, one inclusion.
 */

/* Of every stream and WebSocket, for its figures. */
static struct connection fake_connection;

/* The answer that goes on, of an exchange. */
struct http_stream {
	void *owner;
	http_stream_gone_fn *on_gone; /* NULL: there is none, or it has gone */
	struct buffer sent;           /* data, out of their chunks */
	bool is_closed;
	enum close_reason reason;
};

struct http_exchange {
	struct http_request request;
	struct http_field field; /* Origin, or none */
	unsigned status;         /* of the answer; 0: there is none yet */
	char *content_type;      /* NULL: the answer had none */
	char *fields;
	struct buffer body;
	bool was_moved, was_upgraded;
	struct http_stream stream;
	bool has_lost_client;          /* and on_gone() was not called yet */
	unsigned worker;               /* it was moved to */
	struct connection *connection; /* lent by the test, for its peer; NULL: none */
	void *owner;                   /* http_hold()'s */
	void (*on_gone)(struct http_exchange *exchange, void *owner);
};

static inline bool fake_is_over(const struct http_exchange *exchange)
{
	return exchange->status != 0 || exchange->was_moved || exchange->was_upgraded;
}

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
	return &exchange->request;
}

struct connection *http_exchange_connection(const struct http_exchange *exchange)
{
	assert_non_null(exchange->connection); /* nobody logs here */
	return exchange->connection;
}

const struct sockaddr_in6 *http_exchange_client(const struct http_exchange *exchange)
{
	static const struct sockaddr_in6 nobody;

	return exchange->connection != NULL ? &exchange->connection->peer : &nobody;
}

void http_exchange_serves(struct http_exchange *exchange, enum client_kind kind)
{
	(void)exchange;
	(void)kind;
}

void http_respond(struct http_exchange *exchange, const struct http_response *response)
{
	assert_false(fake_is_over(exchange));
	assert_true(response->status != 0);
	exchange->status = response->status;
	if (response->content_type != NULL) {
		exchange->content_type = strdup(response->content_type);
	}
	exchange->fields = strdup(response->fields != NULL ? response->fields : "");
	buffer_append(&exchange->body, response->body.bytes, response->body.length);
}

bool http_can_respond(const struct http_exchange *exchange)
{
	return !exchange->has_lost_client;
}

void http_respond_status(struct http_exchange *exchange, unsigned status)
{
	http_respond(exchange, &(struct http_response){.status = status});
}

void http_hold(struct http_exchange *exchange, void *owner,
               void (*on_gone)(struct http_exchange *exchange, void *owner))
{
	exchange->owner = owner;
	exchange->on_gone = on_gone;
}

void http_move(struct http_exchange *exchange, unsigned worker)
{
	assert_false(fake_is_over(exchange));
	exchange->was_moved = true;
	exchange->worker = worker;
}

struct http_stream *http_stream_begin(struct http_exchange *exchange,
                                      const struct http_response *response, void *owner,
                                      http_stream_gone_fn *on_gone)
{
	http_respond(exchange, response);
	exchange->stream.owner = owner;
	exchange->stream.on_gone = on_gone;
	return &exchange->stream;
}

void http_stream_send(struct http_stream *stream, struct text data)
{
	assert_non_null(stream->on_gone);
	if (!stream->is_closed) {
		buffer_append(&stream->sent, data.bytes, data.length);
	}
}

void http_stream_send_chunk(struct http_stream *stream, struct wire *chunk)
{
	http_stream_send(
	    stream, http_chunk_data((struct text){.bytes = chunk->bytes, .length = chunk->length}));
}

size_t http_stream_queued(const struct http_stream *stream)
{
	return stream->sent.length;
}

struct connection *http_stream_connection(const struct http_stream *stream)
{
	(void)stream;
	return &fake_connection;
}

void http_stream_close(struct http_stream *stream, enum close_reason reason)
{
	assert_non_null(stream->on_gone);
	if (!stream->is_closed) {
		stream->is_closed = true;
		stream->reason = reason;
	}
}

/* --- what a test does --- */

/* Before the loop waits: what was closed, or lost its client, goes. */
static inline void fake_stream_goes(struct http_stream *stream, enum close_reason reason)
{
	http_stream_gone_fn *on_gone = stream->on_gone;

	stream->is_closed = true;
	on_gone(stream, stream->owner, reason);
	stream->on_gone = NULL;
}

/* What it was sent since this was asked last is this. */
static inline void fake_stream_expect(struct http_stream *stream, const char *wanted)
{
	assert_text_is(buffer_text(&stream->sent), wanted);
	buffer_clear(&stream->sent);
}

static inline void fake_request(struct http_exchange *exchange, enum http_method method,
                                const char *path)
{
	const char *query = strchr(path, '?');

	*exchange = (struct http_exchange){.request = {.method = method}};
	exchange->request.path = text_of(path);
	if (query != NULL) {
		exchange->request.path.length = (size_t)(query - path);
		exchange->request.query = text_of(query + 1);
	}
}

static inline void fake_request_origin(struct http_exchange *exchange, struct text origin)
{
	exchange->field = (struct http_field){.name = TEXT("origin"), .value = origin};
	exchange->request.fields = &exchange->field;
	exchange->request.field_count = 1;
}

/* What is behind a finished exchange; it may be used again. */
static inline void fake_finish(struct http_exchange *exchange)
{
	free(exchange->content_type);
	free(exchange->fields);
	buffer_finish(&exchange->body);
	buffer_finish(&exchange->stream.sent);
	*exchange = (struct http_exchange){0};
}

/* It was answered like this; it is finished. */
static inline void fake_expect(struct http_exchange *exchange, unsigned status, const char *body)
{
	assert_int_equal(exchange->status, status);
	assert_text_is(buffer_text(&exchange->body), body);
	fake_finish(exchange);
}

/* The client goes before its answer has come; the exchange is finished. */
static inline void fake_client_goes(struct http_exchange *exchange)
{
	assert_false(fake_is_over(exchange));
	assert_non_null(exchange->on_gone);
	exchange->on_gone(exchange, exchange->owner);
	fake_finish(exchange);
}

#endif
