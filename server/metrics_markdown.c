/* SPDX-License-Identifier: Apache-2.0 */
/* docs/metrics.md, for metrics_docs to print and a test to compare. */
#include <string.h>

#include "server/metrics.h"

static const char head[] =
    "<!-- Printed by metrics_docs from server/metrics.def; do not edit. -->\n"
    "# Metrics\n"
    "\n"
    "`/metrics` gives these series to Prometheus: in OpenMetrics 1.0 where `Accept` prefers it, "
    "else\n"
    "in the text format 0.0.4. With an `admin` section it is there and not on the public port.\n"
    "Counters begin at 0 with the process. What each worker counts is told as the sum of all\n"
    "workers. Times are seconds, sizes bytes. Labels have few values: `source` is the name of an\n"
    "entry of `ingest`, `type` its type; `front_end` and `transport` are rows of\n"
    "[client_kinds.def](../server/net/client_kinds.def), `reason` is one of\n"
    "[close_reasons.def](../server/net/close_reasons.def) for connections, of\n"
    "[drop_reasons.def](../server/feed/drop_reasons.def) for sources.\n"
    "\n"
    "[operations.md](operations.md) says which of them to be woken by.\n"
    "\n"
    "| series | type | labels | |\n"
    "|---|---|---|---|\n";

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

static const char *by_names(const struct metric_row *row)
{
	switch (row->by) {
	case METRIC_BY_CLIENT_KIND:
		return "front_end, transport";
	case METRIC_BY_CLOSE_REASON:
	case METRIC_BY_DROP_REASON:
		return "reason";
	default:
		return "";
	}
}

/* The labels that all series of a row have, by their names. */
static void add_label_names(const struct metric_row *row, struct buffer *out)
{
	const char *names = row->scope == METRIC_OF_CODE ? row->labels : by_names(row);

	if (row->scope == METRIC_OF_SOURCE) {
		buffer_append_text(out, names[0] != '\0' ? "source, type, " : "source, type");
	}
	buffer_append_text(out, names);
}

/* The series of a family, each with its labels, in the family's own line. */
static void add_series(const struct metric_row *row, struct buffer *out)
{
	const struct metric_row *end = metrics_rows + metrics_row_count;
	const char *comma = "";

	for (row++; row < end && row->name == NULL; row++) {
		buffer_printf(out, "%s`%s`", comma, row->labels);
		comma = ", ";
	}
}

void metrics_markdown(struct buffer *out)
{
	buffer_append_text(out, head);
	for (size_t i = 0; i < metrics_row_count; i++) {
		const struct metric_row *row = &metrics_rows[i];

		if (row->name == NULL) {
			continue;
		}
		buffer_printf(out, "| `%s` | %s | ", row->name, type_names[row->type]);
		if (row->scope == METRIC_OF_NOBODY) {
			add_series(row, out);
		} else {
			add_label_names(row, out);
		}
		buffer_printf(out, " | %s |\n", row->help);
	}
}
