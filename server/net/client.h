/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENT_H
#define SERVER_NET_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/net/client_kind.h"
#include "server/net/close_reason.h"

/*
 * One worker's clients, for whoever runs the server: a list of who is served, and how to let go
 * of one.  A client is whatever keeps its protocol's state: an IRC session, a Socket.IO session
 * with however many connections, an HTTP connection.
 *
 *   session ── client_enter() ──> net.clients ── client_ops ──> list of clients, kick
 *
 * Threads: the worker's.
 */
struct client;
struct connection;
struct net;
struct subscriber;

#define CLIENT_AGENT_MAX 256

/* What a client tells of itself.  All zero is nothing. */
struct client_info {
	struct sockaddr_in6 peer;            /* as peer.h has it */
	char agent[CLIENT_AGENT_MAX];        /* valid UTF-8; "": it has told nothing */
	const struct subscriber *subscriber; /* lent; NULL: it has no subscriptions */
	uint64_t queued_bytes;               /* that wait for it */
	uint64_t sent_bytes;
	uint64_t lag_ms; /* since it last took something, while something waits */
};

struct client_ops {
	/* Write what there is to say, to an `info` that is all zero. */
	void (*describe)(const struct client *client, struct client_info *info);

	/* Begin to end it, as its protocol does for this reason.  It may have left then. */
	void (*end)(struct client *client, enum close_reason reason);
};

/* Embed it, all zero. */
struct client {
	const struct client_ops *ops;
	uint64_t id; /* of no other client of the process, ever */
	enum client_kind kind;
	uint64_t since_ms; /* Unix time */
	bool is_in;        /* net.clients */
};

/* Gives the id of a client of one's own, or a connection: no other of the process has it. */
uint64_t client_new_id(struct net *net);

/* Count a client in.  Its `ops` are set; its id is given to it unless it has one. */
void client_enter(struct net *net, struct client *client, enum client_kind kind);

/* Count it as another kind from now on. */
void client_turn(struct net *net, struct client *client, enum client_kind kind);

/* Count it out; one that is not in is left alone. */
void client_leave(struct net *net, struct client *client);

/* Write peer, bytes and lag of a client that is one connection. */
void client_info_of_connection(const struct connection *connection, struct client_info *info);

/* Bytes that a connection has not sent: those that wait, and those that it dropped at its end. */
uint64_t client_unsent_bytes(const struct connection *connection);

/* Write the agent, as it is told in an HTTP request: cut, with '?' for all but printable ASCII. */
void client_info_agent(struct client_info *info, const char *agent, size_t length);

#endif
