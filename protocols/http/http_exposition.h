/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_EXPOSITION_H
#define PROTOCOLS_HTTP_HTTP_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/metrics.h"

/*
 * Codec: metrics as Prometheus reads them, in its text format 0.0.4 or in OpenMetrics 1.0.
 *
 *   family ──> samples ──> family ──> samples ──> end
 *
 * Threads: any; no state but its own.
 */
#define HTTP_EXPOSITION_TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define HTTP_EXPOSITION_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct http_exposition {
	struct buffer out;
	bool is_openmetrics;
	const char *name;      /* of the family, whole; lent */
	enum metric_type type; /* the same */
};

/* Begin a family: all its samples follow, and no other family has this name. */
void http_exposition_family(struct http_exposition *exposition, const char *name,
                            enum metric_type type, const char *help);

/*
 * Add a sample.  `labels` is `name="value",...` as http_exposition_label() writes it, without
 * braces, or "".
 */
void http_exposition_count(struct http_exposition *exposition, const char *labels, uint64_t value);
void http_exposition_number(struct http_exposition *exposition, const char *labels, double value);

/* Add all samples of a histogram. */
void http_exposition_histogram(struct http_exposition *exposition, const char *labels,
                               const struct histogram *histogram,
                               const struct histogram_ladder *ladder);

/* Add a label to a NUL-terminated list of them, with a comma where there is one in front. */
void http_exposition_label(struct buffer *labels, const char *name, const char *value);

/* Add what ends it all. */
void http_exposition_end(struct http_exposition *exposition);

#endif
