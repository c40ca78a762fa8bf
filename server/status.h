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

/*
 * One source's figures; the feeder writes.  They go on when it is started anew, also when a
 * reload takes it away and a later one brings it back: counters do not go back.
 */
struct source_stats {
	const char *type; /* "rc2udp" */
	const char *name; /* the entry's */
	metric is_gone;   /* 1: the configuration names it no more */
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
	metric beat_ms;     /* when its loop turned last, on the clock of clock.now_ms */
};

struct status {
	const char *version;
	uint64_t started_ms; /* Unix time */
	metric changes_published;
	metric pauses; /* times the sources had to wait for a worker */
	struct worker_stats *workers;
	size_t worker_count;
	struct source_stats *sources;
	_Atomic size_t source_count; /* those that are gone among them */

	/* Of reloads, the start being the first; the main thread writes. */
	metric config_last_reload_successful; /* whether the last one was: 1 or 0 */
	metric config_last_reload_ms;         /* Unix time of the last one that was */
};

#define STATUS_SOURCES_MAX 1024 /* names and types of one process's life */

/* Set it up for so many workers, and no source. */
void status_init(struct status *status, size_t workers);

/* Free what status_init() took. */
void status_finish(struct status *status);

/* Lends the figures of the source of this type and name, NULL when there are too many.  The
 * feeder's. */
struct source_stats *status_source(struct status *status, const char *type, const char *name);

/* Write the sum of all workers' metrics to `total`. */
void status_sum(const struct status *status, struct metrics *total);

/* Changes handed over and not yet broadcast: those of the worker that is most behind. */
uint64_t status_queued(const struct status *status);

#endif
