/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_health.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"

struct http_health {
	const struct status *status;
	const struct clock *clock;
	bool tells_details;
};

/* What was found: the first thing that is wrong, and the details, which are given. */
struct finding {
	char fault[128]; /* "": none */
	json_t *details;
};

static void note_fault(struct finding *finding, const char *fault)
{
	if (finding->fault[0] == '\0') {
		(void)snprintf(finding->fault, sizeof(finding->fault), "%s", fault);
	}
}

/* The clocks of two threads are not read at the same time: what is to come is now. */
static uint64_t ms_since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* --- loops ------------------------------------------------------------------ */

static void look_at_loop(const struct http_health *health, const metric *beat_ms, const char *name,
                         struct finding *finding)
{
	uint64_t age_ms = ms_since(metric_read(beat_ms), health->clock->now_ms);
	char fault[96];

	if (age_ms > HTTP_HEALTH_LOOP_MS) {
		(void)snprintf(fault, sizeof(fault), "the loop of %s has not turned for %llu s",
		               name, (unsigned long long)(age_ms / 1000));
		note_fault(finding, fault);
	}
	(void)json_array_append_new(
	    finding->details,
	    json_pack("{s:s, s:f}", "loop", name, "last_turn_age", (double)age_ms / 1000));
}

static void look_at_loops(const struct http_health *health, struct finding *finding)
{
	finding->details = json_array();
	look_at_loop(health, &health->status->beat_ms, "feeder", finding);
	for (size_t i = 0; i < health->status->worker_count; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "worker %zu", i + 1);
		look_at_loop(health, &health->status->workers[i].beat_ms, name, finding);
	}
}

/* --- sources ------------------------------------------------------------------ */

static json_t *age_json(const struct http_health *health, const struct source_stats *source)
{
	uint64_t last_ms = metric_read(&source->last_change_ms);

	if (last_ms == 0) {
		return json_null();
	}
	return json_real((double)ms_since(last_ms, health->clock->wall_ms) / 1000);
}

static json_t *sources_json(const struct http_health *health)
{
	json_t *sources = json_array();
	const struct source_stats *source;
	size_t at = 0;

	while ((source = status_next_source(health->status, &at)) != NULL) {
		(void)json_array_append_new(
		    sources, json_pack("{s:s, s:s, s:b, s:o}", "name", source->name, "type",
		                       source->type, "is_up", metric_read(&source->is_up) > 0,
		                       "last_change_age", age_json(health, source)));
	}
	return sources;
}

static void look_at_readiness(const struct http_health *health, struct finding *finding)
{
	const struct status *status = health->status;
	bool is_ready = metric_read(&status->is_ready) > 0;
	const struct source_stats *source;
	size_t at = 0, sources = 0, up = 0;

	while ((source = status_next_source(status, &at)) != NULL) {
		sources++;
		up += metric_read(&source->is_up) > 0 ? 1 : 0;
	}
	if (!is_ready) {
		note_fault(finding, "starting or ending");
	}
	if (up == 0) {
		note_fault(finding, sources > 0 ? "no source is up" : "there is no source");
	}
	finding->details =
	    json_pack("{s:b, s:o}", "is_ready", is_ready, "sources", sources_json(health));
}

static uint64_t last_change_ms(const struct status *status)
{
	uint64_t last_ms = 0;

	for (size_t i = 0; i < status->source_count; i++) {
		uint64_t ms = metric_read(&status->sources[i].last_change_ms);

		last_ms = ms > last_ms ? ms : last_ms;
	}
	return last_ms;
}

static void look_at_feed(const struct http_health *health, unsigned max_age_s,
                         struct finding *finding)
{
	uint64_t last_ms = last_change_ms(health->status);
	uint64_t age_ms = ms_since(last_ms, health->clock->wall_ms);
	char fault[96];

	if (last_ms == 0) {
		note_fault(finding, "no change has come yet");
	} else if (age_ms > (uint64_t)max_age_s * 1000) {
		(void)snprintf(fault, sizeof(fault), "no change for %llu s",
		               (unsigned long long)(age_ms / 1000));
		note_fault(finding, fault);
	}
	finding->details =
	    json_pack("{s:i, s:o, s:o}", "max_age", (int)max_age_s, "last_change_age",
	              last_ms == 0 ? json_null() : json_real((double)age_ms / 1000), "sources",
	              sources_json(health));
}

/* --- answers -------------------------------------------------------------------- */

static void answer_text(struct http_exchange *exchange, unsigned status, const char *line)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "%s\n", line);
	http_respond(exchange, &(struct http_response){
				   .status = status,
				   .content_type = "text/plain; charset=UTF-8",
				   .body = {.bytes = text, .length = strlen(text)},
			       });
}

static void answer_json(struct http_exchange *exchange, const struct finding *finding)
{
	json_t *object = json_pack("{s:b, s:s?, s:O}", "ok", finding->fault[0] == '\0', "fault",
	                           finding->fault[0] != '\0' ? finding->fault : NULL, "details",
	                           finding->details);
	char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(6));

	json_decref(object);
	require(text != NULL);
	http_respond(exchange, &(struct http_response){
				   .status = finding->fault[0] == '\0' ? 200 : 503,
				   .content_type = "application/json",
				   .body = {.bytes = text, .length = strlen(text)},
			       });
	free(text);
}

static void answer(const struct http_health *health, struct http_exchange *exchange,
                   const struct finding *finding)
{
	const struct http_request *request = http_exchange_request(exchange);

	if (health->tells_details && http_request_parameter(request, "verbose").bytes != NULL) {
		answer_json(exchange, finding);
	} else if (finding->fault[0] != '\0') {
		answer_text(exchange, 503, health->tells_details ? finding->fault : "not ok");
	} else {
		answer_text(exchange, 200, "ok");
	}
	json_decref(finding->details);
}

void http_health_on_loops(void *state, struct http_exchange *exchange)
{
	struct finding finding = {0};

	look_at_loops(state, &finding);
	answer(state, exchange, &finding);
}

void http_health_on_ready(void *state, struct http_exchange *exchange)
{
	struct finding finding = {0};

	look_at_readiness(state, &finding);
	answer(state, exchange, &finding);
}

/* Whole seconds, 1 to HTTP_HEALTH_FEED_MAX. */
static bool read_max_age(struct text text, unsigned *max_age_s)
{
	unsigned value = 0;

	for (size_t i = 0; i < text.length && value <= HTTP_HEALTH_FEED_MAX; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
		value = value * 10 + (unsigned)(text.bytes[i] - '0');
	}
	*max_age_s = value;
	return value > 0 && value <= HTTP_HEALTH_FEED_MAX;
}

void http_health_on_feed(void *state, struct http_exchange *exchange)
{
	struct text wanted = http_request_parameter(http_exchange_request(exchange), "max_age");
	unsigned max_age_s = HTTP_HEALTH_FEED_S;
	struct finding finding = {0};

	if (wanted.bytes != NULL && !read_max_age(wanted, &max_age_s)) {
		answer_text(exchange, 400, "max_age is not a number of seconds (want 1 to 86400)");
		return;
	}
	look_at_feed(state, max_age_s, &finding);
	answer(state, exchange, &finding);
}

/* --- life ------------------------------------------------------------------------- */

void *http_health_start(const struct front_end_env *env)
{
	struct http_health *health = mem_new(struct http_health);

	health->status = env->status;
	health->clock = &env->net->clock;
	health->tells_details = true;
	return health;
}

void *http_health_start_public(const struct front_end_env *env)
{
	struct http_health *health = http_health_start(env);

	health->tells_details = !env->conf->admin.present;
	return health;
}

void http_health_destroy(void *state)
{
	free(state);
}
