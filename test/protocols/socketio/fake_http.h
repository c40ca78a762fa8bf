/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H
#define TEST_PROTOCOLS_SOCKETIO_FAKE_HTTP_H

#include "protocols/http/http_exchange.h"
#include "test/protocols/socketio/world.h"

/*
 * HTTP without a connection: requests that a test writes, and what was done with
 * them.  What http_exchange.c exports is defined here instead, so the linker does not
 * take it from the library.  One test program, one inclusion.
 */
struct http_exchange {
	struct http_request request;
	struct http_field field; /* Origin, or none */
	unsigned status;         /* of the answer; 0: there is none yet */
	char *content_type;      /* NULL: the answer had none */
	char *fields;
	struct buffer body;
	bool was_moved, was_upgraded;
	bool has_lost_client;          /* and on_gone() was not called yet */
	unsigned worker;               /* it was moved to */
	struct connection *connection; /* lent by the test, for its peer; NULL: nobody may ask */
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
	return &http_exchange_connection(exchange)->peer;
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

#endif
