/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/eventstreams: a stream over many connections, each change once. */
#include "ingest/eventstreams.h"

#include "test/ingest/stand_in.h"

#define ANSWERS(array) array, sizeof(array) / sizeof(array[0])
#define WAIT_MS        20000

/* An event as EventStreams sends it: its position and its change's id are `n`. */
#define META(n) "\"meta\":{\"id\":\"uuid-" #n "\",\"domain\":\"en.wikipedia.org\"}"
#define EVENT(n)                                                       \
	"event: message\nid: [{\"offset\":" #n "}]\ndata: {\"id\":" #n \
	"," META(n) ",\"server_name\":\"en.wikipedia.org\"}\n\n"
#define CANARY(n)                                                                          \
	"id: [{\"offset\":" #n "}]\ndata: {\"meta\":{\"id\":\"canary-" #n "\",\"domain\":" \
	"\"canary\"}}\n\n"
#define CUT_OFF \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\n"

/* The server has a loop of its own, so that it lives on when the source ends. */
struct trial {
	struct rig *rig;
	struct stand_in *server;
	uv_loop_t *server_loop;
};

static void start_source(struct trial *trial, const char *options)
{
	char entry[512];
	struct error error = {""};

	(void)snprintf(entry, sizeof(entry),
	               "{type: eventstreams, url: \"http://127.0.0.1:%u/\"%s}", trial->server->port,
	               options);
	trial->rig = rig_create(entry);
	assert_true(rig_start(trial->rig, &error));
}

/* A source of a server that answers like this, started; `options` as in YAML. */
static struct trial create(const struct stand_in_answer *answers, size_t count, const char *options)
{
	struct trial trial = {.server_loop = mem_new(uv_loop_t)};

	assert_int_equal(uv_loop_init(trial.server_loop), 0);
	trial.server = stand_in_create(trial.server_loop, answers, count);
	start_source(&trial, options);
	return trial;
}

static void destroy(struct trial trial)
{
	rig_destroy(trial.rig);
	stand_in_stop(trial.server);
	(void)uv_run(trial.server_loop, UV_RUN_DEFAULT);
	stand_in_destroy(trial.server);
	assert_int_equal(uv_loop_close(trial.server_loop), 0);
	free(trial.server_loop);
}

static void turn(struct trial trial)
{
	(void)uv_run(&trial.rig->loop, UV_RUN_NOWAIT);
	(void)uv_run(trial.server_loop, UV_RUN_NOWAIT);
	uv_sleep(1);
}

/* Turn until the figure has reached a value; whether it has. */
static bool turn_until(struct trial trial, const metric *figure, uint64_t value)
{
	for (unsigned i = 0; i < WAIT_MS && metric_read(figure) < value; i++) {
		turn(trial);
	}
	return metric_read(figure) >= value;
}

static void turn_until_asked(struct trial trial, size_t requests)
{
	for (unsigned i = 0; i < WAIT_MS && trial.server->requests < requests; i++) {
		turn(trial);
	}
	assert_int_equal(trial.server->requests, requests);
}

static void turn_for(struct trial trial, uint64_t ms)
{
	uint64_t began_ms = uv_hrtime() / 1000000;

	while (uv_hrtime() / 1000000 - began_ms < ms) {
		turn(trial);
	}
}

/* The ids of the changes published so far, "1 2 3 ". */
static void assert_published(struct trial trial, const char *ids)
{
	struct buffer found = {0};
	char *text;

	for (size_t i = 0; i < trial.rig->count; i++) {
		const char *id = strstr(change_json(trial.rig->changes[i]).bytes, "\"id\":") + 5;

		buffer_append(&found, id, strcspn(id, ","));
		buffer_append_byte(&found, ' ');
	}
	text = buffer_take(&found, NULL);
	assert_string_equal(text, ids);
	free(text);
}

/* eventstreams.h: changes come out as they were, and the source is up while it can receive. */
static void test_events_become_changes(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {STAND_IN_STREAM ":ok\n\n" EVENT(1) EVENT(2), true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct source_stats *stats = &trial.rig->stats;

	(void)state;
	assert_int_equal(metric_read(&stats->is_up), 0);
	assert_true(turn_until(trial, &stats->received, 2));
	assert_published(trial, "1 2 ");
	assert_string_equal(change_json(trial.rig->changes[0]).bytes,
	                    "{\"id\":1," META(1) ",\"server_name\":\"en.wikipedia.org\"}");
	assert_int_equal(metric_read(&stats->is_up), 1);
	assert_int_equal(metric_read(&stats->reconnects), 0);
	destroy(trial);
}

/* eventstreams.h: a clean end is followed by the next request, with the last id, at once. */
static void test_clean_end_goes_on_at_once(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM EVENT(1), false},
	                                                 {STAND_IN_STREAM EVENT(2), false},
	                                                 {STAND_IN_STREAM EVENT(3), true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct source_stats *stats = &trial.rig->stats;
	uint64_t began_ms = uv_now(&trial.rig->loop);

	(void)state;
	assert_true(turn_until(trial, &stats->received, 3));
	assert_published(trial, "1 2 3 ");
	/* At once, but 200 ms from one request to the next. */
	assert_true(uv_now(&trial.rig->loop) - began_ms >= 390);
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":1}]\r\n"));
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":2}]\r\n"));
	assert_int_equal(metric_read(&stats->reconnects), 2);
	assert_int_equal(metric_read(&stats->duplicates), 0);
	destroy(trial);
}

/* eventstreams.h: an event that is cut off is asked for again, one that comes again is dropped. */
static void test_cut_loses_and_repeats_nothing(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {CUT_OFF EVENT(1) EVENT(2) "id: [{\"offset\":3}]\ndata: {\"id\":3", false},
	    {STAND_IN_STREAM EVENT(1) EVENT(2) EVENT(3), true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct source_stats *stats = &trial.rig->stats;

	(void)state;
	assert_true(turn_until(trial, &stats->received, 5));
	assert_published(trial, "1 2 3 ");
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":2}]\r\n"));
	assert_int_equal(metric_read(&stats->duplicates), 2);
	assert_int_equal(metric_read(&stats->reconnects), 1);
	destroy(trial);
}

/* eventstreams.h: what fails is tried again until it works; it is no reconnection until then. */
static void test_faults_are_tried_again(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 500 Oops\r\n\r\n", false},
	    {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", false},
	    {STAND_IN_STREAM EVENT(1), true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct source_stats *stats = &trial.rig->stats;

	(void)state;
	assert_true(turn_until(trial, &stats->received, 1));
	assert_published(trial, "1 ");
	assert_int_equal(trial.server->requests, 3);
	assert_int_equal(metric_read(&stats->reconnects), 0);
	assert_int_equal(metric_read(&stats->is_up), 1);
	destroy(trial);
}

/* eventstreams.c: a response that ends without having brought anything is waited for, longer. */
static void test_empty_responses_back_off(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM ":ok\n\n", false}};
	struct trial trial = create(ANSWERS(answers), "");
	uint64_t began_ms = uv_now(&trial.rig->loop);

	(void)state;
	turn_until_asked(trial, 4);
	assert_true(uv_now(&trial.rig->loop) - began_ms >= 200 + 400 + 800);
	destroy(trial);
}

/* RFC 6585 §4: a server that asks for time gets it. */
static void test_retry_after_is_honoured(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n\r\n", false},
	    {STAND_IN_STREAM EVENT(1), true}};
	struct trial trial = create(ANSWERS(answers), "");
	uint64_t began_ms = uv_now(&trial.rig->loop);

	(void)state;
	assert_true(turn_until(trial, &trial.rig->stats.received, 1));
	assert_true(uv_now(&trial.rig->loop) - began_ms >= 1000);
	destroy(trial);
}

/* HTML Standard §9.2.6: `retry` is the least wait; a cut response is enough to need one. */
static void test_retry_raises_the_least_wait(void **state)
{
	static const struct stand_in_answer answers[] = {{CUT_OFF "retry: 1000\n" EVENT(1), false},
	                                                 {STAND_IN_STREAM EVENT(2), true}};
	struct trial trial = create(ANSWERS(answers), "");
	uint64_t began_ms = uv_now(&trial.rig->loop);

	(void)state;
	assert_true(turn_until(trial, &trial.rig->stats.received, 2));
	assert_true(uv_now(&trial.rig->loop) - began_ms >= 1000);
	destroy(trial);
}

/* eventstreams.h: canary events are life, and no changes; they need not name a wiki. */
static void test_canary_events_reach_nobody(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {STAND_IN_STREAM CANARY(1) "data: {\"meta\":{\"id\":\"c\",\"domain\":\"canary\"},"
	                               "\"id\":2,\"server_name\":\"en.wikipedia.org\"}\n\n",
	     false},
	    {STAND_IN_STREAM CANARY(1), true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct source_stats *stats = &trial.rig->stats;

	(void)state;
	assert_int_equal(metric_read(&stats->last_change_ms), 0);
	assert_true(turn_until(trial, &stats->received, 3));
	assert_published(trial, "");
	assert_int_not_equal(metric_read(&stats->last_change_ms), 0);
	assert_int_equal(rig_dropped(trial.rig, DROP_CANARY), 3);
	destroy(trial);
}

/* eventstreams.h: what is no change is dropped by its reason; other types are passed over. */
static void test_garbage_is_dropped_and_the_stream_goes_on(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {STAND_IN_STREAM "data: {\n\ndata: []\n\ndata: {\"id\":0}\n\ndata\n\ndata: \xff\n\n"
	                     "event: error\ndata: {}\n\n" EVENT(1),
	     true}};
	struct trial trial = create(ANSWERS(answers), "");
	struct rig *rig = trial.rig;

	(void)state;
	assert_true(turn_until(trial, &rig->stats.received, 6));
	assert_published(trial, "1 ");
	assert_int_equal(rig_dropped(rig, DROP_JSON_SYNTAX), 2);
	assert_int_equal(rig_dropped(rig, DROP_NOT_AN_OBJECT), 1);
	assert_int_equal(rig_dropped(rig, DROP_NO_SERVER_NAME), 1);
	assert_int_equal(rig_dropped(rig, DROP_NOT_UTF8), 1);
	assert_int_equal(metric_read(&rig->stats.received), 6);
	destroy(trial);
}

/* sse_reader.h: an event over 1 MiB is dropped, and the position moves over it. */
static void test_long_event_is_dropped_and_the_stream_goes_on(void **state)
{
	struct stand_in_answer answers[] = {{NULL, false}, {STAND_IN_STREAM EVENT(3), true}};
	struct buffer text = {0};
	struct trial trial;
	char *bytes;

	(void)state;
	buffer_append_text(&text, STAND_IN_STREAM EVENT(1) "id: [{\"offset\":2}]\ndata: ");
	memset(buffer_reserve(&text, 3 << 20), 'x', 3 << 20);
	text.length += 3 << 20;
	buffer_append_text(&text, "\n\n");
	bytes = buffer_take(&text, NULL);
	answers[0].bytes = bytes;
	trial = create(ANSWERS(answers), "");
	assert_true(turn_until(trial, &trial.rig->stats.received, 3));
	assert_published(trial, "1 3 ");
	assert_int_equal(rig_dropped(trial.rig, DROP_TRUNCATED), 1);
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":2}]\r\n"));
	destroy(trial);
	free(bytes);
}

/* options.def: a server that is silent for silence_timeout is left, before and after its header. */
static void test_silent_server_is_left(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"", true}, {STAND_IN_STREAM EVENT(1), true}, {STAND_IN_STREAM EVENT(2), true}};
	struct trial trial = create(ANSWERS(answers), ", silence_timeout: 1");
	struct source_stats *stats = &trial.rig->stats;

	(void)state;
	assert_true(turn_until(trial, &stats->received, 1));
	assert_int_equal(trial.server->requests, 2);
	assert_true(turn_until(trial, &stats->received, 2));
	assert_int_equal(trial.server->requests, 3);
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":1}]\r\n"));
	assert_published(trial, "1 2 ");
	assert_int_equal(metric_read(&stats->reconnects), 1);
	destroy(trial);
}

/* Send a comment over the last connection, as EventStreams does when there is no news. */
static void send_comment(struct trial trial)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t) ":\n", 2);

	assert_int_equal(
	    uv_try_write((uv_stream_t *)&trial.server->connections->handle, &buffer, 1), 2);
}

/* options.def: a comment is life. */
static void test_comments_are_life(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM EVENT(1), true}};
	struct trial trial = create(ANSWERS(answers), ", silence_timeout: 1");

	(void)state;
	assert_true(turn_until(trial, &trial.rig->stats.received, 1));
	for (uint64_t began_ms = uv_now(&trial.rig->loop);
	     uv_now(&trial.rig->loop) - began_ms < 2500;) {
		send_comment(trial);
		turn_for(trial, 100);
	}
	assert_int_equal(trial.server->requests, 1);
	assert_int_equal(metric_read(&trial.rig->stats.is_up), 1);
	destroy(trial);
}

/* source.h: while the source is paused nothing is taken, and silence is not the server's. */
static void test_pause_takes_nothing_and_waits_for_nothing(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM EVENT(1), true}};
	static const char more[] = EVENT(2);
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)more, sizeof(more) - 1);
	struct trial trial = create(ANSWERS(answers), ", silence_timeout: 1");
	struct rig *rig = trial.rig;

	(void)state;
	assert_true(turn_until(trial, &rig->stats.received, 1));
	rig->type->pause(rig->source);
	assert_int_equal(
	    uv_try_write((uv_stream_t *)&trial.server->connections->handle, &buffer, 1),
	    (int)buffer.len);
	turn_for(trial, 1500);
	assert_int_equal(metric_read(&rig->stats.received), 1);
	assert_int_equal(trial.server->requests, 1);
	rig->type->resume(rig->source);
	assert_true(turn_until(trial, &rig->stats.received, 2));
	assert_published(trial, "1 2 ");
	assert_int_equal(trial.server->requests, 1);
	destroy(trial);
}

/* A pause between two requests holds up the next one, and its watchdog starts with the resumption.
 */
static void test_pause_between_requests(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 500 Oops\r\n\r\n", false}, {"", true}, {STAND_IN_STREAM EVENT(1), true}};
	struct trial trial = create(ANSWERS(answers), ", silence_timeout: 1");
	struct rig *rig = trial.rig;

	(void)state;
	turn_until_asked(trial, 1);
	turn_for(trial, 20);
	rig->type->pause(rig->source);
	turn_for(trial, 600);
	assert_int_equal(trial.server->requests, 1);
	rig->type->resume(rig->source);
	assert_true(turn_until(trial, &rig->stats.received, 1));
	assert_int_equal(trial.server->requests, 3);
	destroy(trial);
}

/* source.h: a fault at the start is a sentence, and leaves nothing behind. */
static void test_unusable_url_is_refused(void **state)
{
	struct rig *rig = rig_create("{type: eventstreams, url: \"example.org\"}");
	struct error error = {""};

	(void)state;
	assert_false(rig_start(rig, &error));
	assert_string_equal(error.text, "url: Unsupported URL scheme (want http:// or https://)");
	rig_destroy(rig);
}

/* options.def: with a state file a new run goes on where the one before has stopped. */
static void test_state_file_carries_the_position_over(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM EVENT(7), true}};
	char file[] = "/tmp/test_eventstreams_XXXXXX";
	char options[128];
	struct trial trial;
	int descriptor = mkstemp(file);

	(void)state;
	assert_true(descriptor >= 0);
	(void)close(descriptor); /* empty: no state file, and no obstacle */
	(void)snprintf(options, sizeof(options), ", state_file: \"%s\", since: x", file);
	trial = create(ANSWERS(answers), options);
	assert_true(turn_until(trial, &trial.rig->stats.received, 1));
	assert_true(stand_in_was_sent(trial.server, "GET /?since=x HTTP/1.1\r\n"));
	assert_false(stand_in_was_sent(trial.server, "Last-Event-ID"));
	rig_destroy(trial.rig);
	start_source(&trial, options);
	turn_until_asked(trial, 2);
	assert_true(stand_in_was_sent(trial.server, "GET / HTTP/1.1\r\n"));
	assert_true(stand_in_was_sent(trial.server, "Last-Event-ID: [{\"offset\":7}]\r\n"));
	destroy(trial);
	assert_int_equal(unlink(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_become_changes),
	    cmocka_unit_test(test_clean_end_goes_on_at_once),
	    cmocka_unit_test(test_cut_loses_and_repeats_nothing),
	    cmocka_unit_test(test_faults_are_tried_again),
	    cmocka_unit_test(test_empty_responses_back_off),
	    cmocka_unit_test(test_retry_after_is_honoured),
	    cmocka_unit_test(test_retry_raises_the_least_wait),
	    cmocka_unit_test(test_canary_events_reach_nobody),
	    cmocka_unit_test(test_garbage_is_dropped_and_the_stream_goes_on),
	    cmocka_unit_test(test_long_event_is_dropped_and_the_stream_goes_on),
	    cmocka_unit_test(test_silent_server_is_left),
	    cmocka_unit_test(test_comments_are_life),
	    cmocka_unit_test(test_pause_takes_nothing_and_waits_for_nothing),
	    cmocka_unit_test(test_pause_between_requests),
	    cmocka_unit_test(test_unusable_url_is_refused),
	    cmocka_unit_test(test_state_file_carries_the_position_over),
	};

	/* A proxy of the environment knows nothing of 127.0.0.1. */
	(void)setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
