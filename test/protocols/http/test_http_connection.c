/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_exchange.h"

/* --- endpoints ---------------------------------------------------------- */

/* Answers with what the request was. */
static void echo_on_request(void *state, struct http_exchange *exchange)
{
	const struct http_request *request = http_exchange_request(exchange);
	struct buffer body = {0};

	(void)state;
	buffer_printf(&body, "%.*s|%.*s", (int)request->path.length, request->path.bytes,
	              (int)request->body.length,
	              request->body.bytes != NULL ? request->body.bytes : "");
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "text/plain",
				   .fields = "Cache-Control: max-age=1\r\n",
				   .body = {.bytes = body.bytes, .length = body.length},
			       });
	buffer_finish(&body);
}

#define BIG_BYTES (64 * 1024)

static void big_on_request(void *state, struct http_exchange *exchange)
{
	char *body = mem_zeroed(BIG_BYTES);

	(void)state;
	memset(body, '.', BIG_BYTES);
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "text/plain",
				   .body = {.bytes = body, .length = BIG_BYTES},
			       });
	free(body);
}

static void last_on_request(void *state, struct http_exchange *exchange)
{
	(void)state;
	http_respond(exchange, &(struct http_response){.status = 200, .closes = true});
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/echo", .takes_any = true, .on_request = echo_on_request},
    {.path = "/big", .on_request = big_on_request},
    {.path = "/last", .on_request = last_on_request},
    {.path = NULL},
};

/* --- tests -------------------------------------------------------------- */

/* RFC 9112 §9.3.2: requests in a row are answered in their order, however they are cut. */
static void test_http_answers_pipelined_requests_in_order(void **state)
{
	static const char requests[] = GET("/echo") POST("/echo") GET("/echo?x");
	static const char answers[] = OK("6", "/echo|") OK("11", "/echo|hello") OK("6", "/echo|");
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, requests);
	harness_expect(&harness, client, answers, false);
	for (size_t i = 0; i < sizeof(requests) - 1; i++) {
		harness_write(&harness, client, requests + i, 1);
	}
	harness_expect(&harness, client, answers, false);
	assert_int_equal(metric_read(&harness.stats.metrics.http_requests), 6);
	close(client);
	harness_finish(&harness);
}

/* RFC 9112 §9.3: HTTP/1.0 closes, unless keep-alive is asked for, and then it is told. */
static void test_http_keeps_alive_as_the_version_wants(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, "GET /last HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	harness_expect(&harness, client,
	               "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Length: 0\r\n"
	               "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	               true);
	close(client);
	client = harness_connect(&harness);
	harness_send(&harness, client,
	             "HEAD /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	             "HEAD /echo HTTP/1.0\r\n\r\n" GET("/echo"));
	harness_expect(&harness, client,
	               "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/plain\r\n"
	               "Content-Length: 6\r\nConnection: keep-alive\r\n"
	               "Cache-Control: max-age=1\r\n\r\n"
	               "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/plain\r\n"
	               "Content-Length: 6\r\nConnection: close\r\n"
	               "Cache-Control: max-age=1\r\n\r\n",
	               true);
	assert_int_equal(metric_read(&harness.stats.metrics.http_requests), 3);
	close(client);
	harness_finish(&harness);
}

/* RFC 9110 §15.5.5, §15.5.6, §9.3.7: who is asked in vain says so, and goes on. */
static void test_http_tells_what_is_not_there_and_what_is_not_allowed(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, "PUT /big HTTP/1.1\r\nHost: x\r\n\r\n" POST("/big"));
	harness_expect(&harness, client,
	               "HTTP/1.1 405 Method Not Allowed\r\nServer: rcstreamd\r\n"
	               "Content-Length: 0\r\nCache-Control: no-store\r\n"
	               "Allow: GET, HEAD, OPTIONS\r\n\r\n"
	               "HTTP/1.1 405 Method Not Allowed\r\nServer: rcstreamd\r\n"
	               "Content-Length: 0\r\nCache-Control: no-store\r\n"
	               "Allow: GET, HEAD, OPTIONS\r\n\r\n",
	               false);
	harness_send(&harness, client,
	             "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" GET("/no") GET("/echo"));
	harness_expect(&harness, client,
	               "HTTP/1.1 204 No Content\r\nServer: rcstreamd\r\n"
	               "Cache-Control: no-store\r\nAllow: GET, HEAD, POST, OPTIONS\r\n\r\n"
	               "HTTP/1.1 404 Not Found\r\nServer: rcstreamd\r\n"
	               "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: 10\r\n"
	               "Cache-Control: no-store\r\n\r\nNot Found\n" OK("6", "/echo|"),
	               false);
	close(client);
	harness_finish(&harness);
}

/* After what cannot be read nothing is read: the answer is the last, and in its turn. */
static void test_http_closes_after_what_it_refuses(void **state)
{
	static const struct {
		const char *request;
		const char *answer;
		enum close_reason reason;
	} rows[] = {
	    {"nonsense\r\n\r\n", REFUSED("400", "12", "Bad Request"), CLOSE_PROTOCOL_ERROR},
	    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n",
	     REFUSED("413", "18", "Content Too Large"), CLOSE_TOO_BIG},
	    {"GET / HTTP/2.0\r\n\r\n", REFUSED("505", "27", "HTTP Version Not Supported"),
	     CLOSE_PROTOCOL_ERROR},
	};
	struct harness harness;

	(void)state;
	harness_start(&harness);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = harness_closed(&harness, rows[i].reason);
		struct buffer expected = {0};
		int client = harness_connect(&harness);

		harness_send(&harness, client, GET("/echo"));
		harness_send(&harness, client, rows[i].request);
		harness_send(&harness, client, GET("/echo"));
		buffer_printf(&expected, "%s%s", OK("6", "/echo|"), rows[i].answer);
		buffer_append_byte(&expected, '\0');
		harness_expect(&harness, client, expected.bytes, true);
		assert_int_equal(harness_closed(&harness, rows[i].reason), before + 1);
		buffer_finish(&expected);
		close(client);
	}
	assert_int_equal(metric_read(&harness.stats.metrics.http_errors), 3);
	harness_finish(&harness);
}

/* RFC 9110 §10.1.1: who waits for leave to send a body gets it. */
static void test_http_tells_who_expects_it_to_continue(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client,
	             "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	             "Content-Length: 2\r\n\r\n");
	harness_expect(&harness, client, "HTTP/1.1 100 Continue\r\n\r\n", false);
	harness_send(&harness, client, "ab");
	harness_expect(&harness, client, OK("8", "/echo|ab"), false);
	close(client);
	harness_finish(&harness);
}

/* http.header_timeout: from the first byte; those that trickle in do not move it. */
static void test_http_cuts_off_a_head_that_trickles(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, "GET ");
	for (unsigned i = 0; i < 14; i++) {
		harness_send(&harness, client, "a");
		harness_pass(&harness, 1000);
	}
	harness_expect(&harness, client, "", false);
	harness_pass(&harness, 1500);
	harness_expect(&harness, client, REFUSED("408", "16", "Request Timeout"), true);
	assert_int_equal(harness_closed(&harness, CLOSE_TIMEOUT), 1);
	close(client);
	harness_finish(&harness);
}

/* http.body_timeout: from the end of the head. */
static void test_http_cuts_off_a_body_that_trickles(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client,
	             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
	for (unsigned i = 0; i < 29; i++) {
		harness_send(&harness, client, "a");
		harness_pass(&harness, 1000);
	}
	harness_expect(&harness, client, "", false);
	harness_pass(&harness, 1500);
	harness_expect(&harness, client, REFUSED("408", "16", "Request Timeout"), true);
	close(client);
	harness_finish(&harness);
}

/* http.keep_alive_timeout: an idle client is closed without a word, before a request or after. */
static void test_http_closes_idle_connections_silently(void **state)
{
	struct harness harness;
	int fresh;
	int used;

	(void)state;
	harness_start(&harness);
	fresh = harness_connect(&harness);
	used = harness_connect(&harness);
	harness_pass(&harness, 60 * 1000);
	harness_send(&harness, used, GET("/echo") "\r\n");
	harness_expect(&harness, used, OK("6", "/echo|"), false);
	harness_pass(&harness, 16 * 1000);
	harness_expect(&harness, fresh, "", true);
	harness_expect(&harness, used, "", false);
	harness_pass(&harness, 60 * 1000);
	harness_expect(&harness, used, "", true);
	assert_int_equal(metric_read(&harness.stats.metrics.http_errors), 0);
	close(fresh);
	close(used);
	harness_finish(&harness);
}

/* Who still takes what it was sent is not idle, however long that takes. */
static void test_http_waits_for_who_reads_slowly(void **state)
{
	enum { REQUESTS = 8 };
	struct harness harness;
	struct buffer answers = {0};
	int client;

	(void)state;
	harness_start(&harness);
	harness.conf.http.keep_alive_timeout = 2;
	client = harness_connect(&harness);
	for (unsigned i = 0; i < REQUESTS; i++) {
		harness_send(&harness, client, GET("/big"));
	}
	assert_true(connection_queued(harness.net->all) > 0);
	harness_pass(&harness, 5 * 1000);
	assert_int_equal(harness_closed(&harness, CLOSE_TIMEOUT), 0);
	assert_false(harness_read(&harness, client, &answers));
	assert_true(answers.length > (size_t)REQUESTS * BIG_BYTES);
	harness_pass(&harness, 5 * 1000);
	assert_int_equal(harness_closed(&harness, CLOSE_TIMEOUT), 1);
	buffer_finish(&answers);
	close(client);
	harness_finish(&harness);
}

/* More than are answered in one go: none is lost, none is out of turn. */
static void test_http_answers_a_thousand_requests_in_one_write(void **state)
{
	enum { REQUESTS = 1000 };
	struct harness harness;
	struct buffer requests = {0};
	struct buffer answers = {0};
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	for (unsigned i = 0; i < REQUESTS; i++) {
		buffer_printf(&requests,
		              "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n%03u", i);
		buffer_printf(&answers, OK("9", "/echo|%03u"), i);
	}
	buffer_append_byte(&answers, '\0');
	harness_write(&harness, client, requests.bytes, requests.length);
	harness_expect(&harness, client, answers.bytes, false);
	buffer_finish(&requests);
	buffer_finish(&answers);
	close(client);
	harness_finish(&harness);
}

/* net.h, NET_CHOKE: a client that asks and does not read is not answered without end. */
static void test_http_answers_no_more_than_the_client_reads(void **state)
{
	enum { REQUESTS = 200 };
	struct harness harness;
	struct buffer requests = {0};
	struct buffer answers = {0};
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	for (unsigned i = 0; i < REQUESTS; i++) {
		buffer_append_text(&requests, GET("/big"));
	}
	harness_write(&harness, client, requests.bytes, requests.length);
	harness_turn(&harness);
	assert_in_range(metric_read(&harness.stats.metrics.http_requests), 4, 20);
	assert_true(connection_queued(harness.net->all) < NET_CHOKE + 2 * BIG_BYTES);
	assert_false(harness_read(&harness, client, &answers));
	assert_int_equal(metric_read(&harness.stats.metrics.http_requests), REQUESTS);
	assert_true(answers.length > (size_t)REQUESTS * BIG_BYTES);
	buffer_finish(&requests);
	buffer_finish(&answers);
	close(client);
	harness_finish(&harness);
}

/* --- who asks ------------------------------------------------------------ */

#define ASKED_BY(client) "GET /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " client "\r\n\r\n"

static unsigned status_of(struct harness *harness, int client, const char *request)
{
	struct buffer got = {0};
	unsigned status = 0;

	harness_send(harness, client, request);
	assert_false(harness_read(harness, client, &got)); /* the connection goes on */
	buffer_append_byte(&got, '\0');
	assert_int_equal(sscanf(got.bytes, "HTTP/1.1 %u ", &status), 1);
	buffer_finish(&got);
	return status;
}

/*
 * http.allow: of a trusted proxy each request is asked for its client, also when it is trusted no
 * more; who came by itself was let in at the door, and stays.
 */
static void test_http_asks_who_is_behind_a_proxy(void **state)
{
	struct conf_network proxy = {.prefix = 128}; /* "::", what this harness' clients have */
	struct conf_network allowed = {.prefix = 96 + 24};
	struct harness harness;
	int by_proxy, by_itself;

	(void)state;
	memcpy(allowed.address.s6_addr + 10, (uint8_t[]){0xff, 0xff, 192, 0, 2, 0}, 6);
	harness_start(&harness);
	harness.conf.http.trusted_proxies = (struct conf_networks){.items = &proxy, .count = 1};
	by_proxy = harness_connect(&harness);
	harness.conf.http.trusted_proxies.count = 0;
	by_itself = harness_connect(&harness);
	harness.conf.http.trusted_proxies.count = 1;
	assert_int_equal(status_of(&harness, by_proxy, ASKED_BY("198.51.100.7")), 200);
	harness.conf.http.allow = (struct conf_networks){.items = &allowed, .count = 1};
	assert_int_equal(status_of(&harness, by_proxy, ASKED_BY("192.0.2.7")), 200);
	assert_int_equal(status_of(&harness, by_proxy, ASKED_BY("198.51.100.7")), 403);
	assert_int_equal(status_of(&harness, by_proxy, GET("/echo")), 403);
	assert_int_equal(status_of(&harness, by_itself, GET("/echo")), 200);
	assert_int_equal(status_of(&harness, by_itself, ASKED_BY("198.51.100.7")), 403);
	harness.conf.http.trusted_proxies.count = 0;
	assert_int_equal(status_of(&harness, by_proxy, ASKED_BY("192.0.2.7")), 403);
	assert_int_equal(status_of(&harness, by_itself, ASKED_BY("198.51.100.7")), 200);
	assert_int_equal(metric_read(&harness.stats.metrics.connections_refused_not_allowed), 4);
	close(by_proxy);
	close(by_itself);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http_asks_who_is_behind_a_proxy),
	    cmocka_unit_test(test_http_answers_pipelined_requests_in_order),
	    cmocka_unit_test(test_http_keeps_alive_as_the_version_wants),
	    cmocka_unit_test(test_http_tells_what_is_not_there_and_what_is_not_allowed),
	    cmocka_unit_test(test_http_closes_after_what_it_refuses),
	    cmocka_unit_test(test_http_tells_who_expects_it_to_continue),
	    cmocka_unit_test(test_http_cuts_off_a_head_that_trickles),
	    cmocka_unit_test(test_http_cuts_off_a_body_that_trickles),
	    cmocka_unit_test(test_http_closes_idle_connections_silently),
	    cmocka_unit_test(test_http_waits_for_who_reads_slowly),
	    cmocka_unit_test(test_http_answers_a_thousand_requests_in_one_write),
	    cmocka_unit_test(test_http_answers_no_more_than_the_client_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
