/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <stdbool.h>
#include <stddef.h>

#include "server/status.h"

#define DURATIONS &histogram_durations
#define LAGS      &histogram_lags

/* Of a row: what it is, and where the value is. */
#define ROW(row_type, row_scope, row_member, owner)                                       \
	.type = METRIC_##row_type, .scope = METRIC_OF_##row_scope, .member = #row_member, \
	.offset = offsetof(struct owner, row_member)

const struct metric_row metrics_rows[] = {
#define COUNTER(row_member, text)                                                              \
	{ROW(COUNTER, WORKER, row_member, metrics), .name = "rcstreamd_" #row_member "_total", \
	 .help = (text)},
#define GAUGE(row_member, text) \
	{ROW(GAUGE, WORKER, row_member, metrics), .name = "rcstreamd_" #row_member, .help = (text)},
#define MAXIMUM(row_member, text)                                                   \
	{ROW(GAUGE, WORKER, row_member, metrics), .name = "rcstreamd_" #row_member, \
	 .help = (text), .is_maximum = true},
#define SERIES(row_member, row_labels, text) \
	{ROW(COUNTER, WORKER, row_member, metrics), .labels = (row_labels), .help = (text)},
#define CLIENT_KINDS_OF(row_member, row_type, row_name, text)                     \
	{ROW(row_type, WORKER, row_member, metrics), .by = METRIC_BY_CLIENT_KIND, \
	 .name = (row_name), .help = (text)},
#define CLOSE_REASONS_OF(row_member, row_name, text)                              \
	{ROW(COUNTER, WORKER, row_member, metrics), .by = METRIC_BY_CLOSE_REASON, \
	 .name = (row_name), .help = (text)},
#define HISTOGRAM(row_member, row_name, row_ladder, text)                                 \
	{ROW(HISTOGRAM, WORKER, row_member, metrics), .name = (row_name), .help = (text), \
	 .ladder = (row_ladder)},
#define SOURCE(row_member, row_type, row_name, text) \
	{ROW(row_type, SOURCE, row_member, source_stats), .name = (row_name), .help = (text)},
#define SOURCE_SECONDS(row_member, row_name, text)                                         \
	{ROW(GAUGE, SOURCE, row_member, source_stats), .name = (row_name), .help = (text), \
	 .is_ms = true},
#define SOURCE_HISTOGRAM(row_member, row_name, row_ladder, text)                               \
	{ROW(HISTOGRAM, SOURCE, row_member, source_stats), .name = (row_name), .help = (text), \
	 .ladder = (row_ladder)},
#define DROP_REASONS_OF(row_member, row_name, text)                                   \
	{ROW(COUNTER, SOURCE, row_member, source_stats), .by = METRIC_BY_DROP_REASON, \
	 .name = (row_name), .help = (text)},
#define SERVER(row_member, row_type, row_name, text) \
	{ROW(row_type, SERVER, row_member, status), .name = (row_name), .help = (text)},
#define SERVER_SECONDS(row_member, row_name, text) \
	{ROW(GAUGE, SERVER, row_member, status), .name = (row_name), .help = (text), .is_ms = true},
#define SERVER_HISTOGRAM(row_member, row_name, row_ladder, text)                         \
	{ROW(HISTOGRAM, SERVER, row_member, status), .name = (row_name), .help = (text), \
	 .ladder = (row_ladder)},
#define SAMPLE(row_member, row_type, row_name, text) \
	{ROW(row_type, MOMENT, row_member, metric_samples), .name = (row_name), .help = (text)},
#define SAMPLE_SERIES(row_member, row_labels, text) \
	{ROW(COUNTER, MOMENT, row_member, metric_samples), .labels = (row_labels), .help = (text)},
#define FAMILY(row_type, row_name, text) \
	{.type = METRIC_##row_type, .name = (row_name), .help = (text)},
#define COMPUTED(row_type, row_name, row_labels, text) \
	{.type = METRIC_##row_type,                    \
	 .scope = METRIC_OF_CODE,                      \
	 .name = (row_name),                           \
	 .labels = (row_labels),                       \
	 .help = (text)},
#include "server/metrics.def"
};

const size_t metrics_row_count = sizeof(metrics_rows) / sizeof(metrics_rows[0]);

/* How many metrics the member of a worker's row is made of. */
static size_t width_of(const struct metric_row *row)
{
	if (row->type == METRIC_HISTOGRAM) {
		return sizeof(struct histogram) / sizeof(metric);
	}
	switch (row->by) {
	case METRIC_BY_CLIENT_KIND:
		return CLIENT_KINDS;
	case METRIC_BY_CLOSE_REASON:
		return CLOSE_REASONS;
	default:
		return 1;
	}
}

static const metric *value_of(const struct metrics *metrics, const struct metric_row *row)
{
	return (const metric *)(const void *)((const char *)metrics + row->offset);
}

static void sum_row(struct metrics *total, const struct metrics *from, const struct metric_row *row)
{
	metric *sum = (metric *)(void *)((char *)total + row->offset);
	const metric *value = value_of(from, row);

	if (row->is_maximum) {
		metric_raise(sum, metric_read(value));
		return;
	}
	for (size_t i = 0; i < width_of(row); i++) {
		metric_add(&sum[i], metric_read(&value[i]));
	}
}

void metrics_sum(struct metrics *total, const struct metrics *from)
{
	for (size_t i = 0; i < metrics_row_count; i++) {
		if (metrics_rows[i].scope == METRIC_OF_WORKER) {
			sum_row(total, from, &metrics_rows[i]);
		}
	}
}

void metrics_each(const struct metrics *metrics,
                  void (*visit)(void *context, const char *name, const char *help, uint64_t value),
                  void *context)
{
	for (size_t i = 0; i < metrics_row_count; i++) {
		const struct metric_row *row = &metrics_rows[i];

		if (row->scope == METRIC_OF_WORKER && width_of(row) == 1) {
			visit(context, row->member, row->help, metric_read(value_of(metrics, row)));
		}
	}
}
