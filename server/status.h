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
 * Threads: the arrays stay where they are; sources are added at their end, by the feeder,
 * and none is taken out, so that any thread may walk them.  The figures have one writer each
 * and any number of readers.
 */

struct wiki_counts;

/*
 * One source's figures; the feeder writes.  They go on when it is started anew, also when a
 * reload takes it away and a later one brings it back: counters do not go back.  The members but
 * the first three are rows of metrics.def.
 */
struct source_stats {
	const char *type; /* "rc2udp" */
	const char *name; /* the entry's */
	metric is_gone;   /* 1: the configuration names it no more */
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
	_Atomic size_t source_count; /* those that are gone among them */
};

#define STATUS_SOURCES_MAX 1024 /* names and types of one process's life */

/* Set it up for so many workers, and no source. */
void status_init(struct status *status, size_t workers);

/* Free what status_init() took. */
void status_finish(struct status *status);

/* Lends the figures of the source of this type and name, NULL when there are too many.  The
 * feeder's. */
struct source_stats *status_source(struct status *status, const char *type, const char *name);

/*
 * Lends the next source that the configuration names, from `*at` on, which is 0 at first and set
 * behind it; NULL when there is none.  Any thread.
 */
const struct source_stats *status_next_source(const struct status *status, size_t *at);

/* Write the sum of all workers' metrics to `total`. */
void status_sum(const struct status *status, struct metrics *total);

/* Changes handed over and not yet broadcast: those of the worker that is most behind. */
uint64_t status_queued(const struct status *status);

#endif
