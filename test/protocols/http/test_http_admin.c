/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_admin: a front-end of HTTP with endpoints of its own. */
#include "protocols/http/http_admin.h"

#include "protocols/http/http_exchange.h"
#include "test/protocols/http/http_client.h"

static void say(struct http_exchange *exchange, const char *word)
{
	http_respond(exchange, &(struct http_response){.status = 200,
	                                               .content_type = "text/plain",
	                                               .fields = "Cache-Control: max-age=1\r\n",
	                                               .body = {word, strlen(word)}});
}

static void on_public(void *state, struct http_exchange *exchange)
{
	(void)state;
	say(exchange, "public");
}

static void on_admin(void *state, struct http_exchange *exchange)
{
	(void)state;
	say(exchange, "admin");
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/x", .on_request = on_public},
    {.path = NULL},
};

const struct http_endpoint http_admin_endpoints[] = {
    {.path = "/x", .on_request = on_admin},
    {.path = NULL},
};

/* http_admin.h: a table and a kind of its own, on the same HTTP. */
static void test_admin_has_endpoints_of_its_own(void **state)
{
	struct harness harness;
	struct migrant migrant = {0};
	struct connection *connection;
	void *admin;
	int ends[2];
	int client;

	(void)state;
	harness_start(&harness);
	admin = http_admin_front_end.start(&harness.env);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	migrant.descriptor = ends[1];
	connection = connection_adopt(harness.net, &migrant);
	http_admin_front_end.on_connection(admin, connection);
	assert_int_equal(metric_read(&harness.stats.metrics.clients[CLIENT_ADMIN]), 1);
	harness_send(&harness, ends[0], GET("/x"));
	harness_expect(&harness, ends[0], OK("5", "admin"), false);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/x"));
	harness_expect(&harness, client, OK("6", "public"), false);
	assert_int_equal(metric_read(&harness.stats.metrics.clients[CLIENT_HTTP]), 1);
	assert_int_equal(metric_read(&harness.stats.metrics.sent_bytes[CLIENT_ADMIN]),
	                 strlen(OK("5", "admin")));
	assert_int_equal(metric_read(&harness.stats.metrics.sent_bytes[CLIENT_HTTP]),
	                 strlen(OK("6", "public")));
	close(client);
	close(ends[0]);
	harness_turn(&harness);
	http_admin_front_end.destroy(admin);
	harness_finish(&harness);
}

/* options.def: it is off when the section is absent; its clients are bound by no limit. */
static void test_admin_is_off_without_its_section(void **state)
{
	struct conf conf = {.file = NULL};

	(void)state;
	assert_null(http_admin_front_end.addresses(&conf));
	conf.admin.present = true;
	assert_ptr_equal(http_admin_front_end.addresses(&conf), &conf.admin.listen);
	assert_true(http_admin_front_end.is_exempt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_admin_has_endpoints_of_its_own),
	    cmocka_unit_test(test_admin_is_off_without_its_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
