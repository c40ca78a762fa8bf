/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENTS_H
#define SERVER_NET_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * One worker's clients by their ids, so that a page of ten thousand costs a search and the page.
 *
 * A sorted array: ids grow, so clients come at its end, but for those that move here.  One that
 * leaves is crossed out, and the array is closed up when half of it is crossed out.
 *
 * Threads: the worker's.
 */
struct client;

struct clients_entry {
	uint64_t id;
	struct client *client; /* NULL: it has left */
};

/* All zero is nobody. */
struct clients {
	struct clients_entry *entries; /* by id */
	size_t count, capacity;
	size_t gone; /* of them, those who have left */
};

/* Put a client in, which has its id and is not in it.  It is lent until it is taken out. */
void clients_add(struct clients *clients, struct client *client);

/* Take a client out, which is in it. */
void clients_remove(struct clients *clients, const struct client *client);

/*
 * Lends the client with the least id over `after`, NULL when there is none.  While a connection
 * goes over from one protocol to another two may have one id for a moment: it is one of these.
 */
struct client *clients_next(const struct clients *clients, uint64_t after);

/* Free what it holds itself. */
void clients_finish(struct clients *clients);

#endif
