/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/histogram.h"
#include "server/metric.h"
#include "server/net/client_kind.h"
#include "server/net/close_reason.h"

/*
 * What is counted, from the rows of metrics.def: structs to count in, and a table to
 * walk for whoever writes or tells of all of it.
 *
 *   worker ── metric_add() ──> struct metrics ── status_sum() ──> /metrics, /rcstream_status
 *
 * Threads: one writer for each struct metrics, the worker; any thread may read.
 */
struct metrics {
#define COUNTER(member, help)                     metric member;
#define GAUGE(member, help)                       metric member;
#define MAXIMUM(member, help)                     metric member;
#define SERIES(member, labels, help)              metric member;
#define CLIENT_KINDS_OF(member, type, name, help) metric member[CLIENT_KINDS];
#define CLOSE_REASONS_OF(member, name, help)      metric member[CLOSE_REASONS];
#define HISTOGRAM(member, name, ladder, help)     struct histogram member;
#include "server/metrics.def"
};

/* What is measured when someone asks; the caller's own. */
struct metric_samples {
#define SAMPLE(member, type, name, help)    double member;
#define SAMPLE_SERIES(member, labels, help) double member;
#include "server/metrics.def"
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Which struct has the member. */
enum metric_scope {
	METRIC_OF_NOBODY, /* it has none: the head of a family */
	METRIC_OF_WORKER, /* struct metrics */
	METRIC_OF_SOURCE, /* struct source_stats */
	METRIC_OF_SERVER, /* struct status */
	METRIC_OF_MOMENT, /* struct metric_samples */
	METRIC_OF_CODE,   /* none: http_metrics.c writes it */
};

/* What tells the series of a row from each other. */
enum metric_labels {
	METRIC_BY_NOTHING,
	METRIC_BY_CLIENT_KIND, /* one for each kind, in an array */
	METRIC_BY_CLOSE_REASON,
	METRIC_BY_DROP_REASON,
};

struct metric_row {
	enum metric_type type;
	enum metric_scope scope;
	enum metric_labels by;
	bool is_maximum;
	bool is_ms;       /* kept in milliseconds, told in seconds */
	const char *name; /* the family's, whole: "rcstreamd_writes_total"; NULL: the last one's */
	const char *member; /* "writes"; NULL: none */
	const char *labels; /* of this series, as they are written; NULL: none */
	const char *help;
	size_t offset; /* of the member */
	const struct histogram_ladder *ladder;
};

/* In the order of metrics.def. */
extern const struct metric_row metrics_rows[];
extern const size_t metrics_row_count;

/* Add the present values of `from` to those of `total`, the caller's own, or raise its maxima. */
void metrics_sum(struct metrics *total, const struct metrics *from);

/* Call `visit` with each of a worker's single values; not with histograms and arrays. */
void metrics_each(const struct metrics *metrics,
                  void (*visit)(void *context, const char *name, const char *help, uint64_t value),
                  void *context);

/* Add docs/metrics.md. */
void metrics_markdown(struct buffer *out);

#endif
