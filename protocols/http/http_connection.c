/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an HTTP connection.  All its input passes through on_input(): one
 * request is read, handled, and the next is read only when that one is over.  What
 * is not read waits in the connection.
 */
#include "protocols/http/http_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/http/http_forwarded.h"
#include "protocols/http/http_refusal.h"
#include "protocols/http/http_router.h"
#include "server/base/log.h"
#include "server/net/admission.h"

static const struct conf_http *conf_of(const struct http_connection *http)
{
	return &http->worker->env->conf->http;
}

/* --- deadlines ---------------------------------------------------------- */

static void arm(struct http_connection *http, unsigned delay_s)
{
	deadline_arm(&http->connection->net->deadlines, &http->deadline, (uint64_t)delay_s * 1000);
}

static void disarm(struct http_connection *http)
{
	deadline_disarm(&http->connection->net->deadlines, &http->deadline);
}

/* --- the end ------------------------------------------------------------ */

static void drop_request(struct http_connection *http)
{
	http_request_destroy(http->exchange.request);
	http->exchange = (struct http_exchange){0};
}

static void destroy(struct http_connection *http)
{
	disarm(http);
	drop_request(http);
	http_reader_finish(&http->reader);
	metric_subtract(&http->worker->env->metrics->http_connections, 1);
	client_leave(http->worker->env->net, &http->client);
	free(http);
}

static void on_closing(struct connection *connection, enum close_reason reason)
{
	struct http_connection *http = connection->owner;
	struct http_exchange *exchange = &http->exchange;

	(void)reason; /* HTTP has no goodbye: a client that is told nothing asks again */
	disarm(http);
	http->phase = HTTP_LEAVING;
	if (exchange->on_gone != NULL) {
		void (*on_gone)(struct http_exchange *, void *) = exchange->on_gone;

		exchange->on_gone = NULL;
		on_gone(exchange, exchange->owner);
	}
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	(void)reason;
	destroy(connection->owner);
}

void http_connection_release(struct http_connection *http)
{
	http->phase = HTTP_LEAVING;
	connection_resume(http->connection);
	if (http->is_in_input) {
		http->is_released = true;
	} else {
		destroy(http);
	}
}

/* --- refusals ----------------------------------------------------------- */

static void log_refusal(const struct http_connection *http, unsigned status)
{
	char peer[PEER_TEXT_MAX];
	struct log_scope scope = {
	    .name = "http",
	    .peer = peer_text(&http->connection->peer, peer),
	    .id = http->connection->id,
	};

	log_debug(&scope, "http.refused", "%u %s", status, http_response_phrase(status));
}

/* Answer what did not become a request; what follows it cannot be trusted. */
static void refuse(struct http_connection *http, unsigned status, enum close_reason reason)
{
	struct http_response_form form = {.minor_version = 1, .keep_alive = false};
	struct buffer out = {0};
	char line[64];

	(void)snprintf(line, sizeof(line), "%s\n", http_response_phrase(status));
	http_response_write(&out,
	                    &(struct http_response){
				.status = status,
				.content_type = "text/plain; charset=UTF-8",
				.body = {.bytes = line, .length = strlen(line)},
			    },
	                    form);
	connection_send_bytes(http->connection, out.bytes, out.length);
	buffer_finish(&out);
	metric_add(&http->worker->env->metrics->http_errors, 1);
	log_refusal(http, status);
	http->phase = HTTP_LEAVING;
	connection_close(http->connection, reason);
}

static enum close_reason reason_of(unsigned status)
{
	return status == 413 || status == 414 || status == 431 ? CLOSE_TOO_BIG
	                                                       : CLOSE_PROTOCOL_ERROR;
}

/*
 * Too slow with a request, or none came.  An idle client that still takes what it
 * was sent is not idle; one that has begun a request is told.
 */
static void on_due(struct deadline *deadline)
{
	struct http_connection *http = container_of(deadline, struct http_connection, deadline);

	if (http->reader.state != HTTP_READER_IDLE) {
		refuse(http, 408, CLOSE_TIMEOUT);
	} else if (connection_queued(http->connection) > 0) {
		arm(http, conf_of(http)->keep_alive_timeout);
	} else {
		http->phase = HTTP_LEAVING;
		connection_close(http->connection, CLOSE_TIMEOUT);
	}
}

/* --- requests ----------------------------------------------------------- */

static void respond_method(struct http_exchange *exchange, unsigned status, const char *fields)
{
	http_respond(exchange, &(struct http_response){.status = status, .fields = fields});
}

/* --- who asks --------------------------------------------------------------- */

static struct admission admission_of(const struct http_connection *http)
{
	return (struct admission){
	    .allowed = &conf_of(http)->allow,
	    .trusted = &conf_of(http)->trusted_proxies,
	    .rates = http->worker->env->rates,
	};
}

/*
 * Whether the client may be served that the request tells of.  One that came by itself was let in
 * when it came, and stays whatever is allowed by now; the admin listener's are let in anyhow.
 */
static bool may_ask(const struct http_connection *http)
{
	const struct sockaddr_in6 *client = &http->exchange.client;
	const struct sockaddr_in6 *peer = &http->connection->peer;
	struct admission admission = admission_of(http);

	if (http->worker->kind == CLIENT_ADMIN ||
	    (!http->is_of_proxy && IN6_ARE_ADDR_EQUAL(&client->sin6_addr, &peer->sin6_addr))) {
		return true;
	}
	return admission_allows(&admission, client);
}

/* The proxy's connection goes on: the next request may be another's. */
static void refuse_request(struct http_connection *http)
{
	const char *words = close_reason_row(CLOSE_NOT_ALLOWED)->text;
	char line[REFUSALS_TEXT_MAX];
	int length = snprintf(line, sizeof(line), "%s\n", words);

	refusals_note(http->worker->env->net, &http->exchange.client, CLOSE_NOT_ALLOWED);
	http_respond(&http->exchange, &(struct http_response){
					  .status = 403,
					  .content_type = "text/plain; charset=UTF-8",
					  .fields = "Access-Control-Allow-Origin: *\r\n",
					  .body = {.bytes = line, .length = (size_t)length},
				      });
}

void http_connection_dispatch(struct http_connection *http, struct http_request *request)
{
	const struct http_endpoint *table = http->worker->endpoints;
	const struct http_endpoint *endpoint = http_router_find(table, request->path);
	struct http_exchange *exchange = &http->exchange;

	disarm(http);
	http->phase = HTTP_ANSWERING;
	http->connection->kind = http->worker->kind;
	*exchange = (struct http_exchange){.request = request};
	http_forwarded_client(request, &conf_of(http)->trusted_proxies, &http->connection->peer,
	                      &exchange->client);
	if (!may_ask(http)) {
		refuse_request(http);
	} else if (http_request_text_is(request->path, "*")) {
		respond_method(exchange, 204, "Allow: GET, HEAD, POST, OPTIONS\r\n");
	} else if (endpoint == NULL) {
		http_respond_status(exchange, 404);
	} else if (!http_router_allows(endpoint, request->method)) {
		respond_method(exchange, 405, HTTP_ROUTER_ALLOW);
	} else {
		endpoint->on_request(http->worker->states[endpoint - table], exchange);
	}
}

void http_connection_next(struct http_connection *http, bool keep_alive)
{
	drop_request(http);
	if (!keep_alive) {
		http->phase = HTTP_LEAVING;
		connection_close(http->connection, CLOSE_PROTOCOL_DONE);
		return;
	}
	http->phase = HTTP_READING;
	arm(http, conf_of(http)->keep_alive_timeout);
	if (!http->is_in_input) {
		connection_resume(http->connection);
	}
}

/* --- a connection of one client ------------------------------------------ */

/* As one is that comes by itself. */
static void refuse_client(struct http_connection *http, enum close_reason reason)
{
	struct buffer answer = {0};

	refusals_note(http->worker->env->net, &http->exchange.client, reason);
	http_refusal_write(&answer, reason, http->worker->env->conf);
	connection_send_bytes(http->connection, answer.bytes, answer.length);
	buffer_finish(&answer);
	http_connection_next(http, false);
}

bool http_connection_take_client(struct http_connection *http)
{
	const struct sockaddr_in6 *client = &http->exchange.client;
	struct connection *connection = http->connection;
	struct admission admission = admission_of(http);
	enum close_reason reason;

	if (!IN6_ARE_ADDR_EQUAL(&connection->peer.sin6_addr, &client->sin6_addr) &&
	    !admission_move(&admission, http->worker->env->net, client, &connection->place,
	                    &reason)) {
		refuse_client(http, reason);
		return false;
	}
	connection->peer = *client;
	return true;
}

/* --- input ---------------------------------------------------------------- */

/* The reader has come to a new state: a body is to follow, or a request is there, or never will. */
static void on_reader_state(struct http_connection *http)
{
	switch (http->reader.state) {
	case HTTP_READER_IDLE:
		break;
	case HTTP_READER_HEAD:
		arm(http, conf_of(http)->header_timeout);
		break;
	case HTTP_READER_BODY:
		arm(http, conf_of(http)->body_timeout);
		if (http_reader_wants_continue(&http->reader)) {
			connection_send_bytes(http->connection, "HTTP/1.1 100 Continue\r\n\r\n",
			                      25);
		}
		break;
	case HTTP_READER_WHOLE:
		http_connection_dispatch(http, http_reader_give(&http->reader));
		break;
	case HTTP_READER_REFUSED:
		refuse(http, http->reader.status, reason_of(http->reader.status));
		break;
	}
}

static bool takes_input(const struct http_connection *http)
{
	return http->phase == HTTP_READING && connection_is_open(http->connection) &&
	       !connection_is_choked(http->connection);
}

static size_t on_input(struct connection *connection, const char *bytes, size_t length)
{
	struct http_connection *http = connection->owner;
	unsigned requests = 0;
	size_t taken = 0;

	http->is_in_input = true;
	while (taken < length && takes_input(http)) {
		enum http_reader_state before = http->reader.state;

		if (requests == HTTP_REQUESTS_PER_INPUT) {
			connection_resume(connection);
			break;
		}
		taken += http_reader_take(&http->reader, bytes + taken, length - taken);
		requests += http->reader.state == HTTP_READER_WHOLE ? 1 : 0;
		if (http->reader.state != before) {
			on_reader_state(http);
		}
	}
	http->is_in_input = false;
	if (http->is_released) {
		destroy(http);
	}
	return taken;
}

/* --- moving ------------------------------------------------------------- */

/* No on_closing() follows: on_closed() frees the rest. */
static void on_detached(struct connection *connection, struct migrant *migrant)
{
	struct http_connection *http = connection->owner;
	const struct front_end_env *env = http->worker->env;

	migrant->cargo = http->exchange.request;
	http->exchange.request = NULL;
	env->move(env, http->exchange.target, migrant);
}

void http_connection_move(struct http_connection *http)
{
	http->exchange.on_gone = NULL;
	http->phase = HTTP_LEAVING;
	connection_detach(http->connection, on_detached);
}

/* --- for whoever runs the server ------------------------------------------ */

static void describe(const struct client *client, struct client_info *info)
{
	const struct http_connection *http =
	    container_of(client, const struct http_connection, client);
	const struct http_request *request = http->exchange.request;

	client_info_of_connection(http->connection, info);
	if (request != NULL) {
		struct text agent = http_request_field(request, "User-Agent");

		info->peer = http->exchange.client;
		client_info_agent(info, agent.bytes, agent.length);
	}
}

static void end_client(struct client *client, enum close_reason reason)
{
	connection_close(container_of(client, struct http_connection, client)->connection, reason);
}

static const struct client_ops client_ops = {.describe = describe, .end = end_client};

/* --- the beginning ------------------------------------------------------ */

static const struct connection_ops ops = {
    .on_input = on_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

struct http_connection *http_connection_begin(struct http_worker *worker,
                                              struct connection *connection)
{
	struct http_connection *http = mem_new(struct http_connection);

	http->worker = worker;
	http->connection = connection;
	http->deadline.on_due = on_due;
	http->phase = HTTP_READING;
	http_reader_init(&http->reader, &worker->limits);
	connection->ops = &ops;
	connection->owner = http;
	metric_add(&worker->env->metrics->http_connections, 1);
	connection->kind = worker->kind;
	http->client.ops = &client_ops;
	http->client.id = connection->id;
	client_enter(worker->env->net, &http->client, worker->kind);
	http->is_of_proxy = peer_is_in(&connection->peer, &conf_of(http)->trusted_proxies);
	arm(http, conf_of(http)->keep_alive_timeout);
	return http;
}
