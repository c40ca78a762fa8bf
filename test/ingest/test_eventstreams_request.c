/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/eventstreams_request: what is asked for, and what is taken as an answer. */
#include "ingest/eventstreams_request.h"

#include "test/ingest/stand_in.h"

#define ANSWERS(array) array, sizeof(array) / sizeof(array[0])

struct trial {
	uv_loop_t loop;
	struct stand_in *server;
	struct conf_eventstreams conf;
	struct eventstreams_request *request;
	char url[256];
	struct buffer body;
	int opened;
	int ended;
	bool is_clean;
	unsigned retry_after_s;
	char sentence[512];
};

static void on_open(void *owner)
{
	struct trial *trial = owner;

	trial->opened++;
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	struct trial *trial = owner;

	assert_int_equal(trial->opened, trial->ended + 1);
	buffer_append(&trial->body, bytes, length);
}

static void on_end(void *owner, const struct eventstreams_end *end)
{
	struct trial *trial = owner;

	trial->ended++;
	trial->is_clean = end->is_clean;
	trial->retry_after_s = end->retry_after_s;
	(void)snprintf(trial->sentence, sizeof(trial->sentence), "%s", end->sentence);
}

static const struct eventstreams_request_ops ops = {
    .on_open = on_open, .on_bytes = on_bytes, .on_end = on_end};

static void create_request(struct trial *trial)
{
	struct error error = {""};

	trial->request =
	    eventstreams_request_create(&trial->loop, &trial->conf, &ops, trial, &error);
	assert_string_equal(error.text, "");
	assert_non_null(trial->request);
}

static struct trial *create(const struct stand_in_answer *answers, size_t count)
{
	struct trial *trial = mem_new(struct trial);

	assert_int_equal(uv_loop_init(&trial->loop), 0);
	trial->server = stand_in_create(&trial->loop, answers, count);
	(void)snprintf(trial->url, sizeof(trial->url), "http://127.0.0.1:%u/stream?a=b",
	               trial->server->port);
	trial->conf = (struct conf_eventstreams){
	    .url = trial->url, .contact = "", .since = "", .ca_file = "", .state_file = ""};
	return trial;
}

static void destroy(struct trial *trial)
{
	eventstreams_request_stop(trial->request);
	stand_in_stop(trial->server);
	(void)uv_run(&trial->loop, UV_RUN_DEFAULT);
	eventstreams_request_destroy(trial->request);
	stand_in_destroy(trial->server);
	assert_int_equal(uv_loop_close(&trial->loop), 0);
	buffer_finish(&trial->body);
	free(trial);
}

static void turn(struct trial *trial, unsigned ms, int ended)
{
	for (unsigned i = 0; i < ms && trial->ended < ended; i++) {
		(void)uv_run(&trial->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
}

static void begin(struct trial *trial, const char *last_id)
{
	int ended = trial->ended;

	if (trial->request == NULL) {
		create_request(trial);
	}
	eventstreams_request_begin(trial->request, (struct text){last_id, strlen(last_id)});
	turn(trial, 10000, ended + 1);
	assert_int_equal(trial->ended, ended + 1);
}

/* One request that is answered like this; the sentence of its end. */
static void assert_ends(const char *answer, bool is_clean, const char *sentence)
{
	const struct stand_in_answer answers[] = {{answer, false}};
	struct trial *trial = create(ANSWERS(answers));

	begin(trial, "");
	assert_string_equal(trial->sentence, sentence);
	assert_int_equal(trial->is_clean, is_clean);
	assert_int_equal(trial->opened, is_clean);
	destroy(trial);
}

/* Wikimedia's User-Agent policy: program, version and contact; HTML Standard §9.2: Accept. */
static void test_request_says_who_asks_and_for_what(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM, false}};
	struct trial *trial = create(ANSWERS(answers));

	(void)state;
	trial->conf.contact = "https://example.org/; someone@example.org";
	begin(trial, "");
	assert_true(stand_in_was_sent(trial->server, "GET /stream?a=b HTTP/1.1\r\n"));
	assert_true(stand_in_was_sent(trial->server, "User-Agent: rcstreamd/"));
	assert_true(stand_in_was_sent(trial->server,
	                              " (https://example.org/; someone@example.org) libcurl/"));
	assert_true(stand_in_was_sent(trial->server, "Accept: text/event-stream\r\n"));
	assert_false(stand_in_was_sent(trial->server, "Last-Event-ID"));
	assert_false(stand_in_was_sent(trial->server, "Accept-Encoding"));
	assert_false(stand_in_was_sent(trial->server, "since"));
	destroy(trial);
}

/* eventstreams_request.h: a position goes before `since`, which is a parameter of the query. */
static void test_position_goes_before_since(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM, false}};
	struct trial *trial = create(ANSWERS(answers));

	(void)state;
	trial->conf.since = "2026-08-01T00:00:00+02:00 &x=y";
	begin(trial, "");
	assert_true(stand_in_was_sent(
	    trial->server, "GET /stream?a=b&since=2026-08-01T00%3a00%3a00%2b02%3a00+%26x%3dy "));
	assert_false(stand_in_was_sent(trial->server, "Last-Event-ID"));
	buffer_clear(&trial->server->heads);
	begin(trial, "[{\"topic\":\"a\",\"offset\":1}]");
	assert_true(stand_in_was_sent(trial->server, "GET /stream?a=b HTTP/1.1\r\n"));
	assert_true(stand_in_was_sent(trial->server,
	                              "Last-Event-ID: [{\"topic\":\"a\",\"offset\":1}]\r\n"));
	destroy(trial);
}

/* eventstreams_request.h: 200, text/event-stream, no encoding; on_open() even without a body. */
static void test_response_that_is_one_is_open(void **state)
{
	static const char clean[] = "the server has ended the response";

	(void)state;
	assert_ends(STAND_IN_STREAM, true, clean);
	assert_ends("HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream; charset=utf-8\r\n\r\n:ok",
	            true, clean);
	assert_ends(STAND_IN_OK "Content-Encoding: identity\r\n\r\n", true, clean);
	assert_ends(STAND_IN_OK "Transfer-Encoding: chunked\r\n\r\n3\r\n:ok\r\n0\r\n\r\n", true,
	            clean);
	assert_ends("HTTP/1.1 103 Early Hints\r\n\r\n" STAND_IN_STREAM, true, clean);
}

/* eventstreams_request.h: anything else is refused, with what was met. */
static void test_response_that_is_none_is_refused(void **state)
{
	(void)state;
	assert_ends("HTTP/1.1 500 Oops\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
	            false, "HTTP 500");
	assert_ends("HTTP/1.1 204 No Content\r\n\r\n", false, "HTTP 204");
	assert_ends("HTTP/1.1 304 Not Modified\r\n\r\n", false, "HTTP 304");
	assert_ends("HTTP/1.1 302 Found\r\nContent-Length: 3\r\n\r\nabc", false, "HTTP 302");
	assert_ends("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n", false,
	            "not text/event-stream: Content-Type missing");
	assert_ends("HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\n", false,
	            "not text/event-stream: Content-Type text/event-streams");
	assert_ends(STAND_IN_OK "Content-Encoding: gzip\r\n\r\n\x1f\x8b", false,
	            "not asked for: Content-Encoding gzip");
}

/* eventstreams_request.h: a response that is cut off does not end cleanly. */
static void test_response_that_is_cut_off_is_told_apart(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {STAND_IN_OK "Transfer-Encoding: chunked\r\n\r\n3\r\n:ok\r\n5\r\nda", false},
	    {STAND_IN_OK "Content-Length: 100\r\n\r\n:ok", false},
	    {"HTTP/1.1 200 OK\r\nConte", false},
	    {"garbage\r\n\r\n", false},
	};
	struct trial *trial = create(ANSWERS(answers));

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		trial->opened = trial->ended;
		begin(trial, "");
		assert_false(trial->is_clean);
		assert_int_equal(trial->opened, trial->ended - (i < 2 ? 0 : 1));
		assert_true(trial->sentence[0] != '\0');
	}
	assert_int_equal(trial->body.length, 3 + 2 + 3);
	destroy(trial);
}

/* RFC 9110 §10.2.3: seconds or a date; it is that of its response, and of no later one. */
static void test_retry_after_is_told(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 429 Slow\r\nRetry-After: 17\r\n\r\n", false},
	    {"HTTP/1.1 503 Gone\r\n\r\n", false},
	    {"HTTP/1.1 503 Gone\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n", false},
	    {"HTTP/1.1 503 Gone\r\nRetry-After: soon\r\n\r\n", false},
	    {STAND_IN_OK "Retry-After: 17\r\n\r\n", false},
	};
	static const unsigned seconds[] = {17, 0, 86400, 0, 0};
	struct trial *trial = create(ANSWERS(answers));

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		begin(trial, "");
		assert_int_equal(trial->retry_after_s, seconds[i]);
	}
	destroy(trial);
}

/* eventstreams_request.h: redirects are followed, with the position, to a limit. */
static void test_redirects_are_followed_to_a_limit(void **state)
{
	static const char redirect[] =
	    "HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 3\r\n\r\nabc";
	static const struct stand_in_answer few[] = {{redirect, false}, {redirect, false},
	                                             {redirect, false}, {redirect, false},
	                                             {redirect, false}, {STAND_IN_STREAM, false}};
	static const struct stand_in_answer many[] = {{redirect, false}};
	struct trial *trial = create(ANSWERS(few));

	(void)state;
	begin(trial, "17");
	assert_true(trial->is_clean);
	assert_true(stand_in_was_sent(trial->server, "GET /there HTTP/1.1\r\n"));
	buffer_consume(&trial->server->heads, trial->server->heads.length / 2);
	assert_true(stand_in_was_sent(trial->server, "Last-Event-ID: 17\r\n"));
	destroy(trial);
	trial = create(ANSWERS(many));
	begin(trial, "");
	assert_int_equal(trial->opened, 0);
	assert_int_equal(trial->server->requests, 1 + EVENTSTREAMS_REQUEST_REDIRECTS_MAX);
	assert_non_null(strstr(trial->sentence, "redirects"));
	destroy(trial);
}

/* eventstreams_request.h: a redirect leads to http and https only. */
static void test_redirect_to_a_file_is_refused(void **state)
{
	(void)state;
	assert_ends("HTTP/1.1 302 There\r\nLocation: file:///etc/passwd\r\n\r\n", false,
	            "Protocol \"file\" not supported or disabled in libcurl");
}

/* eventstreams_request.h: a header without an end is given up. */
static void test_header_over_its_limit_is_refused(void **state)
{
	struct buffer text = {0};
	struct stand_in_answer answer = {NULL, true};
	struct trial *trial;
	char *bytes;

	(void)state;
	buffer_append_text(&text, "HTTP/1.1 200 OK\r\n");
	while (text.length <= EVENTSTREAMS_REQUEST_HEADER_BYTES_MAX) {
		buffer_append_text(&text, "X-Filler: 0123456789012345678901234567890123456789\r\n");
	}
	bytes = buffer_take(&text, NULL);
	answer.bytes = bytes;
	trial = create(&answer, 1);
	begin(trial, "");
	assert_string_equal(trial->sentence, "a header over the limit");
	destroy(trial);
	free(bytes);
}

/* eventstreams_request.h: a request that is cancelled does not end; the next one may begin. */
static void test_cancelled_request_does_not_end(void **state)
{
	static const struct stand_in_answer answers[] = {{STAND_IN_STREAM ":ok", true},
	                                                 {STAND_IN_STREAM, false}};
	struct trial *trial = create(ANSWERS(answers));

	(void)state;
	create_request(trial);
	eventstreams_request_cancel(trial->request);
	eventstreams_request_begin(trial->request, (struct text){NULL, 0});
	while (trial->body.length == 0) {
		(void)uv_run(&trial->loop, UV_RUN_ONCE);
	}
	eventstreams_request_cancel(trial->request);
	eventstreams_request_cancel(trial->request);
	turn(trial, 20, 1);
	assert_int_equal(trial->ended, 0);
	trial->opened = 0;
	begin(trial, "");
	assert_int_equal(trial->opened, 1);
	destroy(trial);
}

/* eventstreams_request.h: an option that is not usable is told at the start, the URL not repeated.
 */
static void test_unusable_options_are_refused(void **state)
{
	static const struct {
		const char *url, *contact, *ca_file, *sentence;
	} cases[] = {
	    {"ftp://example.org/", "", "",
	     "url: Unsupported URL scheme (want http:// or https://)"},
	    {"example.org", "", "", "url: Unsupported URL scheme (want http:// or https://)"},
	    {"http://", "", "", "url: "},
	    {"http://user:secret@exa mple/", "", "", "url: "},
	    {"http://example.org:99999/", "", "", "url: "},
	    {"http://example.org/\n", "", "", "url: "},
	    {"http://example.org/", "a\r\nX: y", "", "contact: "},
	    {"http://example.org/", "a (b)", "", "contact: "},
	    {"http://example.org/", "a\\b", "", "contact: "},
	    {"http://example.org/", "", "/nonexistent.pem",
	     "ca_file: /nonexistent.pem: cannot be read"},
	};
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_eventstreams conf = {.url = cases[i].url,
		                                 .contact = cases[i].contact,
		                                 .ca_file = cases[i].ca_file,
		                                 .since = ""};
		struct error error = {""};

		assert_null(eventstreams_request_create(&loop, &conf, &ops, NULL, &error));
		assert_non_null(strstr(error.text, cases[i].sentence));
		assert_null(strstr(error.text, "secret"));
	}
	assert_int_equal(uv_loop_close(&loop), 0);
	eventstreams_request_destroy(NULL);
}

static bool is_wikimedia(const char *url)
{
	const struct conf_eventstreams conf = {
	    .url = url, .contact = "", .since = "", .ca_file = ""};
	struct eventstreams_request *request;
	struct error error = {""};
	uv_loop_t loop;
	bool is_it;

	assert_int_equal(uv_loop_init(&loop), 0);
	request = eventstreams_request_create(&loop, &conf, &ops, NULL, &error);
	assert_non_null(request);
	is_it = eventstreams_request_is_wikimedia(request);
	eventstreams_request_stop(request);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	eventstreams_request_destroy(request);
	assert_int_equal(uv_loop_close(&loop), 0);
	return is_it;
}

/* eventstreams_request.h: hosts below wikimedia.org, however they are written. */
static void test_servers_of_wikimedia_are_known(void **state)
{
	(void)state;
	assert_true(is_wikimedia("https://stream.wikimedia.org/v2/stream/recentchange"));
	assert_true(is_wikimedia("http://user@STREAM.Wikimedia.Org:8080/"));
	assert_false(is_wikimedia("https://stream.wikimedia.org.example.net/"));
	assert_false(is_wikimedia("https://notwikimedia.org/.wikimedia.org"));
	assert_false(is_wikimedia("https://127.0.0.1/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_says_who_asks_and_for_what),
	    cmocka_unit_test(test_position_goes_before_since),
	    cmocka_unit_test(test_response_that_is_one_is_open),
	    cmocka_unit_test(test_response_that_is_none_is_refused),
	    cmocka_unit_test(test_response_that_is_cut_off_is_told_apart),
	    cmocka_unit_test(test_retry_after_is_told),
	    cmocka_unit_test(test_redirects_are_followed_to_a_limit),
	    cmocka_unit_test(test_redirect_to_a_file_is_refused),
	    cmocka_unit_test(test_header_over_its_limit_is_refused),
	    cmocka_unit_test(test_cancelled_request_does_not_end),
	    cmocka_unit_test(test_unusable_options_are_refused),
	    cmocka_unit_test(test_servers_of_wikimedia_are_known),
	};

	/* A proxy of the environment knows nothing of 127.0.0.1. */
	(void)setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
