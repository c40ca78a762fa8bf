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

static size_t endpoint_count(void)
{
	size_t count = 0;

	while (http_endpoints[count].path != NULL) {
		count++;
	}
	return count;
}

static void on_conf(void *state)
{
	struct http_worker *worker = state;
	const struct conf_http *conf = &worker->env->conf->http;

	worker->limits.head_bytes = conf->max_header_bytes;
	worker->limits.body_bytes = conf->max_body_bytes;
}

static void *start(const struct front_end_env *env)
{
	struct http_worker *worker = mem_new(struct http_worker);

	worker->env = env;
	on_conf(worker);
	http_refusal_write(&worker->is_full, CLOSE_LIMIT);
	http_refusal_write(&worker->has_its_share, CLOSE_ADDRESS_LIMIT);
	worker->states = mem_zeroed((endpoint_count() + 1) * sizeof(worker->states[0]));
	for (size_t i = 0; http_endpoints[i].path != NULL; i++) {
		require(http_endpoints[i].on_request != NULL);
		if (http_endpoints[i].start != NULL) {
			worker->states[i] = http_endpoints[i].start(env);
		}
	}
	return worker;
}

static void on_connection(void *state, struct connection *connection)
{
	(void)http_connection_begin(state, connection);
}

static const char *refusal(void *state, enum close_reason reason)
{
	const struct http_worker *worker = state;

	return reason == CLOSE_ADDRESS_LIMIT ? worker->has_its_share.bytes : worker->is_full.bytes;
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

static void destroy(void *state)
{
	struct http_worker *worker = state;

	if (worker == NULL) {
		return;
	}
	for (size_t i = 0; http_endpoints[i].path != NULL; i++) {
		if (http_endpoints[i].destroy != NULL) {
			http_endpoints[i].destroy(worker->states[i]);
		}
	}
	buffer_finish(&worker->is_full);
	buffer_finish(&worker->has_its_share);
	free(worker->states);
	free(worker);
}

const struct front_end http_front_end = {
    .name = "http",
    .addresses = addresses,
    .start = start,
    .on_conf = on_conf,
    .on_connection = on_connection,
    .refusal = refusal,
    .on_moved = on_moved,
    .drop_cargo = drop_cargo,
    .destroy = destroy,
};
