/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio.h"

#include "server/net/address_limits.h"
#include "test/protocols/socketio/fake_websocket.h"

/* A worker's endpoint, and one request at a time. */
static struct stage {
	struct world world;
	void *socketio;
	struct http_exchange exchange;
	struct websocket websocket;
} stage;

static int begin(void **state)
{
	(void)state;
	stage = (struct stage){0};
	world_init(&stage.world);
	stage.socketio = socketio_start(&stage.world.env);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (stage.websocket.ops != NULL) {
		fake_websocket_goes(&stage.websocket, CLOSE_SHUTDOWN);
	}
	socketio_destroy(stage.socketio);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	fake_finish(&stage.exchange);
	world_finish(&stage.world);
	return 0;
}

/* What fake_expect() looks at comes after. */
static void request(enum http_method method, const char *path)
{
	fake_finish(&stage.exchange);
	fake_request(&stage.exchange, method, path);
	socketio_on_request(stage.socketio, &stage.exchange);
}

static void expect(unsigned status, const char *body)
{
	fake_expect(&stage.exchange, status, body);
}

static void expect_status(unsigned status)
{
	assert_int_equal(stage.exchange.status, status);
}

/* Shakes hands and writes the session's id. */
static void shake_hands(char sid[SOCKETIO_SID_LENGTH + 1])
{
	request(HTTP_METHOD_GET, "/socket.io/1/");
	expect_status(200);
	memcpy(sid, stage.exchange.body.bytes, SOCKETIO_SID_LENGTH);
	sid[SOCKETIO_SID_LENGTH] = '\0';
}

/* A request to a session's address. */
static void request_of(enum http_method method, const char *format, const char *sid)
{
	static char path[200]; /* the exchange keeps pointing to it */

	(void)snprintf(path, sizeof(path), "%.*s%s%s", (int)strcspn(format, "$"), format, sid,
	               format + strcspn(format, "$") + 1);
	request(method, path);
}

/* --- handshake --- */

/* SID, heartbeat timeout, close timeout, and the transports that work, the best one first. */
static void test_a_handshake_offers_a_session(void **state)
{
	struct text body;

	(void)state;
	request(HTTP_METHOD_GET, "/socket.io/1/");
	expect_status(200);
	assert_string_equal(stage.exchange.content_type, "text/plain");
	body = buffer_text(&stage.exchange.body);
	assert_int_equal(memchr(body.bytes, ':', body.length) == body.bytes + SOCKETIO_SID_LENGTH,
	                 1);
	body.bytes += SOCKETIO_SID_LENGTH;
	body.length -= SOCKETIO_SID_LENGTH;
	assert_text_is(body, ":60:60:websocket,htmlfile,xhr-polling,jsonp-polling");
	assert_int_equal(stage.world.metrics.socketio_handshakes, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	assert_int_equal(stage.world.metrics.socketio_clients, 0);
}

/* POST too, without the slash too, and whatever the page gave to io.connect() in the query. */
static void test_a_handshake_has_several_forms(void **state)
{
	(void)state;
	request(HTTP_METHOD_POST, "/socket.io/1/");
	expect_status(200);
	request(HTTP_METHOD_GET, "/socket.io/1");
	expect_status(200);
	request(HTTP_METHOD_GET, "/socket.io/1/?t=1442345678901&page=x&disconnect=1");
	expect_status(200);
	assert_int_equal(stage.world.metrics.socketio_handshakes, 3);
}

/* The second field is heartbeat_timeout; the third is not configurable. */
static void test_a_handshake_tells_the_heartbeat_timeout(void **state)
{
	struct text body;

	(void)state;
	stage.world.conf.socketio.heartbeat_timeout = 120;
	stage.world.conf.socketio.close_timeout = 5;
	request(HTTP_METHOD_GET, "/socket.io/1/");
	body = buffer_text(&stage.exchange.body);
	assert_memory_equal(body.bytes + SOCKETIO_SID_LENGTH, ":120:60:", 8);
}

/* http.socketio.transports: those and no others, in this order. */
static void test_a_handshake_offers_what_is_configured(void **state)
{
	static const char *offered[] = {"jsonp-polling", "websocket"};
	char sid[SOCKETIO_SID_LENGTH + 1];
	struct text body;

	(void)state;
	stage.world.conf.socketio.transports = (struct conf_strings){.items = offered, .count = 2};
	request(HTTP_METHOD_GET, "/socket.io/1/");
	body = buffer_text(&stage.exchange.body);
	body.bytes += SOCKETIO_SID_LENGTH;
	body.length -= SOCKETIO_SID_LENGTH;
	assert_text_is(body, ":60:60:jsonp-polling,websocket");
	shake_hands(sid);
	request_of(HTTP_METHOD_GET, "/socket.io/1/xhr-polling/$", sid);
	expect(404, "unknown transport");
	request_of(HTTP_METHOD_GET, "/socket.io/1/jsonp-polling/$?i=1", sid);
	expect(200, "io.j[1](\"1::\");");
}

/* socket.io-client's script tag: io.j[N]("...");. */
static void test_a_handshake_may_be_a_script(void **state)
{
	(void)state;
	request(HTTP_METHOD_GET, "/socket.io/1/?t=1&jsonp=7");
	expect_status(200);
	assert_string_equal(stage.exchange.content_type, "application/javascript");
	assert_memory_equal(stage.exchange.body.bytes, "io.j[7](\"", 9);
	assert_memory_equal(stage.exchange.body.bytes + 9 + SOCKETIO_SID_LENGTH,
	                    ":60:60:websocket,htmlfile,xhr-polling,jsonp-polling\");", 54);
	assert_int_equal(stage.exchange.body.length, 9 + SOCKETIO_SID_LENGTH + 54);
}

/* gevent-socketio reflected anything, which was a script of the caller's choice. */
static void test_a_jsonp_index_that_is_no_number_is_answered_plainly(void **state)
{
	static const char *const paths[] = {
	    "/socket.io/1/?jsonp=",
	    "/socket.io/1/?jsonp",
	    "/socket.io/1/?jsonp=0](alert(1)),x[0",
	    "/socket.io/1/?jsonp=-1",
	    "/socket.io/1/?jsonp=1%32",
	    "/socket.io/1/?jsonp=1234567890123456",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		request(HTTP_METHOD_GET, paths[i]);
		expect_status(200);
		assert_string_equal(stage.exchange.content_type, "text/plain");
		assert_null(
		    memmem(stage.exchange.body.bytes, stage.exchange.body.length, "io.j", 4));
	}
}

/* Over the limit of sessions: 503, or a script that says so. */
static void test_a_handshake_over_the_limit_is_refused(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 1];

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		shake_hands(sid);
	}
	request(HTTP_METHOD_GET, "/socket.io/1/");
	expect(503, "too many sessions");
	request(HTTP_METHOD_GET, "/socket.io/1/?jsonp=3");
	expect(200, "io.j[3](new Error(\"too many sessions\"));");
	assert_int_equal(stage.world.metrics.socketio_handshakes, 10);
}

/* Shake hands as a client with this last byte of its IPv4 address; the status. */
static unsigned shake_hands_from(unsigned char last_byte)
{
	struct connection connection = {
	    .peer.sin6_addr = {
		.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = last_byte}}};

	fake_finish(&stage.exchange);
	fake_request(&stage.exchange, HTTP_METHOD_GET, "/socket.io/1/");
	stage.exchange.connection = &connection;
	socketio_on_request(stage.socketio, &stage.exchange);
	stage.exchange.connection = NULL;
	return stage.exchange.status;
}

/*
 * http.socketio.sessions_per_address: sessions that never open are one address's and no
 * other's; they give their places back when they expire, and so do those that end.
 */
static void test_a_handshake_over_the_limit_of_its_address_is_refused(void **state)
{
	const struct address_limits_options options = {.per_address = 3, .ipv6_prefix = 64};
	struct address_limits *limits = address_limits_create(&options);
	struct address_figures figures;

	(void)state;
	stage.world.env.session_addresses = limits;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(shake_hands_from(1), 200);
	}
	assert_int_equal(shake_hands_from(1), 503);
	expect(503, "too many sessions from your address");
	assert_int_equal(shake_hands_from(2), 200);
	assert_int_equal(stage.world.metrics.socketio_refused_address, 1);
	world_pass_timeout(&stage.world, SOCKETIO_OPEN_TIMEOUT_S);
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 0);
	assert_int_equal(shake_hands_from(1), 200);
	stage.world.env.session_addresses = NULL;
	world_pass_timeout(&stage.world, SOCKETIO_OPEN_TIMEOUT_S);
	address_limits_destroy(limits); /* asserts that all was given back */
}

/* A handshake that finds the server full takes no place of its address. */
static void test_a_handshake_over_the_limit_leaves_its_address_alone(void **state)
{
	const struct address_limits_options options = {.per_address = 11, .ipv6_prefix = 64};
	struct address_limits *limits = address_limits_create(&options);
	struct address_figures figures;

	(void)state;
	stage.world.env.session_addresses = limits;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(shake_hands_from(1), 200);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(shake_hands_from(1), 503);
		expect(503, "too many sessions");
	}
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 10);
	assert_int_equal(stage.world.metrics.socketio_refused_limit, 3);
	world_pass_timeout(&stage.world, SOCKETIO_OPEN_TIMEOUT_S);
	address_limits_destroy(limits);
}

/* The client's request has credentials, so its very origin must be allowed. */
static void test_a_handshake_is_for_every_origin(void **state)
{
	(void)state;
	fake_request(&stage.exchange, HTTP_METHOD_GET, "/socket.io/1/");
	fake_request_origin(&stage.exchange, TEXT("null"));
	socketio_on_request(stage.socketio, &stage.exchange);
	assert_string_equal(stage.exchange.fields, "Access-Control-Allow-Origin: null\r\n"
	                                           "Access-Control-Allow-Credentials: true\r\n");
}

/* --- addresses --- */

/* OPTIONS is answered anywhere, and makes no session. */
static void test_a_preflight_is_answered(void **state)
{
	(void)state;
	request(HTTP_METHOD_OPTIONS, "/socket.io/1/");
	expect(200, "");
	request(HTTP_METHOD_OPTIONS, "/socket.io/1/xhr-polling/unknown");
	expect(200, "");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* Other versions, other transports, and paths with more or less in them. */
static void test_other_addresses_are_not_found(void **state)
{
	static const char *const paths[] = {
	    "/socket.io/",
	    "/socket.io/0/",
	    "/socket.io/2/",
	    "/socket.io/11/",
	    "/socket.io//",
	    "/socket.io/?EIO=3&transport=polling",
	    "/socket.io/socket.io.js",
	    "/socket.io/1/websocket",
	    "/socket.io/1/websocket/",
	    "/socket.io/1/websocket//",
	    "/socket.io/1/flashsocket/AAAAAAAAAAAAAAAAAAAAAA",
	    "/socket.io/1/WebSocket/AAAAAAAAAAAAAAAAAAAAAA",
	    "/socket.io/1//AAAAAAAAAAAAAAAAAAAAAA",
	    "/socket.io/1/xhr-polling/AAAAAAAAAAAAAAAAAAAAAA/x",
	    "/socket.io/1/xhr-polling/AAAAAAAAAAAAAAAAAAAAAA//",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		request(HTTP_METHOD_GET, paths[i]);
		expect_status(404);
	}
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* HEAD would make a session that nobody learns of. */
static void test_other_methods_are_refused(void **state)
{
	(void)state;
	request(HTTP_METHOD_HEAD, "/socket.io/1/");
	expect_status(405);
	assert_string_equal(stage.exchange.fields, "Allow: GET, POST, OPTIONS\r\n");
	request(HTTP_METHOD_HEAD, "/socket.io/1/xhr-polling/AAAAAAAAAAAAAAAAAAAAAA");
	expect_status(405);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* --- sessions --- */

/* Each transport's address reaches the session, with a slash at the end or without. */
static void test_an_address_reaches_its_session(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 1];

	(void)state;
	shake_hands(sid);
	request_of(HTTP_METHOD_GET, "/socket.io/1/xhr-polling/$?t=1442345678901", sid);
	assert_string_equal(stage.exchange.content_type, "text/plain; charset=UTF-8");
	expect(200, "1::");
	request_of(HTTP_METHOD_POST, "/socket.io/1/xhr-polling/$/", sid);
	expect(200, "1");
	fake_websocket = &stage.websocket;
	request_of(HTTP_METHOD_GET, "/socket.io/1/websocket/$", sid);
	expect_status(400);
	fake_finish(&stage.exchange);
}

/* 400: socketIO_client tries again once a second, but 900 times after a packet 7. */
static void test_an_unknown_session_is_400(void **state)
{
	(void)state;
	request(HTTP_METHOD_GET, "/socket.io/1/xhr-polling/1234567890");
	expect(400, "unknown session");
	request(HTTP_METHOD_POST, "/socket.io/1/xhr-polling/AB0123456789ABCDEFGHIJ");
	expect(400, "unknown session");
	request(HTTP_METHOD_GET, "/socket.io/1/websocket/AB0123456789ABCDEFGHIJ");
	expect(400, "unknown session");
	/* A worker that is not there. */
	request(HTTP_METHOD_GET, "/socket.io/1/websocket/AD0123456789ABCDEFGHIJ");
	expect(400, "unknown session");
	request(HTTP_METHOD_GET, "/socket.io/1/websocket/__0123456789ABCDEFGHIJ");
	expect(400, "unknown session");
}

/* A session's requests come to any worker; each is moved to where the session is. */
static void test_a_request_moves_to_its_session(void **state)
{
	static const char *const paths[] = {
	    "/socket.io/1/xhr-polling/AA0123456789ABCDEFGHIJ",
	    "/socket.io/1/websocket/AA0123456789ABCDEFGHIJ",
	    "/socket.io/1//AA0123456789ABCDEFGHIJ/?disconnect=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		request(HTTP_METHOD_GET, paths[i]);
		assert_true(stage.exchange.was_moved);
		assert_int_equal(stage.exchange.worker, 0);
	}
	request(HTTP_METHOD_POST, "/socket.io/1/xhr-polling/AC0123456789ABCDEFGHIJ");
	assert_true(stage.exchange.was_moved);
	assert_int_equal(stage.exchange.worker, 2);
	/* An unknown transport is no reason to move. */
	request(HTTP_METHOD_GET, "/socket.io/1/flashsocket/AA0123456789ABCDEFGHIJ");
	expect_status(404);
}

/* --- disconnect --- */

/* The parameter may stand anywhere, with any value, under any transport's address. */
static void test_a_disconnect_parameter_ends_the_session(void **state)
{
	static const char *const formats[] = {
	    "/socket.io/1//$/?disconnect=1",
	    "/socket.io/1//$?disconnect",
	    "/socket.io/1/xhr-polling/$?t=1442345678901&disconnect=True",
	    "/socket.io/1/websocket/$/?disconnect=1",
	    "/socket.io/1/htmlfile/$/?disconnect=",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char sid[SOCKETIO_SID_LENGTH + 1];

		shake_hands(sid);
		request_of(HTTP_METHOD_GET, formats[i], sid);
		expect(200, "");
		assert_int_equal(stage.world.metrics.socketio_sessions, 0);
		request_of(HTTP_METHOD_POST, formats[i], sid);
		expect(200, "");
	}
}

/* The client has asked for it, so its waiting poll and its websocket are told "0::". */
static void test_a_disconnect_parameter_is_told_to_the_transport(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 1];
	struct http_exchange poll = {0};
	char path[100];

	(void)state;
	shake_hands(sid);
	request_of(HTTP_METHOD_GET, "/socket.io/1/xhr-polling/$", sid);
	expect(200, "1::");
	(void)snprintf(path, sizeof(path), "/socket.io/1/xhr-polling/%s", sid);
	fake_request(&poll, HTTP_METHOD_GET, path);
	socketio_on_request(stage.socketio, &poll);
	request_of(HTTP_METHOD_GET, "/socket.io/1//$/?disconnect=1", sid);
	expect(200, "");
	fake_expect(&poll, 200, "0::");
}

/* --- the end --- */

/* Sessions that are left when the server ends are freed, polled ones between two polls too. */
static void test_the_end_takes_every_session(void **state)
{
	char sid[SOCKETIO_SID_LENGTH + 1];

	(void)state;
	shake_hands(sid);
	shake_hands(sid);
	request_of(HTTP_METHOD_GET, "/socket.io/1/xhr-polling/$", sid);
	socketio_destroy(stage.socketio);
	stage.socketio = NULL;
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.net->deadlines.armed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_handshake_offers_a_session),
	    TEST(test_a_handshake_has_several_forms),
	    TEST(test_a_handshake_tells_the_heartbeat_timeout),
	    TEST(test_a_handshake_offers_what_is_configured),
	    TEST(test_a_handshake_may_be_a_script),
	    TEST(test_a_jsonp_index_that_is_no_number_is_answered_plainly),
	    TEST(test_a_handshake_over_the_limit_is_refused),
	    TEST(test_a_handshake_over_the_limit_of_its_address_is_refused),
	    TEST(test_a_handshake_over_the_limit_leaves_its_address_alone),
	    TEST(test_a_handshake_is_for_every_origin),
	    TEST(test_a_preflight_is_answered),
	    TEST(test_other_addresses_are_not_found),
	    TEST(test_other_methods_are_refused),
	    TEST(test_an_address_reaches_its_session),
	    TEST(test_an_unknown_session_is_400),
	    TEST(test_a_request_moves_to_its_session),
	    TEST(test_a_disconnect_parameter_ends_the_session),
	    TEST(test_a_disconnect_parameter_is_told_to_the_transport),
	    TEST(test_the_end_takes_every_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
