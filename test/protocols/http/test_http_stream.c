/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_stream.h"

#include "protocols/http/http_chunk.h"
#include "protocols/http/http_connection.h"
#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_exchange.h"
#include "test/protocols/http/http_client.h"

/* --- an endpoint -------------------------------------------------------- */

/* What /stream has begun last. */
struct streamer {
	struct http_stream *stream; /* NULL: it has gone */
	enum close_reason reason;
	const char *last_word;
};

static void *streamer_start(const struct front_end_env *env)
{
	(void)env;
	return mem_new(struct streamer);
}

static struct text text_of(const char *string)
{
	return (struct text){.bytes = string, .length = strlen(string)};
}

static void on_stream_gone(struct http_stream *stream, void *owner, enum close_reason reason)
{
	struct streamer *streamer = owner;

	assert_ptr_equal(stream, streamer->stream);
	if (streamer->last_word != NULL) {
		http_stream_send(stream, text_of(streamer->last_word));
	}
	streamer->stream = NULL;
	streamer->reason = reason;
}

static void streamer_on_request(void *state, struct http_exchange *exchange)
{
	struct streamer *streamer = state;
	const struct http_response response = {
	    .status = 200,
	    .content_type = "text/html",
	    .fields = "A: b\r\n",
	    .body = http_exchange_request(exchange)->query,
	};

	streamer->stream = http_stream_begin(exchange, &response, streamer, on_stream_gone);
}

const struct http_endpoint http_endpoints[] = {
    {
	.path = "/stream",
	.start = streamer_start,
	.on_request = streamer_on_request,
	.destroy = free,
    },
    {.path = NULL},
};

/* --- the stage ---------------------------------------------------------- */

static struct stage {
	struct harness harness;
	struct streamer *streamer;
	int client;
} stage;

#define HEAD(framing)                                                                 \
	"HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/html\r\n" framing \
	"Cache-Control: no-store\r\nConnection: close\r\nA: b\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static int begin(void **state)
{
	const struct http_worker *worker;

	(void)state;
	harness_start(&stage.harness);
	worker = stage.harness.http;
	stage.streamer = worker->states[0];
	stage.client = harness_connect(&stage.harness);
	return 0;
}

static int end(void **state)
{
	(void)state;
	harness_finish(&stage.harness);
	assert_int_equal(close(stage.client), 0);
	return 0;
}

static void request(const char *text)
{
	harness_send(&stage.harness, stage.client, text);
}

static void expect(const char *bytes, bool is_end)
{
	harness_expect(&stage.harness, stage.client, bytes, is_end);
}

static void send_shared(const char *data)
{
	struct buffer chunk = {0};
	struct wire *wire;

	http_chunk_write(&chunk, text_of(data));
	wire = wire_take(&chunk);
	http_stream_send_chunk(stage.streamer->stream, wire);
	wire_unref(wire);
}

/* --- tests -------------------------------------------------------------- */

/* RFC 9112 §7.1: each part is a chunk, shared ones too, and the last one is empty. */
static void test_stream_is_chunked(void **state)
{
	(void)state;
	request(GET("/stream?begin"));
	expect(HEAD(CHUNKED) "5\r\nbegin\r\n", false);
	http_stream_send(stage.streamer->stream, text_of("more"));
	http_stream_send(stage.streamer->stream, (struct text){0});
	send_shared("shared");
	expect("4\r\nmore\r\n6\r\nshared\r\n", false);
	stage.streamer->last_word = "bye";
	http_stream_close(stage.streamer->stream, CLOSE_PROTOCOL_DONE);
	assert_non_null(stage.streamer->stream);
	expect("3\r\nbye\r\n0\r\n\r\n", true);
	assert_int_equal(stage.streamer->reason, CLOSE_PROTOCOL_DONE);
}

/* RFC 9112 §6.3: HTTP/1.0 knows no chunks; the body ends with the connection, asked to stay or not.
 */
static void test_stream_is_bare_for_http_1_0(void **state)
{
	(void)state;
	request("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	expect(HEAD(""), false);
	http_stream_send(stage.streamer->stream, text_of("more"));
	send_shared("\r\nshared\r\n");
	http_stream_close(stage.streamer->stream, CLOSE_PROTOCOL_DONE);
	expect("more\r\nshared\r\n", true);
}

/* Without the last chunk the client knows that it has not had all. */
static void test_stream_that_is_cut_has_no_end(void **state)
{
	(void)state;
	request(GET("/stream"));
	expect(HEAD(CHUNKED), false);
	http_stream_close(stage.streamer->stream, CLOSE_SHUTDOWN);
	expect("", true);
	assert_int_equal(stage.streamer->reason, CLOSE_SHUTDOWN);
}

/* "Connection: close" was sent: requests behind it are not answered, nor kept. */
static void test_stream_answers_no_other_request(void **state)
{
	(void)state;
	request(GET("/stream?a") GET("/stream?b") "garbage");
	expect(HEAD(CHUNKED) "1\r\na\r\n", false);
	for (unsigned i = 0; i < 100; i++) {
		request(GET("/stream?b"));
	}
	send_shared("still");
	expect("5\r\nstill\r\n", false);
	assert_int_equal(metric_read(&stage.harness.stats.metrics.http_requests), 1);
}

/* It counts as a connection of HTTP, and no time-out of requests ends it. */
static void test_stream_stays_without_a_request(void **state)
{
	(void)state;
	request(GET("/stream"));
	expect(HEAD(CHUNKED), false);
	harness_pass(&stage.harness, 200000);
	assert_int_equal(metric_read(&stage.harness.stats.metrics.http_connections), 1);
	assert_non_null(stage.streamer->stream);
}

/* The owner learns that the client has gone. */
static void test_stream_ends_with_its_client(void **state)
{
	(void)state;
	request(GET("/stream"));
	expect(HEAD(CHUNKED), false);
	assert_int_equal(shutdown(stage.client, SHUT_RDWR), 0);
	harness_turn(&stage.harness);
	assert_null(stage.streamer->stream);
	assert_int_equal(stage.streamer->reason, CLOSE_CLIENT_CLOSED);
}

/* slow_client holds for streams as for all: who does not read is cut off. */
static void test_stream_over_its_limit_ends(void **state)
{
	static char data[65537];

	(void)state;
	memset(data, 'x', sizeof(data) - 1);
	request(GET("/stream"));
	for (unsigned i = 0; i < 200 && stage.streamer->stream != NULL; i++) {
		send_shared(data);
		harness_turn(&stage.harness);
	}
	assert_null(stage.streamer->stream);
	assert_int_equal(stage.streamer->reason, CLOSE_SENDQ_EXCEEDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_stream_is_chunked),
	    TEST(test_stream_is_bare_for_http_1_0),
	    TEST(test_stream_that_is_cut_has_no_end),
	    TEST(test_stream_answers_no_other_request),
	    TEST(test_stream_stays_without_a_request),
	    TEST(test_stream_ends_with_its_client),
	    TEST(test_stream_over_its_limit_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
