/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At any time there is either a request or a timer that will begin the next one:
 *
 *   begin() ──> request ──> on_end(), on_watchdog() ──> wait() ── on_wait_over() ──> begin()
 */
#include "ingest/eventstreams.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/backoff.h"
#include "ingest/eventstreams_request.h"
#include "ingest/eventstreams_state.h"
#include "ingest/recent_ids.h"
#include "ingest/sse_reader.h"
#include "ingest/state_file.h"
#include "ingest/state_saver.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_json.h"

/* A server's clock, or its mood, is not to silence a feed for a day. */
#define RETRY_AFTER_MAX_S 900

struct eventstreams {
	const struct source_env *env;
	const struct conf_eventstreams *conf;
	struct eventstreams_request *request;
	struct sse_reader reader;
	struct recent_ids *ids;
	struct state_saver *saver; /* NULL: without a state file */
	struct backoff backoff;
	uv_timer_t wait;
	uv_timer_t watchdog;  /* runs while a request does and the source is not paused */
	uint64_t watchdog_ms; /* what it had left when the source was paused */
	uint64_t began_ms;    /* the loop's time, of the present request */
	unsigned failures;    /* since it was well */
	bool is_requesting;
	bool is_paused;
	bool was_open; /* ever */
	bool has_news; /* the present response has brought something that was not known */
};

/* Connected is not enough: a server in trouble may say 200 and go, again and again. */
static void settle(struct eventstreams *source)
{
	if (source->failures > 0) {
		log_info(&source->env->log, "source.up", "works again, at attempt %u",
		         source->failures + 1);
	}
	source->failures = 0;
	backoff_reset(&source->backoff);
}

/* --- events --------------------------------------------------------------- */

/* False for an event that has come before. */
static bool take_data(struct eventstreams *source, struct text data)
{
	const struct source_env *env = source->env;
	enum drop_reason reason;
	struct change *change = rcfeed_json_read(env->names, data.bytes, data.length, &reason);

	if (change == NULL) {
		source_drop(env, reason);
		return true;
	}
	if (!recent_ids_add(source->ids, change->identity.meta_id)) {
		metric_add(&env->stats->duplicates, 1);
		change_unref(change);
		return false;
	}
	env->publish(env, change);
	return true;
}

static bool is_message(struct text type)
{
	return type.length == strlen("message") && memcmp(type.bytes, "message", type.length) == 0;
}

static void take_event(struct eventstreams *source, enum sse_reader_outcome outcome,
                       const struct sse_reader_event *event)
{
	bool is_new = true;

	if (!is_message(event->type)) {
		return;
	}
	metric_add(&source->env->stats->received, 1);
	if (outcome == SSE_READER_TOO_LONG) {
		source_drop(source->env, DROP_TRUNCATED);
	} else {
		is_new = take_data(source, event->data);
	}
	if (is_new) {
		source->has_news = true;
		settle(source);
	}
}

/* --- from request to request ------------------------------------------------ */

static void on_watchdog(uv_timer_t *timer);

static void begin(struct eventstreams *source)
{
	uint64_t silence_ms = (uint64_t)source->conf->silence_timeout * 1000;

	source->is_requesting = true;
	source->has_news = false;
	source->began_ms = uv_now(source->env->loop);
	source->watchdog_ms = silence_ms;
	if (!source->is_paused) {
		(void)uv_timer_start(&source->watchdog, on_watchdog, silence_ms, silence_ms);
	}
	eventstreams_request_begin(source->request, sse_reader_last_id(&source->reader));
}

static void on_wait_over(uv_timer_t *timer)
{
	begin(timer->data);
}

static void wait(struct eventstreams *source, uint64_t delay_ms)
{
	source->is_requesting = false;
	(void)uv_timer_stop(&source->watchdog);
	metric_set(&source->env->stats->is_up, 0);
	(void)uv_timer_start(&source->wait, on_wait_over, delay_ms, 0);
}

/*
 * An end that is part of the server's day.  After a clean one the next request comes at once,
 * the least wait of the back-off being kept from one request to the next.
 */
static void go_on(struct eventstreams *source, const struct eventstreams_end *end)
{
	uint64_t lasted_ms = uv_now(source->env->loop) - source->began_ms;
	uint64_t min_ms = backoff_min_ms(&source->backoff);

	settle(source);
	log_debug(&source->env->log, "source.cut", "%s; connecting again", end->sentence);
	if (end->is_clean) {
		wait(source, lasted_ms < min_ms ? min_ms - lasted_ms : 0);
	} else {
		wait(source, backoff_next_ms(&source->backoff));
	}
}

static void fail(struct eventstreams *source, const char *sentence, unsigned retry_after_s)
{
	uint64_t delay_ms = backoff_next_ms(&source->backoff);
	uint64_t asked_s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;

	delay_ms = delay_ms > asked_s * 1000 ? delay_ms : asked_s * 1000;
	source->failures++;
	log_at(source->failures == 1 ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, &source->env->log,
	       "source.lost", "%s; again in %.1f s%s", sentence, (double)delay_ms / 1000,
	       source->failures == 1 ? ", and so on until it works" : "");
	wait(source, delay_ms);
}

/* The handles of a transfer that is ended here are closed: nothing of it comes any more. */
static void on_watchdog(uv_timer_t *timer)
{
	struct eventstreams *source = timer->data;
	char sentence[64];

	(void)snprintf(sentence, sizeof(sentence), "nothing came for %u s",
	               source->conf->silence_timeout);
	eventstreams_request_cancel(source->request);
	fail(source, sentence, 0);
}

static void on_open(void *owner)
{
	struct eventstreams *source = owner;

	if (source->was_open) {
		metric_add(&source->env->stats->reconnects, 1);
		log_debug(&source->env->log, "source.connected", "again");
	} else {
		log_info(&source->env->log, "source.connected", "for the first time");
	}
	metric_set(&source->env->stats->is_up, 1);
	source->was_open = true;
	sse_reader_begin(&source->reader);
	(void)uv_timer_again(&source->watchdog);
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	struct eventstreams *source = owner;
	struct text rest = {bytes, length};
	struct sse_reader_event event;
	enum sse_reader_outcome outcome;

	(void)uv_timer_again(&source->watchdog);
	while ((outcome = sse_reader_next(&source->reader, &rest, &event)) != SSE_READER_MORE) {
		take_event(source, outcome, &event);
	}
	backoff_set_min(&source->backoff, sse_reader_retry_ms(&source->reader));
	if (source->saver != NULL) {
		state_saver_touch(source->saver);
	}
}

/*
 * Wikimedia ends a response every 15 minutes, some of its proxies in the middle of a chunk.
 * As long as it has brought something, or held on for a while, that is no outage.
 */
static void on_end(void *owner, const struct eventstreams_end *end)
{
	struct eventstreams *source = owner;
	bool is_quiet = uv_now(source->env->loop) - source->began_ms >= BACKOFF_MAX_MS;

	if (source->has_news || (end->is_clean && is_quiet)) {
		go_on(source, end);
	} else {
		fail(source, end->sentence, end->retry_after_s);
	}
}

static const struct eventstreams_request_ops request_ops = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_end = on_end,
};

/* --- pauses ----------------------------------------------------------------- */

/* While nothing is taken, silence is not the server's. */
static void pause_reading(void *source_pointer)
{
	struct eventstreams *source = source_pointer;

	source->is_paused = true;
	eventstreams_request_pause(source->request);
	if (source->is_requesting) {
		source->watchdog_ms = uv_timer_get_due_in(&source->watchdog);
		(void)uv_timer_stop(&source->watchdog);
	}
}

static void resume(void *source_pointer)
{
	struct eventstreams *source = source_pointer;
	uint64_t silence_ms = (uint64_t)source->conf->silence_timeout * 1000;

	source->is_paused = false;
	eventstreams_request_resume(source->request);
	if (source->is_requesting) {
		(void)uv_timer_start(&source->watchdog, on_watchdog, source->watchdog_ms,
		                     silence_ms);
	}
}

/* --- life --------------------------------------------------------------------- */

static void write_state(const void *owner, struct buffer *out)
{
	const struct eventstreams *source = owner;

	eventstreams_state_make(out, source->conf->url, sse_reader_last_id(&source->reader));
}

/* Lends, from `content`, the id to go on behind; none when there is no file, or none to use. */
static struct text read_state(const struct eventstreams *source, struct buffer *content)
{
	const char *file = source->conf->state_file;
	const struct log_scope *log = &source->env->log;
	enum state_file_outcome outcome;
	struct text id = {0};
	struct error error;
	const char *why;

	outcome = state_file_read(file, content, &error);
	if (outcome == STATE_FILE_UNREADABLE) {
		log_warn(log, "source.position", "%s; ignored", error.text);
	} else if (outcome == STATE_FILE_READ) {
		id = eventstreams_state_parse((struct text){content->bytes, content->length},
		                              source->conf->url, &why);
		if (id.bytes == NULL) {
			log_warn(log, "source.position", "%s: %s; ignored", file, why);
		} else {
			log_info(log, "source.position", "goes on from %s", file);
		}
	}
	return id;
}

static void init_position(struct eventstreams *source)
{
	const struct conf_eventstreams *conf = source->conf;
	struct buffer content = {0};
	struct text id = {0};

	if (conf->state_file[0] != '\0') {
		id = read_state(source, &content);
		source->saver = state_saver_create(source->env->loop, &source->env->log,
		                                   conf->state_file, write_state, source);
	}
	sse_reader_init(&source->reader, id);
	buffer_finish(&content);
}

static void init_timers(struct eventstreams *source)
{
	require(uv_timer_init(source->env->loop, &source->wait) == 0);
	require(uv_timer_init(source->env->loop, &source->watchdog) == 0);
	source->wait.data = source;
	source->watchdog.data = source;
}

static void warn_without_contact(const struct eventstreams *source)
{
	if (eventstreams_request_is_wikimedia(source->request) &&
	    source->conf->contact[0] == '\0') {
		log_warn(
		    &source->env->log, "source.contact",
		    "Wikimedia refuses clients whose User-Agent names no contact: set contact");
	}
}

static void stop(void *source_pointer)
{
	struct eventstreams *source = source_pointer;

	eventstreams_request_stop(source->request);
	uv_close((uv_handle_t *)&source->wait, NULL);
	uv_close((uv_handle_t *)&source->watchdog, NULL);
	if (source->saver != NULL) {
		state_saver_stop(source->saver);
	}
	metric_set(&source->env->stats->is_up, 0);
}

static bool is_done(const void *source_pointer)
{
	const struct eventstreams *source = source_pointer;

	return source->saver == NULL || state_saver_is_done(source->saver);
}

static void destroy(void *source_pointer)
{
	struct eventstreams *source = source_pointer;

	if (source != NULL) {
		eventstreams_request_destroy(source->request);
		state_saver_destroy(source->saver);
		recent_ids_destroy(source->ids);
		sse_reader_finish(&source->reader);
		free(source);
	}
}

static void *start(const struct source_env *env, const struct conf_ingest *entry,
                   struct error *error)
{
	struct eventstreams *source = mem_new(struct eventstreams);

	source->env = env;
	source->conf = &entry->as.eventstreams;
	source->request =
	    eventstreams_request_create(env->loop, source->conf, &request_ops, source, error);
	if (source->request == NULL) {
		destroy(source);
		return NULL;
	}
	source->ids = recent_ids_create();
	backoff_init(&source->backoff);
	init_timers(source);
	init_position(source);
	warn_without_contact(source);
	begin(source);
	return source;
}

const struct source_type eventstreams_source = {
    .type = "eventstreams",
    .start = start,
    .pause = pause_reading,
    .resume = resume,
    .stop = stop,
    .is_done = is_done,
    .destroy = destroy,
};
