/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_exchange.h"

/* An endpoint's state that tells which worker started it and whether it was ended. */
struct counted {
	const struct front_end_env *env;
	unsigned requests;
};

static void *counted_start(const struct front_end_env *env)
{
	struct counted *counted = mem_new(struct counted);

	counted->env = env;
	return counted;
}

static void counted_on_request(void *state, struct http_exchange *exchange)
{
	struct counted *counted = state;
	char body[32];

	(void)snprintf(body, sizeof(body), "worker %u, %u", counted->env->worker,
	               ++counted->requests);
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "text/plain",
				   .fields = "Cache-Control: max-age=1\r\n",
				   .body = {.bytes = body, .length = strlen(body)},
			       });
}

static void stateless_on_request(void *state, struct http_exchange *exchange)
{
	assert_null(state);
	http_respond_status(exchange, 503);
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/stateless", .on_request = stateless_on_request},
    {.path = "/a", .start = counted_start, .on_request = counted_on_request, .destroy = free},
    {.path = "/b", .start = counted_start, .on_request = counted_on_request, .destroy = free},
    {.path = NULL},
};

/* DESIGN §4: a section that is absent is off. */
static void test_http_is_off_without_its_section(void **state)
{
	struct conf conf = {0};

	(void)state;
	assert_string_equal(http_front_end.name, "http");
	assert_null(http_front_end.addresses(&conf));
	conf.http.present = true;
	assert_ptr_equal(http_front_end.addresses(&conf), &conf.http.listen);
}

/* http_endpoint.h: each worker has a state of each endpoint, lent with every request. */
static void test_http_gives_each_endpoint_its_own_state(void **state)
{
	struct harness first;
	struct harness second;
	int client;

	(void)state;
	harness_start(&first);
	harness_start(&second);
	second.env.worker = 1;
	client = harness_connect(&first);
	harness_send(&first, client, GET("/a") GET("/a") GET("/b"));
	harness_expect(&first, client,
	               OK("11", "worker 0, 1") OK("11", "worker 0, 2") OK("11", "worker 0, 1"),
	               false);
	close(client);
	client = harness_connect(&second);
	harness_send(&second, client, GET("/a"));
	harness_expect(&second, client, OK("11", "worker 1, 1"), false);
	close(client);
	harness_finish(&first);
	harness_finish(&second);
}

/* http_endpoint.h: start and destroy may be NULL. */
static void test_http_serves_endpoints_without_state(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/stateless"));
	harness_expect(&harness, client,
	               "HTTP/1.1 503 Service Unavailable\r\nServer: rcstreamd\r\n"
	               "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: 20\r\n"
	               "Cache-Control: no-store\r\n\r\nService Unavailable\n",
	               false);
	close(client);
	harness_finish(&harness);
}

/* front_end.h: both take NULL. */
static void test_http_frees_nothing(void **state)
{
	(void)state;
	http_front_end.destroy(NULL);
	http_front_end.drop_cargo(NULL);
}

/* front_end.h: an answer for each reason. */
static void test_http_lends_its_refusals(void **state)
{
	struct harness harness;
	const char *answer;

	(void)state;
	harness_start(&harness);
	answer = http_front_end.refusal(harness.http, CLOSE_LIMIT);
	assert_ptr_equal(strstr(answer, "HTTP/1.1 503 "), answer);
	answer = http_front_end.refusal(harness.http, CLOSE_ADDRESS_LIMIT);
	assert_ptr_equal(strstr(answer, "HTTP/1.1 429 "), answer);
	answer = http_front_end.refusal(harness.http, CLOSE_NOT_ALLOWED);
	assert_ptr_equal(strstr(answer, "HTTP/1.1 403 "), answer);
	answer = http_front_end.refusal(harness.http, CLOSE_TLS_WANTED);
	assert_ptr_equal(strstr(answer, "HTTP/1.1 400 "), answer);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http_is_off_without_its_section),
	    cmocka_unit_test(test_http_gives_each_endpoint_its_own_state),
	    cmocka_unit_test(test_http_serves_endpoints_without_state),
	    cmocka_unit_test(test_http_lends_its_refusals),
	    cmocka_unit_test(test_http_frees_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
