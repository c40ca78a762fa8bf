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

struct wiki_counts;

/* One source's figures; the feeder writes.  The members are rows of metrics.def. */
struct source_stats {
	const char *type; /* "rc2udp" */
	const char *name; /* the entry's */
#define SOURCE(member, type, name, help)             metric member;
#define SOURCE_SECONDS(member, name, help)           metric member;
#define SOURCE_HISTOGRAM(member, name, ladder, help) struct histogram member;
#define DROP_REASONS_OF(member, name, help)          metric member[DROP_REASONS];
#include "server/metrics.def"
};

/* One worker's. */
struct worker_stats {
	struct metrics metrics;
	metric handed_over; /* changes; the feeder writes */
	metric beat_ms;     /* when its loop turned last, as pulse.h has it */
};

struct status {
	const char *version;
	uint64_t started_ms; /* Unix time */
#define SERVER(member, type, name, help)             metric member;
#define SERVER_SECONDS(member, name, help)           metric member;
#define SERVER_HISTOGRAM(member, name, ladder, help) struct histogram member;
#include "server/metrics.def"
	metric beat_ms;                  /* when the feeder's loop turned last, as pulse.h has it */
	struct wiki_counts *wiki_counts; /* NULL: changes are not counted by wiki */
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
