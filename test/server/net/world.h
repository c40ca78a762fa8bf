/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SERVER_NET_WORLD_H
#define TEST_SERVER_NET_WORLD_H

#include <errno.h>
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
#include <uv.h>

#include <cmocka.h>

#include "server/base/memory.h"
#include "server/net/connection.h"
#include "server/net/listener.h"
#include "server/net/net.h"
#include "server/net/socket.h"

/*
 * A network in the test's own hands: real sockets on loopback, a loop that turns
 * when the test says so, a clock that stands until the test moves it.
 */
#define WORLD_SESSIONS 16
#define WORLD_TURNS    200

struct world;

/* What hangs off a connection; the test sets how it takes its input and what it says last. */
struct session {
	struct connection *connection; /* NULL once it has ended */
	struct world *world;
	struct buffer input; /* all that on_input() was done with */
	size_t (*take)(struct session *session, const char *bytes, size_t length);
	void (*before_end)(struct session *session); /* in on_closing() */
	const char *goodbye;
	unsigned inputs, closings, ends;
	enum close_reason reason;
};

struct world {
	uv_loop_t loop;
	struct metrics metrics;
	struct net *net;
	struct listener *listener;
	struct socket_name name;
	struct session sessions[WORLD_SESSIONS];
	size_t count;
};

/* --- sessions ---------------------------------------------------------------- */

static inline size_t world_on_input(struct connection *connection, const char *bytes, size_t length)
{
	struct session *session = connection->owner;
	size_t done = length;

	assert_int_equal(session->closings, 0);
	session->inputs++;
	if (session->take != NULL) {
		done = session->take(session, bytes, length);
	}
	buffer_append(&session->input, bytes, done);
	return done;
}

static inline void world_on_closing(struct connection *connection, enum close_reason reason)
{
	struct session *session = connection->owner;

	assert_int_equal(session->ends, 0);
	session->closings++;
	session->reason = reason;
	if (session->before_end != NULL) {
		session->before_end(session);
	}
	if (session->goodbye != NULL && close_reason_row(reason)->is_told) {
		connection_send_bytes(connection, session->goodbye, strlen(session->goodbye));
	}
}

static inline void world_on_closed(struct connection *connection, enum close_reason reason)
{
	struct session *session = connection->owner;

	session->ends++;
	session->reason = reason;
	session->connection = NULL;
}

static const struct connection_ops world_ops = {
    .on_input = world_on_input,
    .on_closing = world_on_closing,
    .on_closed = world_on_closed,
};

/* A session for a connection that has come. */
static inline struct session *world_take(struct world *world, struct connection *connection)
{
	struct session *session = &world->sessions[world->count++];

	assert_true(world->count <= WORLD_SESSIONS);
	session->connection = connection;
	session->world = world;
	connection->ops = &world_ops;
	connection->owner = session;
	return session;
}

static inline void world_on_connection(void *owner, struct connection *connection)
{
	(void)world_take(owner, connection);
}

/* --- the loop ------------------------------------------------------------------ */

static inline void turn(struct world *world)
{
	(void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static inline void turns(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		turn(world);
	}
}

/* Let time pass, deadlines and all, a tick at a time. */
static inline void pass(struct world *world, uint64_t ms)
{
	uint64_t end_ms = world->net->clock.now_ms + ms;

	while (world->net->clock.now_ms < end_ms) {
		uint64_t left_ms = end_ms - world->net->clock.now_ms;

		world->net->clock.now_ms += left_ms < DEADLINE_TICK_MS ? left_ms : DEADLINE_TICK_MS;
		deadlines_advance(&world->net->deadlines);
		turn(world);
	}
}

/* --- life ------------------------------------------------------------------------ */

#define WORLD_LIMITS                                 \
	((struct net_limits){.outbox_max = 1 << 20,  \
	                     .outbox_soft = 1 << 19, \
	                     .outbox_soft_s = 60,    \
	                     .write_timeout_s = 30})

static inline void world_listen(struct world *world)
{
	struct socket_name names[2];
	struct error error = {""};
	int descriptor;

	assert_int_equal(socket_resolve("127.0.0.1", 0, names, &error), 1);
	world->name = names[0];
	assert_true(socket_bind_group(&world->name, &descriptor, 1, &error));
	world->listener = listener_open(world->net, descriptor, world_on_connection, world, &error);
	assert_non_null(world->listener);
}

static inline struct world *world_create(void)
{
	struct world *world = mem_new(struct world);
	struct net_options options = {
	    .loop = &world->loop, .metrics = &world->metrics, .limits = WORLD_LIMITS, .workers = 1};

	assert_int_equal(uv_loop_init(&world->loop), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	world->net = net_create(&options);
	assert_int_equal(uv_check_stop(&world->net->check), 0);
	assert_int_equal(uv_timer_stop(&world->net->tick), 0);
	world_listen(world);
	return world;
}

/* End the network as a worker does; every session must have been told its end. */
static inline void world_end(struct world *world)
{
	listener_close(world->listener);
	net_end(world->net, CLOSE_SHUTDOWN);
	for (unsigned i = 0; i < 1000 && uv_loop_alive(&world->loop) != 0; i++) {
		pass(world, 100);
	}
	assert_int_equal(uv_loop_alive(&world->loop), 0);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
	for (size_t i = 0; i < world->count; i++) {
		assert_int_equal(world->sessions[i].ends, 1);
		buffer_finish(&world->sessions[i].input);
	}
	net_destroy(world->net);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	free(world);
}

static inline int world_setup(void **state)
{
	*state = world_create();
	return 0;
}

static inline int world_teardown(void **state)
{
	world_end(*state);
	return 0;
}

/* --- clients ------------------------------------------------------------------------ */

/* Connect, and lend the session that came of it. */
static inline struct session *client_connect(struct world *world, int *client)
{
	size_t before = world->count;

	*client = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(*client >= 0);
	assert_int_equal(
	    connect(*client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	for (unsigned i = 0; i < WORLD_TURNS && world->count == before; i++) {
		turn(world);
	}
	assert_int_equal(world->count, before + 1);
	return &world->sessions[before];
}

/* The same with buffers of some 100 KB, so that a client which does not read is noticed soon. */
static inline struct session *client_connect_small(struct world *world, int *client)
{
	struct session *session = client_connect(world, client);
	int size = 65536;
	uv_os_fd_t descriptor;

	assert_int_equal(setsockopt(*client, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	assert_int_equal(uv_fileno((uv_handle_t *)&session->connection->handle, &descriptor), 0);
	assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	return session;
}

static inline void client_send(int client, const char *text)
{
	assert_int_equal(send(client, text, strlen(text), 0), strlen(text));
}

/* Read what is there; false at the end of the stream. */
static inline bool client_read_some(int client, struct buffer *got)
{
	ssize_t length = recv(client, buffer_reserve(got, 65536), 65536, MSG_DONTWAIT);

	if (length > 0) {
		got->length += (size_t)length;
	} else if (length < 0) {
		assert_int_equal(errno, EAGAIN);
	}
	return length != 0;
}

/* Seconds on the wall since `start`; TCP's own timers take their time. */
static inline double seconds_since(uint64_t start_ns)
{
	return (double)(uv_hrtime() - start_ns) / 1e9;
}

/* Read, the loop turning, until the server ends the connection in order (a reset fails the test).
 */
static inline void client_read_to_end(struct world *world, int client, struct buffer *got)
{
	uint64_t start_ns = uv_hrtime();

	while (client_read_some(client, got)) {
		assert_true(seconds_since(start_ns) < 20);
		turn(world);
	}
}

/* Read, the loop turning, until this many bytes have come. */
static inline void client_read_bytes(struct world *world, int client, struct buffer *got,
                                     size_t length)
{
	uint64_t start_ns = uv_hrtime();

	while (got->length < length) {
		assert_true(client_read_some(client, got));
		assert_true(seconds_since(start_ns) < 20);
		turn(world);
	}
}

/* Close, and turn the loop until the session has ended. */
static inline void client_close(struct session *session, int client)
{
	assert_int_equal(close(client), 0);
	for (unsigned i = 0; i < WORLD_TURNS && session->ends == 0; i++) {
		turn(session->world);
	}
	assert_int_equal(session->ends, 1);
}

static inline void assert_bytes(const struct buffer *buffer, const char *text)
{
	assert_int_equal(buffer->length, strlen(text));
	if (buffer->length > 0) {
		assert_memory_equal(buffer->bytes, text, buffer->length);
	}
}

#endif
