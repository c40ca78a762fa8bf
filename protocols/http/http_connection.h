/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_CONNECTION_H
#define PROTOCOLS_HTTP_HTTP_CONNECTION_H

#include <stdbool.h>

#include "protocols/front_end.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http/http_reader.h"
#include "server/base/deadlines.h"
#include "server/base/memory.h"
#include "server/net/client.h"

/*
 * What a connection is while it speaks HTTP, and the one exchange it has.  For the
 * files of the front-end (http, http_connection, http_exchange,
 * websocket); an endpoint knows http_exchange.h only.
 *
 *   READING ── request whole ──> ANSWERING ── http_connection_next() ──> READING
 *                                    └── last answer, move, upgrade ──> LEAVING
 *
 * Threads: the worker's.
 */
#define HTTP_REQUESTS_PER_INPUT 32 /* answered in a row before other connections get their turn */

/* A worker's HTTP. */
struct http_worker {
	const struct front_end_env *env;
	const struct http_endpoint *endpoints; /* lent: the table */
	enum client_kind kind;                 /* of its connections */
	struct http_limits limits;
	void **states;         /* one for each row of the table */
	struct buffer refusal; /* what the last one was answered that was not let in */
};

struct http_exchange {
	struct http_request *request; /* owned; NULL between exchanges */
	struct sockaddr_in6 client;   /* who asks */
	void *owner;                  /* the holder's */
	void (*on_gone)(struct http_exchange *exchange, void *owner); /* NULL: not held */
	unsigned target;                                              /* the worker to move to */
};

enum http_phase {
	HTTP_READING,   /* a deadline is armed */
	HTTP_ANSWERING, /* an endpoint has the exchange; input waits */
	HTTP_LEAVING,   /* this connection speaks no more HTTP here */
};

struct http_connection {
	struct client client; /* in the list of those who are served */
	struct http_worker *worker;
	struct connection *connection;
	enum http_phase phase;
	bool is_in_input; /* on_input() is under way: not to be freed, and goes on by itself */
	bool is_released; /* the connection has another owner */
	bool is_of_proxy; /* it came from a trusted proxy: each request tells who asks */
	struct http_reader reader;
	struct http_exchange exchange;
	struct deadline deadline;
};

/* Make the connection speak HTTP; it owns what is made.  READING. */
struct http_connection *http_connection_begin(struct http_worker *worker,
                                              struct connection *connection);

/* Handle a request, given, as if it had just been read. */
void http_connection_dispatch(struct http_connection *http, struct http_request *request);

/* The exchange is over: read the next request, or close after what was sent. */
void http_connection_next(struct http_connection *http, bool keep_alive);

/*
 * The connection stays with the exchange's client, where a proxy may have brought others' requests
 * before: its peer is that client from now on, and its place the client's.  False when that
 * one's address has its fill, or comes too often: it was answered with 429, and the exchange is
 * over.
 */
bool http_connection_take_client(struct http_connection *http);

/*
 * The connection has another owner, who has set its ops: end the HTTP part of it.
 * What is not read yet comes to the new owner's on_input().
 */
void http_connection_release(struct http_connection *http);

/* Give the connection, with the exchange's request, to the worker `exchange.target`. */
void http_connection_move(struct http_connection *http);

/* The connection that an exchange is part of. */
static inline struct http_connection *http_connection_of(struct http_exchange *exchange)
{
	return container_of(exchange, struct http_connection, exchange);
}

#endif
