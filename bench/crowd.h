/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/endpoint.h"
#include "bench/protocol.h"
#include "bench/tally.h"
#include "server/base/error.h"

/*
 * All clients of a run, and the connection that changes are injected by, if it is one: one
 * thread reads them all and tells the tally what came.
 *
 *   server ── connections ──> clients ── sessions ──> tally
 *
 * A crowd is of one mind: when one client fails, the run has.
 *
 * Threads: the caller's.
 */
struct crowd_client;

/* Clients of one protocol, as many as the tally's group of the same number has. */
struct crowd_group {
	const struct protocol *protocol;
	struct endpoint server;
};

struct crowd {
	const struct subject *subject;
	struct crowd_group groups[TALLY_GROUPS_MAX];
	const struct endpoint *from; /* where clients come from, in turns; NULL: from anywhere */
	size_t from_count;
	uint32_t at_once; /* clients that connect at the same time */
	bool is_tls;      /* clients come by TLS; who speaks does not */
	struct tally *tally;

	struct crowd_client *clients; /* one more than there are: the last one speaks */
	uint32_t count;
	uint32_t begun; /* clients whose connection was begun */
	uint32_t ready; /* of those, clients that wait for changes */
	uint64_t reads;
	uint64_t now_ns; /* of the read that is being understood */
	int poller;
	char *bytes;  /* for whoever reads */
	SSL_CTX *tls; /* NULL: clients come without */
	bool has_failed;
	struct error failure; /* when it has: which client, and why */
};

/* The time that a tally understands: monotonic, never 0. */
uint64_t crowd_now(void);

/*
 * Prepare the clients of the tally's groups; the first members, to `tally`, are set and lent.
 * False, with `error` set, when this process may not have as many descriptors.
 */
bool crowd_init(struct crowd *crowd, struct error *error);

/* Close all connections, with a reset: thousands of ports do not stay in TIME_WAIT. */
void crowd_finish(struct crowd *crowd);

/* Begin connections up to the client `end`, as long as few enough are under way. */
void crowd_connect(struct crowd *crowd, uint32_t end);

/* Wait for at most so long, and understand what has come. */
void crowd_turn(struct crowd *crowd, int timeout_ms);

/* Begin the connection of the one that speaks; `speaker` is lent. */
void crowd_connect_speaker(struct crowd *crowd, const struct crowd_group *speaker);

/* Whether it may speak. */
bool crowd_has_speaker(const struct crowd *crowd);

/* Have it say this, copied. */
void crowd_speak(struct crowd *crowd, const char *bytes, size_t length);

#endif
