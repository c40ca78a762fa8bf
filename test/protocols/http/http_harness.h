/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_HTTP_HTTP_HARNESS_H
#define TEST_PROTOCOLS_HTTP_HTTP_HARNESS_H

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

#include "protocols/http/http.h"
#include "server/base/memory.h"

/*
 * A worker with HTTP and nothing else, and clients at the other ends of socket pairs.
 * Its clock stands still until harness_pass() moves it.
 */
struct harness {
	uv_loop_t loop;
	struct worker_stats stats;
	struct status status;
	struct conf conf;
	struct net *net;
	struct front_end_env env;
	void *http;
	struct migrant moved; /* what env.move() was given */
	unsigned moved_to;
	unsigned moves;
};

static void harness_move(const struct front_end_env *env, unsigned worker, struct migrant *migrant)
{
	struct harness *harness = env->mover;

	harness->moved = *migrant;
	harness->moved_to = worker;
	harness->moves++;
}

static inline void harness_start(struct harness *harness)
{
	*harness = (struct harness){0};
	(void)signal(SIGPIPE, SIG_IGN); /* as main() does */
	assert_int_equal(uv_loop_init(&harness->loop), 0);
	harness->conf.http = (struct conf_http){
	    .present = true,
	    .max_header_bytes = 1024,
	    .max_body_bytes = 1024,
	    .header_timeout = 15,
	    .body_timeout = 30,
	    .keep_alive_timeout = 75,
	    .max_websocket_bytes = 65536,
	};
	harness->net = net_create(&(struct net_options){
	    .loop = &harness->loop,
	    .metrics = &harness->stats.metrics,
	    .limits = {.outbox_max = 4 << 20,
	               .outbox_soft = 1 << 20,
	               .outbox_soft_s = 60,
	               .write_timeout_s = 60},
	    .workers = 1,
	});
	uv_check_stop(&harness->net->check); /* it would read the clock */
	harness->status = (struct status){
	    .version = "1.2.3",
	    .workers = &harness->stats,
	    .worker_count = 1,
	};
	harness->env = (struct front_end_env){
	    .conf = &harness->conf,
	    .net = harness->net,
	    .metrics = &harness->stats.metrics,
	    .status = &harness->status,
	    .workers = 1,
	    .move = harness_move,
	    .mover = harness,
	};
	harness->http = http_front_end.start(&harness->env);
}

/* Let the loop do all it has to do now. */
static inline void harness_turn(struct harness *harness)
{
	for (unsigned i = 0; i < 5; i++) {
		(void)uv_run(&harness->loop, UV_RUN_NOWAIT);
	}
}

/* Let time pass, in steps as the wheel's timer makes them. */
static inline void harness_pass(struct harness *harness, unsigned ms)
{
	for (unsigned passed = 0; passed < ms; passed += DEADLINE_TICK_MS) {
		harness->net->clock.now_ms += DEADLINE_TICK_MS;
		deadlines_advance(&harness->net->deadlines);
		harness_turn(harness);
	}
}

/* Gives the client's end of a new connection, non-blocking. */
static inline int harness_connect(struct harness *harness)
{
	struct migrant migrant = {0};
	int ends[2];
	struct connection *connection;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
	                 0);
	migrant.descriptor = ends[1];
	connection = connection_adopt(harness->net, &migrant);
	assert_non_null(connection);
	http_front_end.on_connection(harness->http, connection);
	return ends[0];
}

static inline uint64_t harness_closed(const struct harness *harness, enum close_reason reason)
{
	return metric_read(&harness->stats.metrics.closed[reason]);
}

/* End the worker as the server does, whatever is still open. */
static inline void harness_finish(struct harness *harness)
{
	net_end(harness->net, CLOSE_SHUTDOWN);
	for (unsigned i = 0; harness->net->all != NULL && i < 100; i++) {
		harness->net->clock.now_ms += 1000;
		deadlines_advance(&harness->net->deadlines);
		harness_turn(harness);
	}
	(void)uv_run(&harness->loop, UV_RUN_DEFAULT);
	assert_int_equal(metric_read(&harness->stats.metrics.http_connections), 0);
	assert_int_equal(metric_read(&harness->stats.metrics.websocket_connections), 0);
	assert_int_equal(metric_read(&harness->stats.metrics.connections_open), 0);
	http_front_end.destroy(harness->http);
	net_destroy(harness->net);
	assert_int_equal(uv_loop_close(&harness->loop), 0);
}

#endif
