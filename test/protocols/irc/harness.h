/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_IRC_HARNESS_H
#define TEST_PROTOCOLS_IRC_HARNESS_H

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocols/irc/irc.h"
#include "protocols/irc/irc_server.h"
#include "server/base/memory.h"
#include "server/net/listener.h"
#include "server/net/socket.h"

/*
 * One worker's IRC front-end on a loop of the test's, with clients over real
 * loopback sockets and a clock that only step() moves.
 */
#define TEST_SERVER "irc.example.org"
#define TEST_START  UINT64_C(1700000000) /* Unix time of the server's start */
#define WAIT_ROUNDS 2000                 /* of a millisecond: for bytes that must come */

struct harness {
	uv_loop_t loop;
	struct conf conf;
	struct worker_stats worker;
	struct status status;
	struct net *net;
	struct bus *bus;
	struct history *history;
	struct front_end_env env;
	struct irc_server *server;
	struct listener *listener;
	struct socket_name address;
};

static inline struct metrics *metrics_of(struct harness *harness)
{
	return &harness->worker.metrics;
}

static inline void on_harness_connection(void *owner, struct connection *connection)
{
	struct harness *harness = owner;

	irc_front_end.on_connection(harness->server, connection);
}

static inline void harness_listen(struct harness *harness)
{
	struct error error;
	struct socket_name names[2];
	int descriptor;

	assert_true(socket_resolve("127.0.0.1", 0, names, &error) >= 1);
	harness->address = names[0];
	assert_true(socket_bind_group(&harness->address, &descriptor, 1, &error));
	harness->listener =
	    listener_open(harness->net, descriptor, on_harness_connection, harness, &error);
	assert_non_null(harness->listener);
}

/* Change what the configuration or the limits say here, then call harness_start(). */
static inline struct harness *harness_create(void)
{
	struct harness *harness = mem_new(struct harness);

	(void)signal(SIGPIPE, SIG_IGN); /* as main() does */
	harness->conf.irc = (struct conf_irc){
	    .present = true,
	    .server_name = TEST_SERVER,
	    .network = "Example",
	    .bot_name = "rc-pmtpa",
	    .topic = "Stream for topic {channel}",
	    .motd = "Welcome!\n\nBe good.\n",
	    .ping_timeout = 180,
	    .registration_timeout = 30,
	    .max_channels = 100,
	    .chathistory_limit = 1000,
	    .max_masks = 3,
	};
	harness->conf.history.changes = 1000;
	harness->status = (struct status){
	    .version = "1.2.3",
	    .started_ms = TEST_START * 1000,
	    .workers = &harness->worker,
	    .worker_count = 1,
	};
	assert_int_equal(uv_loop_init(&harness->loop), 0);
	harness->net = net_create(&(struct net_options){
	    .loop = &harness->loop,
	    .metrics = &harness->worker.metrics,
	    .limits = {.outbox_max = 4 << 20,
	               .outbox_soft = 1 << 20,
	               .outbox_soft_s = 60,
	               .write_timeout_s = 60},
	    .workers = 1,
	});
	/* The clock is the test's. */
	(void)uv_check_stop(&harness->net->check);
	harness->net->clock.wall_ms = (TEST_START + 1000) * 1000;
	harness->bus = bus_create();
	return harness;
}

static inline void harness_start(struct harness *harness)
{
	harness->history = history_create(&(struct history_options){
	    .changes_max = harness->conf.history.changes,
	    .bytes_max = 64 << 20,
	    .age_ms = UINT64_C(86400) * 1000,
	    .started_ms = harness->status.started_ms,
	});
	harness->env = (struct front_end_env){
	    .conf = &harness->conf,
	    .net = harness->net,
	    .bus = harness->bus,
	    .history = harness->history,
	    .metrics = &harness->worker.metrics,
	    .status = &harness->status,
	    .workers = 1,
	};
	harness->server = irc_front_end.start(&harness->env);
	harness_listen(harness);
}

/* One turn of the loop, without waiting. */
static inline void turn(struct harness *harness)
{
	(void)uv_run(&harness->loop, UV_RUN_NOWAIT);
}

/* Time passes, tick by tick as it does for the program. */
static inline void step(struct harness *harness, uint64_t milliseconds)
{
	while (milliseconds > 0) {
		uint64_t part = milliseconds < DEADLINE_TICK_MS ? milliseconds : DEADLINE_TICK_MS;

		harness->net->clock.now_ms += part;
		harness->net->clock.wall_ms += part;
		deadlines_advance(&harness->net->deadlines);
		milliseconds -= part;
	}
	turn(harness);
}

/* Clients must be closed by now, or are ended with a goodbye they do not read. */
static inline void harness_destroy(struct harness *harness)
{
	listener_close(harness->listener);
	net_end(harness->net, CLOSE_SHUTDOWN);
	for (int round = 0; uv_loop_alive(&harness->loop) && round < WAIT_ROUNDS; round++) {
		step(harness, 1000);
	}
	assert_false(uv_loop_alive(&harness->loop));
	irc_front_end.destroy(harness->server);
	bus_destroy(harness->bus);
	history_destroy(harness->history);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_clients), 0);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_registered), 0);
	net_destroy(harness->net);
	assert_int_equal(uv_loop_close(&harness->loop), 0);
	free(harness);
}

/* Most tests: */
static inline int set_up(void **state)
{
	struct harness *harness = harness_create();

	harness_start(harness);
	*state = harness;
	return 0;
}

static inline int tear_down(void **state)
{
	harness_destroy(*state);
	return 0;
}

/* --- changes ------------------------------------------------------------- */

/* A change for a channel passes; NULL `line`: it is not for IRC. */
static inline void publish(struct harness *harness, const char *channel, const char *line)
{
	struct change *change = change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = {"en.wikipedia.org", strlen("en.wikipedia.org")},
	    .channel = {channel, strlen(channel)},
	    .json = {"{}", 2},
	    .line = {line, line != NULL ? strlen(line) : 0},
	});
	struct delivery *delivery = delivery_create(change);

	change->id = history_newest_id(harness->history) + 1;
	change->arrived_ms = harness->net->clock.wall_ms;
	history_add(harness->history, change);
	bus_publish(harness->bus, delivery);
	delivery_unref(delivery);
}

/* --- clients ------------------------------------------------------------- */

static inline int client_open(struct harness *harness)
{
	int client = socket(harness->address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(client >= 0);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&harness->address.address, harness->address.length),
	    0);
	assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	/* Or the end of a line waits for the other side to acknowledge the line. */
	assert_int_equal(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
	turn(harness);
	turn(harness);
	return client;
}

static inline void say_bytes(int client, const char *bytes, size_t length)
{
	assert_int_equal(send(client, bytes, length, MSG_NOSIGNAL), length);
}

/* Send a line; its end is added. */
static inline void say(int client, const char *line)
{
	say_bytes(client, line, strlen(line));
	say_bytes(client, "\r\n", 2);
}

/*
 * Read on until `out` ends in `wanted`, or, when it is NULL, until the server has closed
 * the connection.
 */
static inline void read_until(struct harness *harness, int client, const char *wanted,
                              struct buffer *out)
{
	size_t length = wanted != NULL ? strlen(wanted) : 0;

	for (int round = 0; round < WAIT_ROUNDS; round++) {
		ssize_t got = recv(client, buffer_reserve(out, 65536), 65536, 0);

		if (got > 0) {
			out->length += (size_t)got;
			round = 0;
		}
		if (wanted == NULL
		        ? got == 0
		        : out->length >= length &&
		              memcmp(out->bytes + out->length - length, wanted, length) == 0) {
			return;
		}
		if (got <= 0) {
			struct pollfd waiting = {.fd = client, .events = POLLIN};

			turn(harness);
			(void)poll(&waiting, 1, got == 0 ? 0 : 1);
		}
		if (got == 0) {
			break;
		}
	}
	fail_msg("wanted \"%s\" at the end of \"%.*s\"", wanted != NULL ? wanted : "(the end)",
	         (int)out->length, out->bytes != NULL ? out->bytes : "");
}

/* The next bytes are just these. */
static inline void expect(struct harness *harness, int client, const char *wanted)
{
	struct buffer out = {0};

	read_until(harness, client, wanted, &out);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, wanted);
	buffer_finish(&out);
}

/* Nothing has come, and nothing comes for what was sent before: seen by a PING. */
static inline void expect_nothing(struct harness *harness, int client)
{
	say(client, "PING nothing");
	expect(harness, client, ":" TEST_SERVER " PONG " TEST_SERVER " :nothing\r\n");
}

/* These bytes are the last. */
static inline void expect_end(struct harness *harness, int client, const char *wanted)
{
	struct buffer out = {0};

	read_until(harness, client, NULL, &out);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, wanted);
	buffer_finish(&out);
}

/* What was sent is answered by just this, and no more. */
static inline void exchange(struct harness *harness, int client, const char *line,
                            const char *wanted)
{
	struct buffer all = {0};

	say(client, line);
	buffer_append_text(&all, wanted);
	buffer_append_text(&all, ":" TEST_SERVER " PONG " TEST_SERVER " :done\r\n");
	buffer_append_byte(&all, '\0');
	say(client, "PING done");
	expect(harness, client, all.bytes);
	buffer_finish(&all);
}

/* Gives a client with this nick that has read its welcome. */
static inline int client_registered(struct harness *harness, const char *nick)
{
	struct buffer out = {0};
	char line[128];
	int client = client_open(harness);

	(void)snprintf(line, sizeof(line), "NICK %s\r\nUSER user 0 * :Real Name", nick);
	say(client, line);
	(void)snprintf(line, sizeof(line), ":" TEST_SERVER " 221 %s +i\r\n", nick);
	read_until(harness, client, line, &out);
	buffer_finish(&out);
	return client;
}

/* Join a channel that exists and read all that is said to it. */
static inline void client_join(struct harness *harness, int client, const char *channel)
{
	struct buffer out = {0};
	char line[128];

	(void)snprintf(line, sizeof(line), "JOIN %s", channel);
	say(client, line);
	read_until(harness, client, " :End of /NAMES list\r\n", &out);
	buffer_finish(&out);
}

#endif
