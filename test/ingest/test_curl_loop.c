/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/curl_loop: libcurl's transfers on a libuv loop. */
#include "ingest/curl_loop.h"

#include "test/ingest/stand_in.h"

#define LARGE (4 * 1024 * 1024)

struct trial {
	uv_loop_t loop;
	struct stand_in *server;
	struct curl_loop *curl;
	CURL *easy;
	struct buffer body;
	int done;
	CURLcode result;
	bool is_again; /* on_done() begins one more */
};

static void on_done(void *owner, CURL *easy, CURLcode result)
{
	struct trial *trial = owner;

	assert_ptr_equal(easy, trial->easy);
	trial->done++;
	trial->result = result;
	if (trial->is_again) {
		trial->is_again = false;
		curl_loop_add(trial->curl, easy);
	}
}

static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
	struct trial *trial = context;

	buffer_append(&trial->body, bytes, size * length);
	return size * length;
}

static void set_url(struct trial *trial, const char *host)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "http://%s:%u/", host, trial->server->port);
	assert_int_equal(curl_easy_setopt(trial->easy, CURLOPT_URL, url), CURLE_OK);
}

static struct trial *create(const struct stand_in_answer *answers, size_t count)
{
	struct trial *trial = mem_new(struct trial);
	struct error error = {""};

	assert_int_equal(uv_loop_init(&trial->loop), 0);
	trial->server = stand_in_create(&trial->loop, answers, count);
	trial->curl = curl_loop_create(&trial->loop, on_done, trial, &error);
	assert_non_null(trial->curl);
	trial->easy = curl_easy_init();
	(void)curl_easy_setopt(trial->easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(trial->easy, CURLOPT_WRITEDATA, trial);
	(void)curl_easy_setopt(trial->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(trial->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(trial->easy, CURLOPT_QUICK_EXIT, 1L);
	set_url(trial, "127.0.0.1");
	return trial;
}

static void destroy(struct trial *trial)
{
	curl_easy_cleanup(trial->easy);
	curl_loop_stop(trial->curl);
	stand_in_stop(trial->server);
	(void)uv_run(&trial->loop, UV_RUN_DEFAULT);
	curl_loop_destroy(trial->curl);
	stand_in_destroy(trial->server);
	assert_int_equal(uv_loop_close(&trial->loop), 0);
	buffer_finish(&trial->body);
	free(trial);
}

static void turn(struct trial *trial, unsigned ms, int done)
{
	for (unsigned i = 0; i < ms && trial->done < done; i++) {
		(void)uv_run(&trial->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
}

/* curl_loop.h: on_done() has the result, and may begin the next, over the same connection too. */
static void test_transfers_are_done_and_begun_again(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", true},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo", false},
	};
	struct trial *trial = create(answers, 2);

	(void)state;
	trial->is_again = true;
	curl_loop_add(trial->curl, trial->easy);
	turn(trial, 10000, 2);
	assert_int_equal(trial->done, 2);
	assert_int_equal(trial->result, CURLE_OK);
	assert_int_equal(trial->body.length, 6);
	assert_memory_equal(trial->body.bytes, "onetwo", 6);
	assert_null(trial->server->connections->next);
	destroy(trial);
}

/* What libcurl has to say of a peer comes as a result. */
static void test_faults_are_results(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none", false}};
	struct trial *trial = create(answers, 1);

	(void)state;
	curl_loop_add(trial->curl, trial->easy);
	turn(trial, 10000, 1);
	assert_int_equal(trial->result, CURLE_PARTIAL_FILE);
	(void)curl_easy_setopt(trial->easy, CURLOPT_URL, "http://127.0.0.1:1/");
	curl_loop_add(trial->curl, trial->easy);
	turn(trial, 10000, 2);
	assert_int_equal(trial->done, 2);
	assert_int_equal(trial->result, CURLE_COULDNT_CONNECT);
	destroy(trial);
}

/* curl_loop.h: a name is resolved in a thread, whose news come by a socket of their own. */
static void test_names_are_resolved(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", false}};
	struct trial *trial = create(answers, 1);

	(void)state;
	set_url(trial, "localhost");
	curl_loop_add(trial->curl, trial->easy);
	turn(trial, 10000, 1);
	assert_int_equal(trial->done, 1);
	assert_int_equal(trial->result, CURLE_OK);
	destroy(trial);
}

/* curl_loop.h: a pause touches no socket, and what waits comes whole after it. */
static void test_pause_leaves_the_bytes_with_the_kernel(void **state)
{
	struct buffer text = {0};
	char *bytes;
	struct stand_in_answer answer = {NULL, false};
	struct trial *trial;
	size_t before;

	(void)state;
	buffer_printf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);
	memset(buffer_reserve(&text, LARGE), 'x', LARGE);
	text.length += LARGE;
	bytes = buffer_take(&text, NULL);
	answer.bytes = bytes;
	trial = create(&answer, 1);
	curl_loop_add(trial->curl, trial->easy);
	while (trial->body.length == 0) {
		(void)uv_run(&trial->loop, UV_RUN_ONCE);
	}
	curl_loop_pause(trial->curl);
	curl_loop_pause(trial->curl);
	before = trial->body.length;
	assert_true(before < LARGE);
	turn(trial, 100, 1);
	assert_int_equal(trial->body.length, before);
	curl_loop_resume(trial->curl);
	curl_loop_resume(trial->curl);
	turn(trial, 10000, 1);
	assert_int_equal(trial->result, CURLE_OK);
	assert_int_equal(trial->body.length, LARGE);
	destroy(trial);
	free(bytes);
}

/* A pause before anything is there holds up the whole transfer, and its resumption has it go on. */
static void test_pause_holds_up_a_transfer_that_begins(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", false}};
	struct trial *trial = create(answers, 1);

	(void)state;
	curl_loop_pause(trial->curl);
	curl_loop_add(trial->curl, trial->easy);
	turn(trial, 100, 1);
	assert_int_equal(trial->server->requests, 0);
	curl_loop_resume(trial->curl);
	turn(trial, 10000, 1);
	assert_int_equal(trial->done, 1);
	assert_int_equal(trial->result, CURLE_OK);
	destroy(trial);
}

/* curl_loop.h: one that is removed is not done, wherever it was, and leaves nothing behind. */
static void test_removed_transfer_is_not_done(void **state)
{
	static const struct stand_in_answer answers[] = {
	    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none", true}};

	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		struct trial *trial = create(answers, 1);

		set_url(trial, turns % 2 == 0 ? "127.0.0.1" : "localhost");
		curl_loop_add(trial->curl, trial->easy);
		for (int i = 0; i < turns; i++) {
			(void)uv_run(&trial->loop, UV_RUN_NOWAIT);
			uv_sleep(1);
		}
		curl_loop_remove(trial->curl, trial->easy);
		turn(trial, 5, 1);
		assert_int_equal(trial->done, 0);
		destroy(trial);
	}
	curl_loop_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transfers_are_done_and_begun_again),
	    cmocka_unit_test(test_faults_are_results),
	    cmocka_unit_test(test_names_are_resolved),
	    cmocka_unit_test(test_pause_leaves_the_bytes_with_the_kernel),
	    cmocka_unit_test(test_pause_holds_up_a_transfer_that_begins),
	    cmocka_unit_test(test_removed_transfer_is_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
