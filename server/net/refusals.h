/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_REFUSALS_H
#define SERVER_NET_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/deadlines.h"
#include "server/net/close_reason.h"

/*
 * Clients that are turned away at the door: told why, and let go of.  They become no
 * connection and get no handle and no memory, so that many of them cost little.
 *
 * A socket that is closed while input of its client is unread resets the connection, and the
 * client may lose the answer with it.  So the last few are kept a moment, shut down on our
 * side; the next one, or REFUSAL_MS, closes the oldest.
 *
 * Threads: the worker's.
 */
#define REFUSALS_HELD     32
#define REFUSAL_MS        1000
#define REFUSALS_TEXT_MAX 128

struct net;
struct sockaddr_in6;

/* A part of struct net.  All zero is none. */
struct refusals {
	int held[REFUSALS_HELD];
	size_t first, count; /* in `held`, round its end */
	struct deadline end;
	uint64_t told_ms;
	bool was_told; /* the log, at told_ms */
};

/* The figures that refusals tell. */
struct refusals_figures {
	unsigned per_address; /* connections of an address */
	double rate;          /* new ones of an address, a second */
};

/* Writes why a client is refused, with the figure that it is over, and lends that back. */
const char *refusals_text(enum close_reason reason, const struct refusals_figures *figures,
                          char text[REFUSALS_TEXT_MAX]);

/*
 * Turn a client away that was accepted, with its descriptor, which is taken over.  It is sent
 * `words`; the refusal is counted by its reason, one of those of admission_enter(), and logged.
 */
void refusals_turn_away(struct net *net, int descriptor, const struct sockaddr_in6 *peer,
                        enum close_reason reason, const char *words);

/* Count one that is refused otherwise, by its reason, and log it. */
void refusals_note(struct net *net, const struct sockaddr_in6 *peer, enum close_reason reason);

/* Close those that are kept; false when there are none. */
bool refusals_drop(struct net *net);

#endif
