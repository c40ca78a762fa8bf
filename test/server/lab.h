/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SERVER_LAB_H
#define TEST_SERVER_LAB_H

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"
#include "server/net/address_limits.h"
#include "server/net/errand.h"
#include "server/net/socket.h"
#include "server/worker.h"

/*
 * Real workers with one made-up front-end, "lab": a client gets the JSON of every
 * change, a line each, and "bye" at the end; the line "move N" takes it to worker N, which
 * says "moved", the line "ask" sends an errand round.  The table below stands in for that of
 * protocols/protocols.c.  What runs on a worker's thread uses require(): cmocka's assertions are
 * the test's thread's.
 */
#define LAB_WORKERS 3

struct lab_state {
	const struct front_end_env *env;
};

/* Told to front-ends of all workers together. */
static atomic_uint lab_confs;

struct lab_session {
	struct subscriber subscriber;
	struct connection *connection;
	struct lab_state *lab;
	unsigned target;     /* of the move asked for */
	uint64_t arrived_ms; /* of the last change */
};

/* Cargoes under way: none may stay when all has ended. */
static atomic_int lab_cargoes;

static inline void lab_encode(const struct encoder *encoder, const struct change *change,
                              struct buffer *out)
{
	struct text json = change_json(change);

	(void)encoder;
	buffer_append(out, json.bytes, json.length);
	buffer_append_byte(out, '\n');
}

static const struct encoder lab_encoder = {.name = "lab", .encode = lab_encode};

/* Changes that say they arrived before the one in front of them. */
static atomic_uint lab_times_back;

static inline void lab_deliver(struct subscriber *subscriber, struct delivery *delivery)
{
	struct lab_session *session = container_of(subscriber, struct lab_session, subscriber);

	if (delivery_change(delivery)->arrived_ms < session->arrived_ms) {
		atomic_fetch_add(&lab_times_back, 1);
	}
	session->arrived_ms = delivery_change(delivery)->arrived_ms;
	connection_send(session->connection, delivery_wire(delivery, &lab_encoder));
}

static const struct subscriber_ops lab_subscriber_ops = {.deliver = lab_deliver};

static inline void lab_leave(struct lab_session *session)
{
	bus_leave(session->lab->env->bus, &session->subscriber);
}

static inline void lab_on_detached(struct connection *connection, struct migrant *migrant)
{
	struct lab_session *session = connection->owner;
	const struct front_end_env *env = session->lab->env;

	migrant->cargo = mem_copy_text("cargo", 5);
	atomic_fetch_add(&lab_cargoes, 1);
	lab_leave(session);
	env->move(env, session->target, migrant);
}

/* Errands: visits by worker, and how they ended. */
static atomic_uint lab_visits, lab_dones, lab_drops;

struct lab_errand {
	struct errand errand;
	bool was_here; /* in this worker, and is to come again */
	struct net *visited[LAB_WORKERS];
	const struct net *home;
};

/* Each worker twice before the next. */
static inline bool lab_visit(struct errand *errand, struct net *net)
{
	struct lab_errand *tour = container_of(errand, struct lab_errand, errand);

	require(errand->visits < LAB_WORKERS);
	require(!tour->was_here || tour->visited[errand->visits] == net);
	tour->visited[errand->visits] = net;
	tour->was_here = !tour->was_here;
	atomic_fetch_add(&lab_visits, 1);
	return !tour->was_here;
}

/* Home again, after every worker. */
static inline void lab_done(struct errand *errand)
{
	struct lab_errand *tour = container_of(errand, struct lab_errand, errand);

	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		require(tour->visited[i] != NULL);
		for (unsigned k = 0; k < i; k++) {
			require(tour->visited[i] != tour->visited[k]);
		}
	}
	require(tour->visited[errand->home] == tour->home);
	atomic_fetch_add(&lab_dones, 1);
	free(tour);
}

static inline void lab_drop(struct errand *errand)
{
	atomic_fetch_add(&lab_drops, 1);
	free(container_of(errand, struct lab_errand, errand));
}

static inline void lab_ask(const struct front_end_env *env)
{
	struct lab_errand *tour = mem_new(struct lab_errand);

	tour->errand = (struct errand){.visit = lab_visit, .done = lab_done, .drop = lab_drop};
	tour->home = env->net;
	env->send_errand(env, &tour->errand);
}

static inline size_t lab_on_input(struct connection *connection, const char *bytes, size_t length)
{
	struct lab_session *session = connection->owner;
	const char *end = memchr(bytes, '\n', length);

	if (end == NULL) {
		return 0;
	}
	if (memcmp(bytes, "ask", 3) == 0) {
		lab_ask(session->lab->env);
		return (size_t)(end - bytes) + 1;
	}
	require(memcmp(bytes, "move ", 5) == 0);
	session->target = (unsigned)(bytes[5] - '0');
	connection_detach(connection, lab_on_detached);
	return (size_t)(end - bytes) + 1;
}

static inline void lab_on_closing(struct connection *connection, enum close_reason reason)
{
	lab_leave(connection->owner);
	if (close_reason_row(reason)->is_told) {
		connection_send_bytes(connection, "bye\n", 4);
	}
}

static inline void lab_on_closed(struct connection *connection, enum close_reason reason)
{
	(void)reason;
	free(connection->owner);
}

static const struct connection_ops lab_connection_ops = {
    .on_input = lab_on_input,
    .on_closing = lab_on_closing,
    .on_closed = lab_on_closed,
};

static inline const struct conf_addresses *lab_addresses(const struct conf *conf)
{
	return &conf->irc.listen;
}

static inline const struct conf_addresses *lab_no_addresses(const struct conf *conf)
{
	(void)conf;
	return NULL;
}

/* One that is off. */
static const struct front_end lab_off = {
    .name = "off",
    .addresses = lab_no_addresses,
    .destroy = free,
};

extern const struct front_end *const front_ends[];

/* front_end.h, state_of(): by front-end, within the worker; nothing of one that is off. */
static inline void lab_require_states(const struct front_end_env *env, const void *own)
{
	require(env->state_of(env, front_ends[0]) == own);
	require(env->state_of(env, &lab_off) == NULL);
}

static inline void *lab_start(const struct front_end_env *env)
{
	struct lab_state *lab = mem_new(struct lab_state);

	lab->env = env;
	return lab;
}

static inline void lab_on_conf(void *state)
{
	struct lab_state *lab = state;

	require(lab->env->conf->irc.present); /* it is there to be read */
	atomic_fetch_add(&lab_confs, 1);
}

static inline void lab_on_connection(void *state, struct connection *connection)
{
	struct lab_session *session = mem_new(struct lab_session);
	struct text everything = {.bytes = "*", .length = 1};

	session->lab = state;
	lab_require_states(session->lab->env, state);
	session->connection = connection;
	session->subscriber.ops = &lab_subscriber_ops;
	connection->ops = &lab_connection_ops;
	connection->owner = session;
	connection_send_bytes(connection, "hello\n", 6);
	assert_true(
	    bus_subscribe(session->lab->env->bus, &session->subscriber, BUS_WIKI, everything));
}

static inline void lab_drop_cargo(void *cargo)
{
	atomic_fetch_sub(&lab_cargoes, 1);
	free(cargo);
}

static inline void lab_on_moved(void *state, struct connection *connection, void *cargo)
{
	lab_drop_cargo(cargo);
	lab_on_connection(state, connection);
	connection_send_bytes(connection, "moved\n", 6);
	connection_resume(connection);
}

static const struct front_end lab_front_end = {
    .name = "lab",
    .addresses = lab_addresses,
    .start = lab_start,
    .on_conf = lab_on_conf,
    .on_connection = lab_on_connection,
    .on_moved = lab_on_moved,
    .drop_cargo = lab_drop_cargo,
    .destroy = free,
};

const struct front_end *const front_ends[] = {&lab_front_end, &lab_off, NULL};

/* --- the workers -------------------------------------------------------------- */

struct lab {
	struct conf *conf;
	struct address_limits *addresses; /* of all workers */
	struct status status;
	struct worker *workers[LAB_WORKERS];
	struct socket_name names[LAB_WORKERS]; /* an address for each, so that tests can choose */
	uv_loop_t loop;
	uv_async_t bell; /* for tests of what runs on this loop */
	atomic_uint rooms;
	atomic_uint ends;
};

static inline void lab_on_room(void *owner)
{
	struct lab *lab = owner;

	atomic_fetch_add(&lab->rooms, 1);
	(void)uv_async_send(&lab->bell);
}

static inline void lab_on_ended(void *owner)
{
	struct lab *lab = owner;

	atomic_fetch_add(&lab->ends, 1);
}

static inline void lab_on_bell(uv_async_t *bell)
{
	(void)bell;
}

static inline void lab_create_worker(struct lab *lab, unsigned index)
{
	struct worker_socket socket = {0};
	struct worker_options options = {
	    .conf = lab->conf,
	    .status = &lab->status,
	    .addresses = lab->addresses,
	    .index = index,
	    .all = lab->workers,
	    .sockets = &socket,
	    .socket_count = 1,
	    .on_room = lab_on_room,
	    .on_ended = lab_on_ended,
	    .owner = lab,
	};
	struct error error = {""};

	assert_int_equal(socket_resolve("127.0.0.1", 0, &lab->names[index], &error), 1);
	assert_true(socket_bind_group(&lab->names[index], &socket.descriptor, 1, &error));
	lab->workers[index] = worker_create(&options, &error);
	assert_non_null(lab->workers[index]);
}

/* Workers that listen but do not run; the configuration is YAML. */
static inline struct lab *lab_create(const char *yaml)
{
	struct lab *lab = mem_new(struct lab);
	struct buffer errors = {0};

	lab->conf = conf_parse("test", yaml, strlen(yaml), &errors);
	assert_non_null(lab->conf);
	lab->conf->drain.window = 0; /* what takes time is tested in test_drain.c */
	buffer_finish(&errors);
	status_init(&lab->status, LAB_WORKERS);
	lab->addresses = address_limits_create(
	    &(struct address_limits_options){.per_address = 100, .ipv6_prefix = 64});
	assert_int_equal(uv_loop_init(&lab->loop), 0);
	assert_int_equal(uv_async_init(&lab->loop, &lab->bell, lab_on_bell), 0);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		lab_create_worker(lab, i);
	}
	return lab;
}

static inline void lab_start_workers(struct lab *lab)
{
	struct error error = {""};

	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		assert_true(worker_start(lab->workers[i], &error));
	}
}

static inline void lab_end_workers(void *pointer)
{
	struct lab *lab = pointer;

	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_end(lab->workers[i]);
	}
}

/* End the workers if they have not ended, join and free. */
static inline void lab_destroy(struct lab *lab)
{
	lab_end_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_join(lab->workers[i]);
	}
	uv_close((uv_handle_t *)&lab->bell, NULL);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_destroy(lab->workers[i]);
		assert_int_equal(metric_read(&lab->status.workers[i].metrics.connections_open), 0);
	}
	assert_int_equal(uv_loop_close(&lab->loop), 0);
	assert_int_equal(lab_cargoes, 0);
	address_limits_destroy(lab->addresses); /* asserts that every place was left */
	status_finish(&lab->status);
	conf_destroy(lab->conf);
	free(lab);
}

/* --- clients ------------------------------------------------------------------------ */

/* A blocking client that has been greeted; a read that takes 20 s fails the test. */
static inline FILE *lab_connect(struct lab *lab, unsigned worker)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct timeval limit = {.tv_sec = 20};
	char line[64];
	FILE *file;

	assert_true(client >= 0);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&lab->names[worker].address,
	                         lab->names[worker].length),
	                 0);
	file = fdopen(client, "r");
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "hello\n");
	return file;
}

static inline void lab_expect(FILE *client, const char *expected)
{
	char line[256];

	assert_non_null(fgets(line, sizeof(line), client));
	assert_string_equal(line, expected);
}

/* The JSON {"n":1}, {"n":2} and so on, in order. */
static inline void lab_expect_changes(FILE *client, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		char expected[64];

		(void)snprintf(expected, sizeof(expected), "{\"n\":%u}\n", i);
		lab_expect(client, expected);
	}
}

static inline void lab_expect_end(FILE *client)
{
	assert_int_equal(fgetc(client), EOF);
	assert_false(ferror(client));
	(void)fclose(client);
}

#endif
