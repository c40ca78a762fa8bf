/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/base/memory.h"

#define TOTAL "_total"

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

/* OpenMetrics 1.0, "Counter": the family has no _total, its samples have. */
static int family_length(const struct http_exposition *exposition)
{
	size_t length = strlen(exposition->name);
	size_t suffix = strlen(TOTAL);

	if (exposition->type == METRIC_COUNTER) {
		require(length > suffix && strcmp(exposition->name + length - suffix, TOTAL) == 0);
		length -= exposition->is_openmetrics ? suffix : 0;
	}
	return (int)length;
}

/* Both formats: a backslash and a line end are escaped, in OpenMetrics the quote too. */
static void add_escaped(struct buffer *out, const char *text, bool escapes_quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			buffer_append_text(out, "\\n");
			continue;
		}
		if (*text == '\\' || (*text == '"' && escapes_quotes)) {
			buffer_append_byte(out, '\\');
		}
		buffer_append_byte(out, *text);
	}
}

void http_exposition_family(struct http_exposition *exposition, const char *name,
                            enum metric_type type, const char *help)
{
	struct buffer *out = &exposition->out;
	int length;

	exposition->name = name;
	exposition->type = type;
	length = family_length(exposition);
	buffer_printf(out, "# HELP %.*s ", length, name);
	add_escaped(out, help, exposition->is_openmetrics);
	buffer_printf(out, "\n# TYPE %.*s %s\n", length, name, type_names[type]);
}

/* Name and labels of a sample, and a blank. */
static void begin_sample(struct http_exposition *exposition, const char *suffix, const char *labels)
{
	buffer_printf(&exposition->out, labels[0] != '\0' ? "%s%s{%s} " : "%s%s%s ",
	              exposition->name, suffix, labels);
}

void http_exposition_count(struct http_exposition *exposition, const char *labels, uint64_t value)
{
	begin_sample(exposition, "", labels);
	buffer_printf(&exposition->out, "%" PRIu64 "\n", value);
}

/* Milliseconds of a Unix time, and bytes, are whole in it. */
static void add_number(struct buffer *out, double value)
{
	bool is_whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;

	buffer_printf(out, is_whole ? "%.0f\n" : "%.6f\n", value);
}

void http_exposition_number(struct http_exposition *exposition, const char *labels, double value)
{
	begin_sample(exposition, "", labels);
	add_number(&exposition->out, value);
}

/*
 * OpenMetrics wants "1.0" where the text format also takes "1": one form, so that the series are
 * the same whichever is read.
 */
static void write_bound(char text[32], double bound)
{
	size_t length = (size_t)snprintf(text, 32, "%.6f", bound);

	while (text[length - 1] == '0' && text[length - 2] != '.') {
		text[--length] = '\0';
	}
}

static void add_bucket(struct http_exposition *exposition, const char *labels, const char *bound,
                       uint64_t count)
{
	buffer_printf(&exposition->out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", exposition->name,
	              labels, labels[0] != '\0' ? "," : "", bound, count);
}

void http_exposition_histogram(struct http_exposition *exposition, const char *labels,
                               const struct histogram *histogram,
                               const struct histogram_ladder *ladder)
{
	uint64_t count = 0;

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		char bound[32];

		count += metric_read(&histogram->buckets[i]);
		write_bound(bound, (double)ladder->bounds[i] / ladder->per_second);
		add_bucket(exposition, labels, bound, count);
	}
	count += metric_read(&histogram->buckets[HISTOGRAM_BOUNDS]);
	add_bucket(exposition, labels, "+Inf", count);
	begin_sample(exposition, "_sum", labels);
	add_number(&exposition->out, (double)metric_read(&histogram->sum) / ladder->per_second);
	begin_sample(exposition, "_count", labels);
	buffer_printf(&exposition->out, "%" PRIu64 "\n", count);
}

void http_exposition_label(struct buffer *labels, const char *name, const char *value)
{
	if (labels->length > 0) {
		labels->bytes[labels->length - 1] = ',';
	}
	buffer_printf(labels, "%s=\"", name);
	add_escaped(labels, value, true);
	buffer_append_byte(labels, '"');
	buffer_append_byte(labels, '\0');
}

void http_exposition_end(struct http_exposition *exposition)
{
	if (exposition->is_openmetrics) {
		buffer_append_text(&exposition->out, "# EOF\n");
	}
}
