/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes' way there and back; TLS over it is in test_redis_tls.py. */
#include "ingest/redis_transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "test/ingest/rig.h"

struct end {
	uv_loop_t loop;
	struct conf_redis_url url;
	struct redis_transport *transport;
	struct buffer received;
	char lost[256];
	unsigned opened;
	unsigned losses;
	bool closes_on_bytes;
};

static void on_open(void *owner)
{
	((struct end *)owner)->opened++;
}

static void close_transport(struct end *end)
{
	if (end->transport != NULL) {
		redis_transport_close(end->transport);
		end->transport = NULL;
	}
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	struct end *end = owner;

	buffer_append(&end->received, bytes, length);
	if (end->closes_on_bytes) {
		close_transport(end);
	}
}

static void on_lost(void *owner, const char *why)
{
	struct end *end = owner;

	end->losses++;
	(void)snprintf(end->lost, sizeof(end->lost), "%s", why);
	close_transport(end);
}

static const struct redis_transport_events events = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_lost = on_lost,
};

static void end_open(struct end *end, const struct conf_redis_url *url)
{
	struct redis_transport_options options = {.loop = &end->loop, .url = &end->url};

	*end = (struct end){.url = *url};
	assert_int_equal(uv_loop_init(&end->loop), 0);
	end->transport = redis_transport_open(&options, &events, end);
	assert_int_equal(end->opened + end->losses, 0); /* never before it returns */
}

static void end_finish(struct end *end)
{
	close_transport(end);
	(void)uv_run(&end->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&end->loop), 0);
	buffer_finish(&end->received);
}

/* Turn the loop until it is open, lost, or has received so much. */
static void turn(struct end *end, size_t length)
{
	for (unsigned i = 0; i < 20000; i++) {
		(void)uv_run(&end->loop, UV_RUN_NOWAIT);
		if (end->losses > 0 || (end->opened > 0 && end->received.length >= length)) {
			return;
		}
		uv_sleep(1);
	}
	fail();
}

/* Listens on 127.0.0.1, and on nothing else. */
static int listen_tcp(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return listener;
}

/* Bytes go both ways; the end of the other side is told once. */
static void assert_carries(int listener, const struct conf_redis_url *url)
{
	char bytes[8] = "";
	struct end end;
	int other;

	end_open(&end, url);
	turn(&end, 0);
	assert_int_equal(end.opened, 1);
	other = accept(listener, NULL, NULL);
	assert_true(other >= 0);
	redis_transport_send(end.transport, "ping", 4);
	(void)uv_run(&end.loop, UV_RUN_NOWAIT);
	assert_int_equal(read(other, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "ping", 4);
	assert_int_equal(write(other, "pong", 4), 4);
	turn(&end, 4);
	assert_int_equal(end.received.length, 4);
	assert_memory_equal(end.received.bytes, "pong", 4);
	(void)close(other);
	turn(&end, 5);
	assert_string_equal(end.lost, "the server closed the connection");
	end_finish(&end);
	assert_int_equal(end.losses, 1);
}

static void test_transport_carries_bytes_over_tcp(void **state)
{
	struct conf_redis_url url = {.host = "127.0.0.1"};
	int listener = listen_tcp(&url.port);

	(void)state;
	assert_carries(listener, &url);
	(void)close(listener);
}

/* localhost may be ::1 first: the next address is tried. */
static void test_transport_tries_every_address_of_a_name(void **state)
{
	struct conf_redis_url url = {.host = "localhost"};
	int listener = listen_tcp(&url.port);

	(void)state;
	assert_carries(listener, &url);
	(void)close(listener);
}

static void test_transport_carries_bytes_over_a_unix_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct conf_redis_url url = {.path = address.sun_path};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/rcstreamd-%d.sock",
	               (int)getpid());
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_carries(listener, &url);
	(void)close(listener);
	(void)unlink(address.sun_path);
}

/* Whatever is in the way is told once, and never before redis_transport_open() returns. */
static void test_transport_tells_why_it_did_not_come_about(void **state)
{
	struct conf_redis_url refused = {.host = "127.0.0.1"};
	struct conf_redis_url both = {.host = "localhost"};
	struct conf_redis_url missing = {.path = "/nonexistent/redis.sock"};
	const struct conf_redis_url *urls[] = {&refused, &both, &missing};
	const char *reasons[] = {"connection refused", "connection refused",
	                         "no such file or directory"};

	(void)state;
	(void)close(listen_tcp(&refused.port));
	both.port = refused.port;
	for (size_t i = 0; i < 3; i++) {
		struct end end;

		end_open(&end, urls[i]);
		turn(&end, 0);
		assert_int_equal(end.opened, 0);
		assert_string_equal(end.lost, reasons[i]);
		end_finish(&end);
		assert_int_equal(end.losses, 1);
	}
}

/* redis_transport.h: closed at any time, even from inside a callback, it tells nothing more. */
static void test_transport_may_be_closed_at_any_time(void **state)
{
	struct conf_redis_url url = {.host = "localhost"};
	int listener = listen_tcp(&url.port);

	(void)state;
	for (unsigned turns = 0; turns < 12; turns++) {
		struct end end;

		end_open(&end, &url);
		for (unsigned i = 0; i < turns; i++) {
			(void)uv_run(&end.loop, UV_RUN_NOWAIT);
			uv_sleep(i > 8 ? 10 : 0);
		}
		close_transport(&end);
		end.opened = 0;
		end_finish(&end);
		assert_int_equal(end.opened + end.losses, 0);
	}
	(void)close(listener);
}

static void test_transport_may_be_closed_by_what_it_tells(void **state)
{
	struct conf_redis_url url = {.host = "127.0.0.1"};
	int listener = listen_tcp(&url.port);
	char bytes[100000];
	struct end end;
	int other;

	(void)state;
	end_open(&end, &url);
	end.closes_on_bytes = true;
	turn(&end, 0);
	other = accept(listener, NULL, NULL);
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(write(other, bytes, sizeof(bytes)), sizeof(bytes));
	turn(&end, 1);
	end_finish(&end);
	assert_int_equal(end.losses, 0);
	(void)close(other);
	(void)close(listener);
}

/* Paused, even before it is there, it reads nothing, until it is resumed. */
static void test_transport_reads_nothing_while_it_is_paused(void **state)
{
	struct conf_redis_url url = {.host = "127.0.0.1"};
	int listener = listen_tcp(&url.port);
	struct end end;
	int other;

	(void)state;
	end_open(&end, &url);
	redis_transport_pause(end.transport);
	turn(&end, 0);
	other = accept(listener, NULL, NULL);
	for (size_t round = 1; round <= 2; round++) {
		assert_int_equal(write(other, "x", 1), 1);
		for (int i = 0; i < 20; i++) {
			(void)uv_run(&end.loop, UV_RUN_NOWAIT);
			uv_sleep(1);
		}
		assert_int_equal(end.received.length, round - 1);
		redis_transport_resume(end.transport);
		turn(&end, round);
		assert_int_equal(end.received.length, round);
		redis_transport_pause(end.transport);
	}
	end_finish(&end);
	(void)close(other);
	(void)close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transport_carries_bytes_over_tcp),
	    cmocka_unit_test(test_transport_tries_every_address_of_a_name),
	    cmocka_unit_test(test_transport_carries_bytes_over_a_unix_socket),
	    cmocka_unit_test(test_transport_tells_why_it_did_not_come_about),
	    cmocka_unit_test(test_transport_may_be_closed_at_any_time),
	    cmocka_unit_test(test_transport_may_be_closed_by_what_it_tells),
	    cmocka_unit_test(test_transport_reads_nothing_while_it_is_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
