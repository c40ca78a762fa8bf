/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench/load.h"
#include "bench/options.h"

/*
 * What is told of a run.  Times are from a change's sending, or from when it was due; what
 * the server cost is there with --pid.
 *
 * Threads: the caller's.
 */

/* Gives all figures as one object, to be ended with json_decref(). */
json_t *report_json(const struct options *options, const struct load_result *result);

/* Print the figures for a person. */
void report_table(FILE *file, const struct options *options, const struct load_result *result);

#endif
