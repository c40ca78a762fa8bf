/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_htmlfile.h"

#include "protocols/socketio/socketio_polling.h"
#include "test/protocols/socketio/fake_http.h"

#define SCRIPT(packet) "<script>_(\"" packet "\");</script>"
#define CHANGE         SCRIPT("5::\\/rc:{\\\"args\\\":[{}],\\\"name\\\":\\\"change\\\"}")

/* One session, its page, another, and a post. */
static struct stage {
	struct world world;
	struct socketio_sessions sessions;
	struct socketio_session *session;
	struct http_exchange page, other, post;
} stage;

static void open_page(struct http_exchange *exchange)
{
	fake_request(exchange, HTTP_METHOD_GET, "/socket.io/1/htmlfile/SID");
	socketio_htmlfile_transport.on_request(stage.session, exchange);
}

static void post(const char *payload)
{
	fake_request(&stage.post, HTTP_METHOD_POST, "/socket.io/1/htmlfile/SID");
	stage.post.request.body = text_of(payload);
	socketio_htmlfile_transport.on_request(stage.session, &stage.post);
}

static void post_well(const char *payload)
{
	post(payload);
	fake_expect(&stage.post, 200, "1");
}

static int begin(void **state)
{
	(void)state;
	stage = (struct stage){0};
	world_init(&stage.world);
	socketio_sessions_init(&stage.sessions, &stage.world.env);
	stage.session = socketio_session_create(&stage.sessions);
	return 0;
}

static int begin_open(void **state)
{
	(void)begin(state);
	open_page(&stage.page);
	fake_stream_expect(&stage.page.stream, SCRIPT("1::"));
	return 0;
}

static int end(void **state)
{
	struct http_exchange *pages[] = {&stage.page, &stage.other};

	(void)state;
	socketio_sessions_finish(&stage.sessions);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (pages[i]->stream.on_gone != NULL) {
			fake_stream_goes(&pages[i]->stream, CLOSE_SHUTDOWN);
		}
		fake_finish(pages[i]);
	}
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	assert_int_equal(stage.world.net->deadlines.armed, 0);
	fake_finish(&stage.post);
	world_finish(&stage.world);
	return 0;
}

static void subscribe(void)
{
	post_well("5::/rc:{\"name\":\"subscribe\",\"args\":[\"en.wikipedia.org\"]}");
}

static void publish(void)
{
	world_publish(&stage.world, "en.wikipedia.org", "{}");
}

/* socket.io 0.9's page: its function, and blanks until Internet Explorer begins to run it. */
static void test_a_page_begins_with_its_function(void **state)
{
	struct text body;
	static const char script[] = "<html><body><script>var _ = function (msg) "
				     "{ parent.s._(msg, document); };</script>";

	(void)state;
	fake_request(&stage.page, HTTP_METHOD_GET, "/socket.io/1/htmlfile/SID");
	fake_request_origin(&stage.page, TEXT("http://a.example"));
	socketio_htmlfile_transport.on_request(stage.session, &stage.page);
	assert_int_equal(stage.page.status, 200);
	assert_string_equal(stage.page.content_type, "text/html; charset=UTF-8");
	assert_string_equal(stage.page.fields, "Access-Control-Allow-Origin: http://a.example\r\n"
	                                       "Access-Control-Allow-Credentials: true\r\n");
	body = buffer_text(&stage.page.body);
	assert_int_equal(body.length, sizeof(script) - 1 + 173);
	assert_memory_equal(body.bytes, script, sizeof(script) - 1);
	for (size_t i = sizeof(script) - 1; i < body.length; i++) {
		assert_int_equal(body.bytes[i], ' ');
	}
	fake_stream_expect(&stage.page.stream, SCRIPT("1::"));
	assert_int_equal(stage.world.metrics.socketio_clients, 1);
}

/* Each packet is a script of its own, whichever way it was made. */
static void test_a_page_gets_a_script_for_each_packet(void **state)
{
	(void)state;
	post_well("1::/rc");
	subscribe();
	publish();
	publish();
	fake_stream_expect(&stage.page.stream, SCRIPT("1::\\/rc") CHANGE CHANGE);
}

/* A POST is that of xhr-polling, frames and faults too. */
static void test_a_page_sends_by_post(void **state)
{
	(void)state;
	post_well("\xef\xbf\xbd"
	          "6\xef\xbf\xbd"
	          "1::/rc\xef\xbf\xbd"
	          "3\xef\xbf\xbd"
	          "2::");
	fake_stream_expect(&stage.page.stream, SCRIPT("1::\\/rc"));
	post("\xff");
	assert_int_equal(stage.post.status, 400);
	assert_false(stage.session->is_ended);
}

/* What is posted before the page was opened could not be answered. */
static void test_a_post_before_the_page_is_refused(void **state)
{
	(void)state;
	post("1::/rc");
	assert_int_equal(stage.post.status, 400);
	fake_finish(&stage.post);
	open_page(&stage.page);
	fake_stream_expect(&stage.page.stream, SCRIPT("1::"));
}

/* A page that stays gets heartbeats, and its client must be heard of as over WebSocket. */
static void test_a_page_has_heartbeats(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_pass_timeout(&stage.world, 25);
		fake_stream_expect(&stage.page.stream, SCRIPT("2::"));
		post_well("2::");
	}
	world_pass_timeout(&stage.world, 60);
	assert_int_equal(stage.world.metrics.socketio_sessions_expired, 1);
	assert_true(stage.page.stream.is_closed);
	assert_int_equal(stage.page.stream.reason, CLOSE_PING_TIMEOUT);
	fake_stream_expect(&stage.page.stream, SCRIPT("2::") SCRIPT("2::"));
}

/* The client never asks for a page anew: its session goes with it. */
static void test_a_session_ends_with_its_page(void **state)
{
	(void)state;
	subscribe();
	fake_stream_goes(&stage.page.stream, CLOSE_CLIENT_CLOSED);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
	publish();
}

/* "0::" was asked for: the page is told, and ends. */
static void test_a_disconnect_is_told_to_the_page(void **state)
{
	(void)state;
	post_well("0::");
	assert_int_equal(stage.page.stream.reason, CLOSE_CLIENT_QUIT);
	fake_stream_expect(&stage.page.stream, SCRIPT("0::"));
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* Another end is never "0::": the client would not come back. */
static void test_an_end_of_ours_is_not_told_to_the_page(void **state)
{
	(void)state;
	socketio_session_end(stage.session, CLOSE_SHUTDOWN);
	assert_true(stage.page.stream.is_closed);
	fake_stream_expect(&stage.page.stream, "");
}

/* A newer page takes the place of the older, whose end then ends nothing. */
static void test_a_newer_page_takes_the_place_of_the_older(void **state)
{
	(void)state;
	subscribe();
	open_page(&stage.other);
	fake_stream_expect(&stage.other.stream, SCRIPT("1::"));
	assert_true(stage.page.stream.is_closed);
	fake_stream_goes(&stage.page.stream, CLOSE_PROTOCOL_DONE);
	assert_false(stage.session->is_ended);
	publish();
	fake_stream_expect(&stage.other.stream, CHANGE);
	fake_stream_expect(&stage.page.stream, "");
}

/* Client libraries fall back to polls when a page does not come through a proxy. */
static void test_a_client_may_go_over_to_polls(void **state)
{
	(void)state;
	fake_request(&stage.other, HTTP_METHOD_GET, "/socket.io/1/xhr-polling/SID");
	socketio_polling_xhr.on_request(stage.session, &stage.other);
	fake_expect(&stage.other, 200, "1::");
	assert_true(stage.page.stream.is_closed);
	fake_stream_goes(&stage.page.stream, CLOSE_PROTOCOL_DONE);
	assert_false(stage.session->is_ended);
	world_pass(&stage.world, 30000);
	fake_stream_expect(&stage.page.stream, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_open, end)
	    cmocka_unit_test_setup_teardown(test_a_page_begins_with_its_function, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_post_before_the_page_is_refused, begin, end),
	    TEST(test_a_page_gets_a_script_for_each_packet),
	    TEST(test_a_page_sends_by_post),
	    TEST(test_a_page_has_heartbeats),
	    TEST(test_a_session_ends_with_its_page),
	    TEST(test_a_disconnect_is_told_to_the_page),
	    TEST(test_an_end_of_ours_is_not_told_to_the_page),
	    TEST(test_a_newer_page_takes_the_place_of_the_older),
	    TEST(test_a_client_may_go_over_to_polls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
