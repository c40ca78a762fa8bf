/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/http/http_client.h"

#include "protocols/http/http_connection.h"
#include "protocols/http/http_endpoint.h"

/* --- endpoints ---------------------------------------------------------- */

/* What /hold has been asked, in order. */
struct holder {
	struct http_exchange *held[8];
	unsigned count;
	unsigned gone;
};

static void *holder_start(const struct front_end_env *env)
{
	(void)env;
	return mem_new(struct holder);
}

static void on_held_gone(struct http_exchange *exchange, void *owner)
{
	struct holder *holder = owner;

	(void)exchange;
	holder->gone++;
}

static void holder_on_request(void *state, struct http_exchange *exchange)
{
	struct holder *holder = state;

	holder->held[holder->count++ % 8] = exchange;
	http_hold(exchange, holder, on_held_gone);
}

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

static void mover_on_request(void *state, struct http_exchange *exchange)
{
	(void)state;
	if (http_exchange_connection(exchange)->net->next_id % 2 == 0) {
		http_move(exchange, 1);
	} else {
		echo_on_request(NULL, exchange);
	}
}

static struct holder *holder_of(const struct harness *harness)
{
	const struct http_worker *worker = harness->http;

	return worker->states[1];
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/echo", .takes_any = true, .on_request = echo_on_request},
    {.path = "/hold", .start = holder_start, .on_request = holder_on_request, .destroy = free},
    {.path = "/move", .on_request = mover_on_request},
    {.path = NULL},
};

static void answer(struct http_exchange *exchange, const char *text)
{
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "text/plain",
				   .fields = "Cache-Control: max-age=1\r\n",
				   .body = {.bytes = text, .length = strlen(text)},
			       });
}

/* --- tests -------------------------------------------------------------- */

/* A request whose answer comes later holds up those behind it, and nothing else. */
static void test_http_holds_what_follows_a_held_request(void **state)
{
	struct harness harness;
	int client;
	int other;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	other = harness_connect(&harness);
	harness_send(&harness, client,
	             GET("/echo") GET("/hold") GET("/echo") GET("/hold") "GET /e");
	harness_send(&harness, other, GET("/echo"));
	harness_expect(&harness, other, OK("6", "/echo|"), false);
	harness_expect(&harness, client, OK("6", "/echo|"), false);
	harness_pass(&harness, 200 * 1000); /* no deadline runs against a client that waits */
	assert_int_equal(holder_of(&harness)->count, 1);
	answer(holder_of(&harness)->held[0], "late");
	harness_expect(&harness, client, OK("4", "late") OK("6", "/echo|"), false);
	assert_int_equal(holder_of(&harness)->count, 2);
	answer(holder_of(&harness)->held[1], "later");
	harness_send(&harness, client, "cho HTTP/1.1\r\nHost: x\r\n\r\n");
	harness_expect(&harness, client, OK("5", "later") OK("6", "/echo|"), false);
	assert_int_equal(holder_of(&harness)->gone, 0);
	close(client);
	close(other);
	harness_finish(&harness);
}

/* http_hold(): on_gone is called once when the client goes, and not for one that was answered. */
static void test_http_tells_the_holder_once_that_the_client_has_gone(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/hold"));
	close(client);
	harness_turn(&harness);
	assert_int_equal(holder_of(&harness)->gone, 1);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/hold"));
	answer(holder_of(&harness)->held[1], "");
	close(client);
	harness_turn(&harness);
	assert_int_equal(holder_of(&harness)->gone, 1);
	harness_finish(&harness);
}

/*
 * The server's end ends what is held: the client is cut off and asks again elsewhere.  And
 * http_can_respond(): not from the moment that it is to end.
 */
static void test_http_ends_held_requests_with_the_server(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/hold"));
	assert_true(http_can_respond(holder_of(&harness)->held[0]));
	net_end(harness.net, CLOSE_SHUTDOWN);
	assert_false(http_can_respond(holder_of(&harness)->held[0]));
	harness_turn(&harness);
	assert_int_equal(holder_of(&harness)->gone, 1);
	harness_expect(&harness, client, "", true);
	close(client);
	harness_finish(&harness);
}

/* RFC 9110 §9.3.2: HEAD is GET without the body, its length included. */
static void test_http_answers_head_without_a_body(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, "HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n" GET("/echo"));
	harness_expect(&harness, client, OK("6", "") OK("6", "/echo|"), false);
	close(client);
	harness_finish(&harness);
}

/* http_move(): the request and what follows it go with the connection, and nothing is lost. */
static void test_http_moves_a_connection_with_its_request(void **state)
{
	struct harness from;
	struct harness to;
	struct connection *connection;
	int client;

	(void)state;
	harness_start(&from);
	harness_start(&to);
	client = harness_connect(&from);
	assert_int_equal(from.net->next_id, 2); /* even: /move moves */
	harness_send(&from, client, GET("/echo"));
	harness_send(&from, client, POST("/move") GET("/echo"));
	harness_expect(&from, client,
	               OK("6", "/echo|") "HTTP/1.1 405 Method Not Allowed\r\nServer: rcstreamd\r\n"
	                                 "Content-Length: 0\r\nCache-Control: no-store\r\n"
	                                 "Allow: GET, HEAD, OPTIONS\r\n\r\n" OK("6", "/echo|"),
	               false);
	harness_send(&from, client, GET("/move?a") GET("/echo") "GET /ec");
	harness_send(&from, client, "ho HTTP/1.1\r\nHost");
	assert_int_equal(from.moves, 1);
	assert_int_equal(from.moved_to, 1);
	assert_null(from.net->all);
	assert_int_equal(harness_closed(&from, CLOSE_MOVED), 1);
	to.net->next_id = 2;
	connection = connection_adopt(to.net, &from.moved);
	assert_non_null(connection);
	http_front_end.on_moved(to.http, connection, from.moved.cargo);
	harness_send(&to, client, ": x\r\n\r\n");
	harness_expect(&to, client, OK("6", "/move|") OK("6", "/echo|") OK("6", "/echo|"), false);
	close(client);
	harness_finish(&to);
	harness_finish(&from);
}

static void drop_moved(struct harness *harness)
{
	http_front_end.drop_cargo(harness->moved.cargo);
	close(harness->moved.descriptor);
	buffer_finish(&harness->moved.unread);
}

/* front_end.h: a cargo that finds no worker is freed, and its client is closed. */
static void test_http_frees_a_request_that_cannot_be_moved(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/move"));
	assert_int_equal(harness.moves, 1);
	drop_moved(&harness);
	/* And one whose client goes before it has moved. */
	client = harness_connect(&harness);
	harness.net->next_id = 2;
	assert_int_equal(write(client, GET("/move"), strlen(GET("/move"))), strlen(GET("/move")));
	close(client);
	harness_turn(&harness);
	assert_int_equal(harness.moves, 2);
	drop_moved(&harness);
	harness_finish(&harness);
}

/* http_move(): the exchange is over at once, and its holder hears no more of it. */
static void test_http_forgets_the_holder_of_what_moves(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/hold"));
	assert_int_equal(holder_of(&harness)->count, 1);
	http_move(holder_of(&harness)->held[0], 1);
	connection_close(harness.net->all, CLOSE_SHUTDOWN); /* before it has moved */
	harness_expect(&harness, client, "", true);
	assert_int_equal(harness.moves, 0);
	assert_int_equal(holder_of(&harness)->gone, 0);
	close(client);
	harness_finish(&harness);
}

/* RFC 9112 section 9.6: who is about to go says so with the answer, and takes no more requests. */
static void test_http_ends_connections_while_it_drains(void **state)
{
	struct harness harness;
	int client;

	(void)state;
	harness_start(&harness);
	client = harness_connect(&harness);
	harness_send(&harness, client, GET("/echo"));
	harness_expect(&harness, client, OK("6", "/echo|"), false);
	harness.net->is_draining = true;
	harness_send(&harness, client, GET("/echo") GET("/echo"));
	harness_expect(&harness, client,
	               "HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/plain\r\n"
	               "Content-Length: 6\r\nConnection: close\r\n"
	               "Cache-Control: max-age=1\r\n\r\n/echo|",
	               true);
	close(client);
	harness_finish(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_http_holds_what_follows_a_held_request),
	    cmocka_unit_test(test_http_tells_the_holder_once_that_the_client_has_gone),
	    cmocka_unit_test(test_http_ends_held_requests_with_the_server),
	    cmocka_unit_test(test_http_answers_head_without_a_body),
	    cmocka_unit_test(test_http_ends_connections_while_it_drains),
	    cmocka_unit_test(test_http_moves_a_connection_with_its_request),
	    cmocka_unit_test(test_http_frees_a_request_that_cannot_be_moved),
	    cmocka_unit_test(test_http_forgets_the_holder_of_what_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
