/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H
#define TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H

#include "protocols/http/http_exchange.h"
#include "protocols/http/websocket.h"
#include "test/protocols/socketio/world.h"

/*
 * HTTP without a connection: requests that a test writes, and what was done with
 * them.  What http_exchange.c and websocket.c export is defined here instead, so the
 * linker takes neither of them from the library.  One test program, one inclusion.
 */
struct http_exchange {
	struct http_request request;
	struct http_field field; /* Origin, or none */
	unsigned status;         /* of the answer; 0: there is none yet */
	char *content_type;      /* NULL: the answer had none */
	char *fields;
	struct buffer body;
	bool was_moved, was_upgraded;
	unsigned worker; /* it was moved to */
	void *owner;     /* http_hold()'s */
	void (*on_gone)(struct http_exchange *exchange, void *owner);
};

/* What was sent over a WebSocket, a line for each frame's text. */
struct websocket {
	const struct websocket_ops *ops;
	void *owner;
	struct buffer sent;
	bool is_closed;
	enum close_reason reason;
	bool refuses; /* websocket_accept() gives NULL: no handshake of version 13 */
};

/* The websocket that the next upgrade becomes. */
static struct websocket *fake_websocket;

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
	(void)exchange;
	fail_msg("nobody logs here");
	return NULL;
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

struct websocket *websocket_accept(struct http_exchange *exchange, const struct websocket_ops *ops,
                                   void *owner)
{
	assert_false(fake_is_over(exchange));
	assert_true(exchange->request.is_upgrade);
	if (fake_websocket->refuses) {
		exchange->status = 426;
		return NULL;
	}
	exchange->was_upgraded = true;
	fake_websocket->ops = ops;
	fake_websocket->owner = owner;
	return fake_websocket;
}

void websocket_send_text(struct websocket *websocket, const char *bytes, size_t length)
{
	if (!websocket->is_closed) {
		buffer_append(&websocket->sent, bytes, length);
		buffer_append_byte(&websocket->sent, '\n');
	}
}

/* Every frame of these tests has a payload of 126 to 65,535 bytes, or of less: RFC 6455 §5.2. */
void websocket_send_frame(struct websocket *websocket, struct wire *wire)
{
	size_t head = wire->bytes[1] == 126 ? 4 : 2;

	assert_int_equal((unsigned char)wire->bytes[0], 0x81);
	websocket_send_text(websocket, wire->bytes + head, wire->length - head);
}

void websocket_close(struct websocket *websocket, enum close_reason reason)
{
	if (!websocket->is_closed) {
		websocket->is_closed = true;
		websocket->reason = reason;
	}
}

struct connection *websocket_connection(const struct websocket *websocket)
{
	(void)websocket;
	return NULL;
}

/* --- what a test does --- */

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

/* Before the loop waits: what was closed, or lost its client, goes. */
static inline void fake_websocket_goes(struct websocket *websocket, enum close_reason reason)
{
	websocket->is_closed = true;
	websocket->ops->on_gone(websocket, websocket->owner, reason);
	buffer_finish(&websocket->sent);
}

static inline void fake_websocket_expect(struct websocket *websocket, const char *lines)
{
	assert_text_is(buffer_text(&websocket->sent), lines);
	buffer_clear(&websocket->sent);
}

#endif
