/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/net/address_limits.h"

/* The worker's state of the endpoint: where the figures are. */
struct http_status {
	const struct status *status;
	const struct clock *clock;
	struct address_limits *addresses; /* NULL: connections are not counted */
	bool is_short;                    /* only what RCStream told */
};

void *http_status_start(const struct front_end_env *env)
{
	struct http_status *state = mem_new(struct http_status);

	state->status = env->status;
	state->clock = &env->net->clock;
	state->addresses = env->net->addresses;
	return state;
}

void *http_status_start_public(const struct front_end_env *env)
{
	struct http_status *state = http_status_start(env);

	state->is_short = env->conf->admin.present;
	return state;
}

void http_status_destroy(void *state)
{
	free(state);
}

static void set(json_t *object, const char *name, uint64_t value)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void set_metric(json_t *object, const char *name, const metric *value)
{
	set(object, name, metric_read(value));
}

/* The clocks of two threads are not read at the same time: what is to come is now. */
static uint64_t seconds_since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0;
}

static json_t *dropped_json(const struct source_stats *source)
{
	json_t *dropped = json_object();

	for (int reason = 0; reason < DROP_REASONS; reason++) {
		uint64_t count = metric_read(&source->dropped[reason]);

		if (count > 0) {
			set(dropped, drop_reason_label((enum drop_reason)reason), count);
		}
	}
	return dropped;
}

static json_t *source_json(const struct source_stats *source, uint64_t now_ms)
{
	json_t *object = json_object();
	uint64_t last_ms = metric_read(&source->last_change_ms);

	(void)json_object_set_new(object, "name", json_string(source->name));
	(void)json_object_set_new(object, "type", json_string(source->type));
	set_metric(object, "received", &source->received);
	set_metric(object, "published", &source->published);
	(void)json_object_set_new(object, "dropped", dropped_json(source));
	set_metric(object, "duplicates", &source->duplicates);
	set_metric(object, "kernel_drops", &source->kernel_drops);
	(void)json_object_set_new(object, "is_up", json_boolean(metric_read(&source->is_up) > 0));
	set_metric(object, "reconnects", &source->reconnects);
	set_metric(object, "gaps", &source->gaps);
	if (last_ms == 0) {
		(void)json_object_set_new(object, "last_change_age", json_null());
	} else {
		set(object, "last_change_age", seconds_since(last_ms, now_ms));
	}
	return object;
}

static json_t *sources_json(const struct status *status, uint64_t now_ms)
{
	json_t *sources = json_array();
	const struct source_stats *source;
	size_t at = 0;

	while ((source = status_next_source(status, &at)) != NULL) {
		(void)json_array_append_new(sources, source_json(source, now_ms));
	}
	return sources;
}

/* Of reloads, the start being the first. */
static json_t *config_json(const struct status *status)
{
	bool is_successful = metric_read(&status->config_last_reload_successful) > 0;
	json_t *config = json_object();

	(void)json_object_set_new(config, "last_reload_successful", json_boolean(is_successful));
	set(config, "last_reload_timestamp_seconds",
	    metric_read(&status->config_last_reload_ms) / 1000);
	return config;
}

static json_t *clients_json(const struct metrics *total)
{
	json_t *clients = json_object();

	set_metric(clients, "irc", &total->irc_clients);
	set_metric(clients, "http", &total->http_connections);
	set_metric(clients, "websocket", &total->websocket_connections);
	set_metric(clients, "socketio", &total->socketio_clients);
	return clients;
}

/* Reasons as they are named in `closed`: who was refused was never connected. */
static json_t *refused_json(const struct metrics *total)
{
	json_t *refused = json_object();

	set_metric(refused, close_reason_row(CLOSE_LIMIT)->label,
	           &total->connections_refused_limit);
	set_metric(refused, close_reason_row(CLOSE_ADDRESS_LIMIT)->label,
	           &total->connections_refused_address);
	set_metric(refused, close_reason_row(CLOSE_RATE_LIMIT)->label,
	           &total->connections_refused_rate);
	set_metric(refused, close_reason_row(CLOSE_NOT_ALLOWED)->label,
	           &total->connections_refused_not_allowed);
	return refused;
}

static json_t *connections_json(const struct metrics *total, struct address_limits *addresses)
{
	struct address_figures figures = {0};
	json_t *connections = json_object();

	if (addresses != NULL) {
		address_limits_figures(addresses, &figures);
	}
	set(connections, "open", figures.taken);
	set(connections, "max", figures.total);
	set(connections, "addresses", figures.addresses);
	set(connections, "max_per_address", figures.per_address);
	(void)json_object_set_new(connections, "refused", refused_json(total));
	return connections;
}

static void on_metric(void *context, const char *name, const char *help, uint64_t value)
{
	(void)help;
	set(context, name, value);
}

static json_t *counters_json(const struct metrics *total)
{
	json_t *counters = json_object();

	metrics_each(total, on_metric, counters);
	return counters;
}

static json_t *closed_json(const struct metrics *total)
{
	json_t *closed = json_object();

	for (int reason = 0; reason < CLOSE_REASONS; reason++) {
		set_metric(closed, close_reason_row((enum close_reason)reason)->label,
		           &total->closed[reason]);
	}
	return closed;
}

static json_t *status_json(const struct http_status *state)
{
	const struct status *status = state->status;
	uint64_t now_ms = state->clock->wall_ms;
	json_t *object = json_object();
	struct metrics total;

	status_sum(status, &total);
	set_metric(object, "connected_clients", &total.socketio_clients);
	set(object, "queue_size", status_queued(status));
	if (state->is_short) {
		return object;
	}
	set(object, "uptime", seconds_since(status->started_ms, now_ms));
	(void)json_object_set_new(object, "version", json_string(status->version));
	set_metric(object, "changes_in", &status->changes_published);
	set_metric(object, "pauses", &status->pauses);
	set(object, "deliveries_out",
	    metric_read(&total.irc_deliveries) + metric_read(&total.socketio_deliveries));
	(void)json_object_set_new(object, "sources", sources_json(status, now_ms));
	(void)json_object_set_new(object, "config", config_json(status));
	(void)json_object_set_new(object, "clients", clients_json(&total));
	(void)json_object_set_new(object, "connections",
	                          connections_json(&total, state->addresses));
	(void)json_object_set_new(object, "counters", counters_json(&total));
	(void)json_object_set_new(object, "closed", closed_json(&total));
	return object;
}

void http_status_on_request(void *state, struct http_exchange *exchange)
{
	json_t *object = status_json(state);
	char *text = json_dumps(object, JSON_INDENT(2));

	json_decref(object);
	require(text != NULL);
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "application/json",
				   .fields = "Access-Control-Allow-Origin: *\r\n",
				   .body = {.bytes = text, .length = strlen(text)},
			       });
	free(text);
}
