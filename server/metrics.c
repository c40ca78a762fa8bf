/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <stdbool.h>
#include <stddef.h>

static const struct metric_row {
	const char *name;
	const char *help;
	size_t offset;
	bool is_maximum;
} rows[] = {
#define ROW(metric_name, text, maximum)                   \
	{.name = #metric_name,                            \
	 .help = (text),                                  \
	 .offset = offsetof(struct metrics, metric_name), \
	 .is_maximum = (maximum)},
#define COUNTER(metric_name, text) ROW(metric_name, text, false)
#define GAUGE(metric_name, text)   ROW(metric_name, text, false)
#define MAXIMUM(metric_name, text) ROW(metric_name, text, true)
#include "server/metrics.def"
#undef ROW
#undef COUNTER
#undef GAUGE
#undef MAXIMUM
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const metric *value_of(const struct metrics *metrics, const struct metric_row *row)
{
	return (const metric *)(const void *)((const char *)metrics + row->offset);
}

void metrics_sum(struct metrics *total, const struct metrics *from)
{
	for (size_t i = 0; i < ROWS; i++) {
		metric *sum = (metric *)(void *)((char *)total + rows[i].offset);

		if (rows[i].is_maximum) {
			metric_raise(sum, metric_read(value_of(from, &rows[i])));
		} else {
			metric_add(sum, metric_read(value_of(from, &rows[i])));
		}
	}
	for (size_t i = 0; i < CLOSE_REASONS; i++) {
		metric_add(&total->closed[i], metric_read(&from->closed[i]));
	}
}

void metrics_each(const struct metrics *metrics,
                  void (*visit)(void *context, const char *name, const char *help, uint64_t value),
                  void *context)
{
	for (size_t i = 0; i < ROWS; i++) {
		visit(context, rows[i].name, rows[i].help,
		      metric_read(value_of(metrics, &rows[i])));
	}
}
