/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_BENCH_TALLY_H
#define TEST_BENCH_TALLY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Who got which change, and when: every change has a serial number, every client
 * a number, both from 0.
 *
 * Threads: the caller's.
 */
struct tally {
	uint32_t clients;
	uint32_t changes;
	uint64_t *sent_ns;    /* by serial */
	uint64_t *latency_ns; /* by serial: until the last client had it */
	uint32_t *delivered;  /* by serial: the clients that have it */
	uint32_t *next;       /* by client: the one behind the highest serial it got */
	uint8_t *seen;        /* a bit for each client and serial */
	uint32_t completed;   /* changes that every client has */
	uint64_t deliveries;
	uint64_t bytes;      /* of the deliveries, as the protocol wrote them */
	uint64_t duplicates; /* deliveries of what the client had; not among `deliveries` */
	uint64_t reordered;  /* deliveries behind one of a higher serial */
	uint64_t strange;    /* serials that were never sent */
};

/* Times of a range of changes; those that did not complete have no part in them. */
struct tally_latency {
	uint64_t p50_ns;
	uint64_t p95_ns;
	uint64_t p99_ns;
	uint64_t max_ns;
};

/* Prepare it for this many, both at least 1. */
void tally_init(struct tally *tally, uint32_t clients, uint32_t changes);

/* Free what it holds. */
void tally_finish(struct tally *tally);

/* The change was sent now; serials are sent in order. */
void tally_sent(struct tally *tally, uint32_t serial, uint64_t now_ns);

/* The client got the change now, in so many bytes. */
void tally_delivered(struct tally *tally, uint32_t client, uint32_t serial, size_t bytes,
                     uint64_t now_ns);

/* How many deliveries of all the changes are missing. */
uint64_t tally_lost(const struct tally *tally);

/* The times of the changes from serial `first` on; zeros when none completed. */
struct tally_latency tally_latency(const struct tally *tally, uint32_t first);

#endif
