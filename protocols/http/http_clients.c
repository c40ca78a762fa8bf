/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request makes an ask, which stays here, and an errand, which travels and alone is touched by
 * other threads.  The client may go while the errand is away: the ask then has no exchange any
 * more, and what comes back is thrown away.
 */
#include "protocols/http/http_clients.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"
#include "server/net/client.h"
#include "server/net/errand.h"

#define SLICE 64 /* clients described in one visit, in some ten microseconds each */

struct endpoint {
	const struct front_end_env *env;
	struct ask *asks; /* whose errand is under way, or was dropped */
};

/* A request that waits. */
struct ask {
	struct endpoint *endpoint;
	struct http_exchange *exchange; /* NULL: the client has gone */
	struct ask *prev, *next;
};

/* One client as it is told. */
struct row {
	uint64_t id;
	char *json; /* owned, to be freed with free() */
};

/* A page of the list, on its way. */
struct census {
	struct errand errand;
	struct ask *ask;
	uint64_t after;
	uint64_t told; /* up to this id of the worker that is being visited */
	size_t limit;
	struct row *rows; /* by id, `limit` at most; room for SLICE more */
	size_t count;
	bool has_more;
};

/* The end of one client, on its way. */
struct kick {
	struct errand errand;
	struct ask *ask;
	uint64_t id;
	bool is_found;
};

/* --- asking ------------------------------------------------------------------ */

static void on_gone(struct http_exchange *exchange, void *owner)
{
	struct ask *ask = owner;

	(void)exchange;
	ask->exchange = NULL;
}

static struct ask *hold(struct endpoint *endpoint, struct http_exchange *exchange)
{
	struct ask *ask = mem_new(struct ask);

	ask->endpoint = endpoint;
	ask->exchange = exchange;
	DL_APPEND(endpoint->asks, ask);
	http_hold(exchange, ask, on_gone);
	return ask;
}

static void answer_text(struct http_exchange *exchange, unsigned status, struct text json)
{
	http_respond(exchange, &(struct http_response){
				   .status = status,
				   .content_type = "application/json",
				   .body = json,
			       });
}

/* The object is given. */
static void answer(struct http_exchange *exchange, unsigned status, json_t *object)
{
	char *text = json_dumps(object, JSON_INDENT(2));

	json_decref(object);
	require(text != NULL);
	answer_text(exchange, status, (struct text){text, strlen(text)});
	free(text);
}

static void answer_fault(struct http_exchange *exchange, unsigned status, const char *fault)
{
	answer(exchange, status, json_pack("{s:s}", "error", fault));
}

static void end_ask(struct ask *ask)
{
	DL_DELETE(ask->endpoint->asks, ask);
	free(ask);
}

/* Answer the ask, if someone waits for it, with an object that is given; it is over. */
static void answer_ask(struct ask *ask, unsigned status, json_t *object)
{
	if (ask->exchange != NULL) {
		answer(ask->exchange, status, object);
	} else {
		json_decref(object);
	}
	end_ask(ask);
}

/* --- one client --------------------------------------------------------------- */

static bool on_subscription(void *context, enum bus_field field, struct text text)
{
	json_t *list = context;

	(void)field;
	(void)json_array_append_new(list, json_stringn(text.bytes, text.length));
	return json_array_size(list) < HTTP_CLIENTS_SUBSCRIPTIONS;
}

static json_t *subscriptions_json(const struct subscriber *subscriber)
{
	json_t *list = json_array();

	if (subscriber != NULL) {
		bus_each(subscriber, on_subscription, list);
	}
	return list;
}

/* NULL for what is told as null. */
static const char *agent_of(const struct client_info *info)
{
	bool is_told = info->agent[0] != '\0' && utf8_is_valid(info->agent, strlen(info->agent));

	return is_told ? info->agent : NULL;
}

/* A client of a socket in the file system has no address. */
static const char *address_of(const struct client_info *info, char text[PEER_TEXT_MAX])
{
	return IN6_IS_ADDR_UNSPECIFIED(&info->peer.sin6_addr) ? "unix"
	                                                      : peer_text(&info->peer, text);
}

static json_t *client_json(const struct client *client, uint64_t now_ms)
{
	const struct client_kind_row *kind = client_kind_row(client->kind);
	struct client_info info = {0};
	uint64_t age_ms = now_ms > client->since_ms ? now_ms - client->since_ms : 0;
	char peer[PEER_TEXT_MAX];

	client->ops->describe(client, &info);
	return json_pack("{s:I, s:s, s:s, s:s, s:s?, s:f, s:i, s:o, s:f, s:I, s:I}", "id",
	                 (json_int_t)client->id, "address", address_of(&info, peer), "front_end",
	                 kind->front_end, "transport", kind->transport, "agent", agent_of(&info),
	                 "age", (double)age_ms / 1000, "subscriptions",
	                 info.subscriber != NULL ? (int)info.subscriber->subscriptions : 0,
	                 "subscribed_to", subscriptions_json(info.subscriber), "lag",
	                 (double)info.lag_ms / 1000, "queued_bytes", (json_int_t)info.queued_bytes,
	                 "sent_bytes", (json_int_t)info.sent_bytes);
}

/* --- the list --------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
	const struct row *one = a;
	const struct row *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* Keep the first of what all workers visited so far have. */
static void trim(struct census *census)
{
	if (census->count > 1) {
		qsort(census->rows, census->count, sizeof(census->rows[0]), compare_rows);
	}
	while (census->count > census->limit) {
		free(census->rows[--census->count].json);
		census->has_more = true;
	}
}

/* The id that a client must be under to be of the page, as far as that is known. */
static uint64_t bound_of(const struct census *census)
{
	return census->count == census->limit ? census->rows[census->count - 1].id : UINT64_MAX;
}

static void add_row(struct census *census, const struct client *client, uint64_t now_ms)
{
	json_t *object = client_json(client, now_ms);
	char *json = json_dumps(object, JSON_REAL_PRECISION(6));

	json_decref(object);
	require(json != NULL);
	census->rows[census->count++] = (struct row){.id = client->id, .json = json};
}

/* A slice of what this worker has for the page. */
static bool visit_census(struct errand *errand, struct net *net)
{
	struct census *census = container_of(errand, struct census, errand);
	const struct client *client = clients_next(&net->clients, census->told);
	uint64_t bound = bound_of(census);
	size_t most = census->limit < SLICE ? census->limit : SLICE;
	bool is_done;

	for (size_t i = 0; i < most && client != NULL && client->id < bound; i++) {
		add_row(census, client, net->clock.wall_ms);
		census->told = client->id;
		client = clients_next(&net->clients, client->id);
	}
	trim(census);
	is_done = client == NULL || client->id >= bound_of(census);
	if (is_done) {
		census->has_more = census->has_more || client != NULL;
		census->told = census->after;
	}
	return is_done;
}

static void drop_census(struct errand *errand)
{
	struct census *census = container_of(errand, struct census, errand);

	while (census->count > 0) {
		free(census->rows[--census->count].json);
	}
	free(census->rows);
	free(census);
}

/* A client is a line, for who reads it without a program for JSON. */
static void write_page(const struct census *census, struct buffer *out)
{
	buffer_append_text(out, "{\n  \"clients\": [");
	for (size_t i = 0; i < census->count; i++) {
		buffer_append_text(out, i > 0 ? ",\n    " : "\n    ");
		buffer_append_text(out, census->rows[i].json);
	}
	buffer_append_text(out, census->count > 0 ? "\n  ],\n" : "],\n");
	if (census->has_more && census->count > 0) {
		buffer_printf(out, "  \"next\": %" PRIu64 "\n}",
		              census->rows[census->count - 1].id);
	} else {
		buffer_append_text(out, "  \"next\": null\n}");
	}
}

static void finish_census(struct errand *errand)
{
	struct census *census = container_of(errand, struct census, errand);
	struct buffer out = {0};

	if (census->ask->exchange != NULL) {
		write_page(census, &out);
		answer_text(census->ask->exchange, 200, (struct text){out.bytes, out.length});
		buffer_finish(&out);
	}
	end_ask(census->ask);
	drop_census(errand);
}

/* A decimal number of a parameter or a path; false when it is none, or over `max`. */
static bool read_number(struct text text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (text.length == 0 || text.length > 19) {
		return false;
	}
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(text.bytes[i] - '0');
	}
	*number = value;
	return value <= max;
}

void http_clients_on_request(void *state, struct http_exchange *exchange)
{
	struct endpoint *endpoint = state;
	const struct http_request *request = http_exchange_request(exchange);
	struct text after_text = http_request_parameter(request, "after");
	struct text limit_text = http_request_parameter(request, "limit");
	uint64_t limit = HTTP_CLIENTS_PAGE;
	uint64_t after = 0;
	struct census *census;

	if ((after_text.bytes != NULL && !read_number(after_text, INT64_MAX, &after)) ||
	    (limit_text.bytes != NULL &&
	     (!read_number(limit_text, HTTP_CLIENTS_PAGE_MAX, &limit) || limit == 0))) {
		answer_fault(exchange, 400, "want limit from 1 to 1000, and after an id");
		return;
	}
	census = mem_new(struct census);
	census->errand =
	    (struct errand){.visit = visit_census, .done = finish_census, .drop = drop_census};
	census->after = after;
	census->told = after;
	census->limit = limit;
	census->rows = mem_zeroed((limit + SLICE) * sizeof(census->rows[0]));
	census->ask = hold(endpoint, exchange);
	endpoint->env->send_errand(endpoint->env, &census->errand);
}

/* --- the end of one ------------------------------------------------------------------ */

static bool visit_kick(struct errand *errand, struct net *net)
{
	struct kick *kick = container_of(errand, struct kick, errand);
	struct client *client = kick->id > 0 ? clients_next(&net->clients, kick->id - 1) : NULL;

	if (client != NULL && client->id == kick->id) {
		kick->is_found = true;
		client->ops->end(client, CLOSE_KICKED);
	}
	return true;
}

static void drop_kick(struct errand *errand)
{
	free(container_of(errand, struct kick, errand));
}

static void finish_kick(struct errand *errand)
{
	struct kick *kick = container_of(errand, struct kick, errand);

	if (kick->is_found) {
		answer_ask(kick->ask, 200, json_pack("{s:I}", "kicked", (json_int_t)kick->id));
	} else {
		answer_ask(kick->ask, 404, json_pack("{s:s}", "error", "no such client"));
	}
	drop_kick(errand);
}

/* The id in "/admin/clients/ID/kick"; false when the path is another. */
static bool read_path(struct text path, uint64_t *id)
{
	static const char before[] = HTTP_CLIENTS_PATH "/";
	static const char behind[] = "/kick";
	size_t around = sizeof(before) - 1 + sizeof(behind) - 1;
	struct text digits;

	if (path.length <= around || memcmp(path.bytes + path.length - (sizeof(behind) - 1), behind,
	                                    sizeof(behind) - 1) != 0) {
		return false;
	}
	digits = (struct text){path.bytes + sizeof(before) - 1, path.length - around};
	return read_number(digits, INT64_MAX, id);
}

/*
 * A page that the operator's browser shows could send a POST here, and would be believed: browsers
 * say so with an Origin (Fetch, "HTTP-network-or-cache fetch"), and tools have none.
 */
void http_clients_on_client(void *state, struct http_exchange *exchange)
{
	struct endpoint *endpoint = state;
	const struct http_request *request = http_exchange_request(exchange);
	struct kick *kick;
	uint64_t id;

	if (!read_path(request->path, &id)) {
		http_respond_status(exchange, 404);
	} else if (request->method != HTTP_METHOD_POST) {
		http_respond(exchange,
		             &(struct http_response){.status = 405, .fields = "Allow: POST\r\n"});
	} else if (http_request_field(request, "Origin").bytes != NULL) {
		answer_fault(exchange, 403, "not from a browser");
	} else {
		kick = mem_new(struct kick);
		kick->errand =
		    (struct errand){.visit = visit_kick, .done = finish_kick, .drop = drop_kick};
		kick->id = id;
		kick->ask = hold(endpoint, exchange);
		endpoint->env->send_errand(endpoint->env, &kick->errand);
	}
}

/* --- life -------------------------------------------------------------------------------- */

void *http_clients_start(const struct front_end_env *env)
{
	struct endpoint *endpoint = mem_new(struct endpoint);

	endpoint->env = env;
	return endpoint;
}

/* An ask that is left had its errand dropped, at the end. */
void http_clients_destroy(void *state)
{
	struct endpoint *endpoint = state;
	struct ask *ask = endpoint != NULL ? endpoint->asks : NULL;

	while (ask != NULL) {
		struct ask *next = ask->next;

		free(ask);
		ask = next;
	}
	free(endpoint);
}
