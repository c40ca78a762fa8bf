/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_exchange.h"

#include <stdio.h>
#include <string.h>

#include "protocols/http/http_connection.h"

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
	return exchange->request;
}

struct connection *http_exchange_connection(const struct http_exchange *exchange)
{
	const struct http_connection *http =
	    container_of(exchange, const struct http_connection, exchange);

	return http->connection;
}

const struct sockaddr_in6 *http_exchange_client(const struct http_exchange *exchange)
{
	return &exchange->client;
}

void http_exchange_serves(struct http_exchange *exchange, enum client_kind kind)
{
	http_exchange_connection(exchange)->kind = kind;
}

void http_respond(struct http_exchange *exchange, const struct http_response *response)
{
	struct http_connection *http = http_connection_of(exchange);
	struct http_response_form form = {
	    .minor_version = exchange->request->minor_version,
	    .is_head = exchange->request->method == HTTP_METHOD_HEAD,
	    .keep_alive = exchange->request->keep_alive && !response->closes &&
	                  !http->connection->net->is_draining,
	};
	struct buffer out = {0};
	struct wire *wire;

	require(http->phase == HTTP_ANSWERING);
	http_response_write(&out, response, form);
	wire = wire_take(&out);
	connection_send(http->connection, wire);
	wire_unref(wire);
	metric_add(&http->worker->env->metrics->http_requests, 1);
	http_connection_next(http, form.keep_alive);
}

void http_respond_status(struct http_exchange *exchange, unsigned status)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "%s\n", http_response_phrase(status));
	http_respond(exchange, &(struct http_response){
				   .status = status,
				   .content_type = "text/plain; charset=UTF-8",
				   .body = {.bytes = line, .length = strlen(line)},
			       });
}

bool http_can_respond(const struct http_exchange *exchange)
{
	return connection_is_open(http_exchange_connection(exchange));
}

void http_hold(struct http_exchange *exchange, void *owner,
               void (*on_gone)(struct http_exchange *exchange, void *owner))
{
	exchange->owner = owner;
	exchange->on_gone = on_gone;
}

void http_move(struct http_exchange *exchange, unsigned worker)
{
	exchange->target = worker;
	http_connection_move(http_connection_of(exchange));
}
