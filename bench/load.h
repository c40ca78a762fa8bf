/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/options.h"
#include "bench/process_usage.h"
#include "bench/tally.h"
#include "server/base/error.h"

/*
 * One run: clients connect, changes are sent, and it is counted what came.
 *
 *   changes ── injection ──> server ── connections ──> crowd ──> tally
 *      ^                                                           |
 *      +--- paced; or no more than the window that is under way ---+
 *
 * Threads: the caller's.
 */
struct load_cost {
	struct process_usage server; /* zeros without --pid */
	uint64_t own_cpu_ns;
	uint64_t reads; /* by all clients */
	uint64_t now_ns;
};

/* What a run gives: how it ended, the counts, and what it cost, at five moments. */
struct load_result {
	bool is_complete;    /* all was sent, and nothing is awaited any more */
	struct error reason; /* when it is not */
	uint32_t clients;    /* of all groups */
	struct tally tally;
	struct load_cost start;  /* one client is connected: what is made once is there */
	struct load_cost idle;   /* all are, and nothing was sent to them */
	struct load_cost before; /* before the first change that is measured */
	struct load_cost ended;  /* when the last one was with the last client */
	struct load_cost after;  /* and the server has done what it does behind that */
};

/*
 * Run it; `result` is to be ended with load_finish() whatever comes back.  False, with
 * `error` set, when it could not begin: then nothing was measured.
 */
bool load_run(const struct options *options, struct load_result *result, struct error *error);

/* Free what the result holds. */
void load_finish(struct load_result *result);

#endif
