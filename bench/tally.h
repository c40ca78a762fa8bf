/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/log_histogram.h"

/*
 * Who got which change, and when: every change has a serial number, every client a
 * number, both from 0.  Clients are counted in groups, one for each protocol.
 *
 * A client takes 16 bytes, a change 9 and 4 for each group: an hour's run with a hundred
 * thousand clients fits.
 *
 * Threads: the caller's.
 */
#define TALLY_GROUPS_MAX 8

/* How far a change may come behind its successors and still be told from a second copy. */
#define TALLY_REACH 64

/* Some clients, and what came to them. */
struct tally_group {
	uint32_t clients;
	uint32_t *delivered; /* by serial: the clients that have it */
	uint32_t completed;  /* changes that every client of the group has */
	uint64_t deliveries;
	uint64_t bytes;      /* of the deliveries, as the protocol wrote them */
	uint64_t duplicates; /* deliveries of what the client had; not among `deliveries` */
	uint64_t reordered;  /* deliveries behind one of a higher serial */
	uint64_t stale;      /* behind TALLY_REACH others: late or again; not among `deliveries` */
	uint64_t strange;    /* serials that were never sent */
	struct log_histogram each; /* nanoseconds from sending to every delivery */
	struct log_histogram last; /* ... to the last client of the group */
};

/* What one client has: the highest serial, and which of those before it. */
struct tally_client {
	uint64_t seen; /* bit i: the serial `next` - 1 - i */
	uint32_t next; /* the one behind the highest serial it got */
	uint32_t group;
};

struct tally {
	uint32_t group_count;
	uint32_t changes;
	uint32_t timed_from;       /* the first serial whose times are recorded */
	uint32_t sent;             /* changes sent */
	uint32_t completed;        /* changes that every client has */
	uint64_t *sent_ns;         /* by serial */
	uint8_t *completed_groups; /* by serial: the groups that have it */
	struct log_histogram last; /* nanoseconds from sending to the last client of all */
	struct tally_group groups[TALLY_GROUPS_MAX];
	struct tally_client *clients;
};

/*
 * Prepare it for groups of so many clients, numbered one group behind the other, and so
 * many changes.  Times are recorded from the change `timed_from` on: those before it warm
 * the server up.
 */
void tally_init(struct tally *tally, const uint32_t *group_clients, uint32_t group_count,
                uint32_t changes, uint32_t timed_from);

/* Free what it holds. */
void tally_finish(struct tally *tally);

/* The next change is sent now, at a time that is not 0; returns its serial. */
uint32_t tally_sent(struct tally *tally, uint64_t now_ns);

/* The client got the change now, in so many bytes. */
void tally_delivered(struct tally *tally, uint32_t client, uint32_t serial, size_t bytes,
                     uint64_t now_ns);

/* How many deliveries to the group are missing of the changes that were sent. */
uint64_t tally_lost(const struct tally *tally, const struct tally_group *group);

/* How many deliveries of all groups there were. */
uint64_t tally_deliveries(const struct tally *tally);

/* Whether every change that was sent came to every client, once and in order. */
bool tally_is_good(const struct tally *tally);

#endif
