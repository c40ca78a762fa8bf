/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_CONNECTION_H
#define INGEST_REDIS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "ingest/redis_reader.h"
#include "ingest/source.h"

/*
 * A connection to a Redis server that is kept up: opened, logged in, watched, and opened
 * again when it is lost, for as long as the source runs.
 *
 *   wait ──> open ──> log in ──> on_ready() ──> redis_connection_set_up() ──> replies
 *    ^                                                                          │
 *    └── longer each time (backoff.h) ── lost, refused, broken, silent <──┘
 *
 * An outage is told once: at its start as a warning, at its end as information.  A server that
 * answers with another error than before is told of again.
 *
 * Threads: the feeder's.
 */
struct redis_connection;

/* What the two sources have in common in the configuration; all of it is lent. */
struct redis_connection_options {
	const struct conf_redis_url *url;
	const char *user; /* "" for none */
	const char *password_file;
	const char *tls_ca;
	const char *tls_cert;
	const char *tls_key;
	bool tls_verify;
	unsigned connect_timeout_s;
	unsigned idle_timeout_s;
	unsigned ping_timeout_s;
	size_t bulk_max;
};

/* Those options of a section of options.def that has REDIS_SERVER(). */
#define REDIS_CONNECTION_OPTIONS(conf)                                                             \
	{                                                                                          \
		.url = &(conf)->url, .user = (conf)->user, .password_file = (conf)->password_file, \
		.tls_ca = (conf)->tls_ca, .tls_cert = (conf)->tls_cert,                            \
		.tls_key = (conf)->tls_key, .tls_verify = (conf)->tls_verify,                      \
		.connect_timeout_s = (conf)->connect_timeout,                                      \
		.idle_timeout_s = (conf)->idle_timeout, .ping_timeout_s = (conf)->ping_timeout,    \
		.bulk_max = (conf)->max_bulk_bytes,                                                \
	}

/* What its owner is told. */
struct redis_connection_events {
	/* Logged in, for the first time or again: send the commands. */
	void (*on_ready)(void *owner);

	/* A reply to one of the owner's commands, or a push; lent. */
	void (*on_reply)(void *owner, const struct redisReply *reply);
};

/*
 * Gives a connection that is on its way; a server that is not there is an outage, not an
 * error.  NULL with `error` set when a file that it needs cannot be used.
 */
struct redis_connection *redis_connection_create(const struct source_env *env,
                                                 const struct redis_connection_options *options,
                                                 const struct redis_connection_events *events,
                                                 void *owner, struct error *error);

/* Send a command of `count` words, once ready.  Words are texts. */
void redis_connection_send(struct redis_connection *connection, const char *const *words,
                           size_t count);

/* The owner's subscriptions stand: the source can receive, the outage is over. */
void redis_connection_set_up(struct redis_connection *connection);

/* The server sent what it must not, or what the owner cannot go on with: drop it, try again. */
void redis_connection_fail(struct redis_connection *connection, const char *why);

/* The server answered `command` with this error: drop it, try again. */
void redis_connection_refuse(struct redis_connection *connection, const char *command,
                             const struct redisReply *reply);

/* Whether it was lost last since redis_reader.h refused what came: a limit, or no RESP at all. */
bool redis_connection_was_broken(const struct redis_connection *connection);

/* Read nothing until redis_connection_resume(); the server's silence is not held against it. */
void redis_connection_pause(struct redis_connection *connection);
void redis_connection_resume(struct redis_connection *connection);

/* Close every handle; the owner is told nothing more. */
void redis_connection_stop(struct redis_connection *connection);

/* Free it, once the loop has let go of the handles.  NULL does nothing. */
void redis_connection_destroy(struct redis_connection *connection);

#endif
