/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_health.h"

const struct http_endpoint http_endpoints[] = {
    {.path = "/healthz", .on_request = http_health_on_request},
    {.path = NULL},
};

/* A load balancer wants 200 and does not read the rest. */
static void test_health_is_ok(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/healthz"));
	harness_expect(&harness, client,
	               "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\n"
	               "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: 3\r\n"
	               "Cache-Control: no-store\r\n\r\nok\n",
	               false);
	close(client);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_health_is_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
