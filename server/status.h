/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_STATUS_H
#define SERVER_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "server/feed/rcfeed_json.h"
#include "server/metrics.h"

/*
 * What the status page shows of the whole server: every worker's and every
 * source's figures, to be read from any thread.
 *
 * Threads: the arrays are filled before the workers start and stay; the figures
 * have one writer each and any number of readers.
 */

/* One source's figures; the feeder writes. */
struct source_stats {
	const char *type; /* "rc2udp" */
	const char *name; /* the entry's */
	metric received;  /* datagrams, lines or records */
	metric published;
	metric dropped[DROP_REASONS];
	metric kernel_drops;
	metric duplicates;     /* changes not published since another source had brought them */
	metric reconnects;     /* times a lost peer was connected to again */
	metric gaps;           /* times a peer had not kept what came behind the last change */
	metric is_up;          /* 1 while it can receive; one without a peer always can */
	metric last_change_ms; /* Unix time of the last one published, or canary; 0: none yet */
};

/* One worker's. */
struct worker_stats {
	struct metrics metrics;
	metric handed_over; /* changes; the feeder writes */
};

struct status {
	const char *version;
	uint64_t started_ms; /* Unix time */
	metric changes_published;
	metric pauses; /* times the sources had to wait for a worker */
	struct worker_stats *workers;
	size_t worker_count;
	struct source_stats *sources;
	size_t source_count;
};

/* Write the sum of all workers' metrics to `total`. */
void status_sum(const struct status *status, struct metrics *total);

/* Changes handed over and not yet broadcast: those of the worker that is most behind. */
uint64_t status_queued(const struct status *status);

#endif
