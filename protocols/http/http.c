/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's HTTP: the endpoints' states, and connections as they come. */
#include "protocols/http/http.h"

#include <stdlib.h>

#include "protocols/http/http_connection.h"
#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_refusal.h"

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return conf->http.present ? &conf->http.listen : NULL;
}

static const struct conf_addresses *tls_addresses(const struct conf *conf)
{
	return &conf->http.listen_tls;
}

static const struct conf_networks *proxies(const struct conf *conf)
{
	return &conf->http.proxy_protocol;
}

static struct front_end_door door(const struct conf *conf)
{
	return (struct front_end_door){
	    .allow = &conf->http.allow,
	    .trusted = &conf->http.trusted_proxies,
	    .rate = conf->http.connection_rate,
	    .burst = conf->http.connection_burst,
	};
}

static size_t endpoint_count(const struct http_endpoint *endpoints)
{
	size_t count = 0;

	while (endpoints[count].path != NULL) {
		count++;
	}
	return count;
}

void http_on_conf(void *state)
{
	struct http_worker *worker = state;
	const struct conf_http *conf = &worker->env->conf->http;

	worker->limits.head_bytes = conf->max_header_bytes;
	worker->limits.body_bytes = conf->max_body_bytes;
}

void *http_start(const struct front_end_env *env, const struct http_endpoint *endpoints,
                 enum client_kind kind)
{
	struct http_worker *worker = mem_new(struct http_worker);

	worker->env = env;
	worker->endpoints = endpoints;
	worker->kind = kind;
	http_on_conf(worker);
	worker->states = mem_zeroed((endpoint_count(endpoints) + 1) * sizeof(worker->states[0]));
	for (size_t i = 0; endpoints[i].path != NULL; i++) {
		require(endpoints[i].on_request != NULL);
		if (endpoints[i].start != NULL) {
			worker->states[i] = endpoints[i].start(env);
		}
	}
	return worker;
}

static void *start(const struct front_end_env *env)
{
	return http_start(env, http_endpoints, CLIENT_HTTP);
}

void http_on_connection(void *state, struct connection *connection)
{
	(void)http_connection_begin(state, connection);
}

const char *http_refuse(void *state, enum close_reason reason)
{
	struct http_worker *worker = state;

	buffer_clear(&worker->refusal);
	http_refusal_write(&worker->refusal, reason, worker->env->conf);
	buffer_append_byte(&worker->refusal, '\0');
	return worker->refusal.bytes;
}

static void on_moved(void *state, struct connection *connection, void *cargo)
{
	struct http_connection *http = http_connection_begin(state, connection);

	http_connection_dispatch(http, cargo);
	connection_resume(connection);
}

static void drop_cargo(void *cargo)
{
	http_request_destroy(cargo);
}

void http_destroy(void *state)
{
	struct http_worker *worker = state;

	if (worker == NULL) {
		return;
	}
	for (size_t i = 0; worker->endpoints[i].path != NULL; i++) {
		if (worker->endpoints[i].destroy != NULL) {
			worker->endpoints[i].destroy(worker->states[i]);
		}
	}
	buffer_finish(&worker->refusal);
	free(worker->states);
	free(worker);
}

const struct front_end http_front_end = {
    .name = "http",
    .addresses = addresses,
    .tls_addresses = tls_addresses,
    .alpn = "http/1.1",
    .proxies = proxies,
    .door = door,
    .start = start,
    .on_conf = http_on_conf,
    .on_connection = http_on_connection,
    .refusal = http_refuse,
    .on_moved = on_moved,
    .drop_cargo = drop_cargo,
    .destroy = http_destroy,
};
