/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENT_LINE_H
#define SERVER_NET_CLIENT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "server/base/log.h"
#include "server/net/client_log.h"
#include "server/net/close_reason.h"
#include "server/net/peer.h"

/*
 * A line about a client, once client_log_wants() it: its scope, to which fields are added.  All
 * front-ends tell the same, under ids of the same form.
 *
 * Threads: the worker's.
 */
struct client;

#define CLIENT_LINE_FIELDS 10

struct client_line {
	struct log_scope scope;
	struct log_field fields[CLIENT_LINE_FIELDS + 1];
	size_t count;
	char peer[PEER_TEXT_MAX];
};

/* Begin a line about a client that is there.  Lent: both, until it is written. */
void client_line_begin(struct client_line *line, const struct client *client,
                       const struct sockaddr_in6 *peer);

/* Add a field, lent; NULL and "" add none.  The name is one of log_field. */
void client_line_add(struct client_line *line, const char *name, const char *text);

/* The same with a number. */
void client_line_add_number(struct client_line *line, const char *name, uint64_t number);

/* Write it; its id is the front-end's name and the event, "irc.connected". */
void client_line_write(struct client_line *line, enum client_event event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How a client fared. */
struct client_totals {
	const char *name; /* what people know it by, lent; NULL or "": nothing */
	enum close_reason reason;
	uint64_t lasted_ms;
	uint64_t deliveries;   /* changes */
	uint64_t sent_bytes;   /* to its connections, or in answers to its polls */
	uint64_t unsent_bytes; /* that waited for it when it went */
};

/* Write a line of CLIENT_DISCONNECTED. */
void client_line_write_end(struct client_line *line, const struct client_totals *totals);

#endif
