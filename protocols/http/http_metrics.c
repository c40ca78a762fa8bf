/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the rows of metrics.def once; what a row's scope is says where its values are. */
#include "protocols/http/http_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/front_end.h"
#include "protocols/http/http_exposition.h"
#include "server/base/memory.h"
#include "server/base/process.h"
#include "server/feed/drop_reason.h"
#include "server/net/address_limits.h"
#include "server/wiki_counts.h"

struct http_metrics {
	const struct status *status;
	struct address_limits *addresses; /* NULL: connections are not counted */
	bool is_hidden;
};

/* One answer being written. */
struct scrape {
	const struct status *status;
	struct metrics total; /* of all workers */
	struct metric_samples samples;
	struct http_exposition exposition;
};

/* --- what is measured now ------------------------------------------------- */

static uint64_t dropped_by(const struct status *status, const char *type)
{
	uint64_t count = 0;

	for (size_t i = 0; i < status->source_count; i++) {
		const struct source_stats *source = &status->sources[i];

		for (int reason = 0; reason < DROP_REASONS && strcmp(source->type, type) == 0;
		     reason++) {
			count += metric_read(&source->dropped[reason]);
		}
	}
	return count;
}

static void sample_ircstream(struct scrape *scrape)
{
	const struct metrics *total = &scrape->total;
	struct metric_samples *samples = &scrape->samples;

	samples->ircstream_clients = (double)metric_read(&total->irc_clients);
	samples->ircstream_channels = (double)metric_read(&total->irc_channels);
	samples->ircstream_messages = (double)metric_read(&scrape->status->changes_published);
	samples->ircstream_parsing = (double)dropped_by(scrape->status, "rc2udp");
	samples->ircstream_overrun = (double)metric_read(&total->closed[CLOSE_SENDQ_EXCEEDED]);
}

static void sample_process(struct metric_samples *samples)
{
	struct process_figures figures;

	process_read(&figures);
	samples->process_cpu_s = figures.cpu_s;
	samples->process_resident_bytes = (double)figures.resident_bytes;
	samples->process_virtual_bytes = (double)figures.virtual_bytes;
	samples->process_open_fds = (double)figures.open_fds;
	samples->process_max_fds = (double)figures.max_fds;
	samples->process_threads = (double)figures.threads;
}

static void sample(struct scrape *scrape, struct address_limits *addresses)
{
	struct address_figures figures = {0};

	if (addresses != NULL) {
		address_limits_figures(addresses, &figures);
	}
	scrape->samples.workers = (double)scrape->status->worker_count;
	scrape->samples.queued_changes = (double)status_queued(scrape->status);
	scrape->samples.connections_limit = (double)figures.total;
	scrape->samples.connections_addresses = (double)figures.addresses;
	/* Its own, once: worked out anew each time it would seem to change. */
	scrape->samples.process_start_s = (double)scrape->status->started_ms / 1000;
	sample_process(&scrape->samples);
	sample_ircstream(scrape);
}

/* --- rows ------------------------------------------------------------------- */

static const void *at(const void *owner, const struct metric_row *row)
{
	return (const char *)owner + row->offset;
}

/* The value or the histogram of a row; `labels` has a NUL, or nothing. */
static void add_value(struct scrape *scrape, const struct metric_row *row, const void *owner,
                      const char *labels)
{
	const metric *value = at(owner, row);

	if (row->type == METRIC_HISTOGRAM) {
		http_exposition_histogram(&scrape->exposition, labels, at(owner, row), row->ladder);
	} else if (row->is_ms) {
		http_exposition_number(&scrape->exposition, labels,
		                       (double)metric_read(value) / 1000);
	} else {
		http_exposition_count(&scrape->exposition, labels, metric_read(value));
	}
}

static void add_client_kinds(struct scrape *scrape, const metric *values)
{
	for (int kind = 0; kind < CLIENT_KINDS; kind++) {
		const struct client_kind_row *row = client_kind_row((enum client_kind)kind);
		struct buffer labels = {0};

		http_exposition_label(&labels, "front_end", row->front_end);
		http_exposition_label(&labels, "transport", row->transport);
		http_exposition_count(&scrape->exposition, labels.bytes,
		                      metric_read(&values[kind]));
		buffer_finish(&labels);
	}
}

static void add_close_reasons(struct scrape *scrape, const metric *values)
{
	for (int reason = 0; reason < CLOSE_REASONS; reason++) {
		struct buffer labels = {0};

		http_exposition_label(&labels, "reason",
		                      close_reason_row((enum close_reason)reason)->label);
		http_exposition_count(&scrape->exposition, labels.bytes,
		                      metric_read(&values[reason]));
		buffer_finish(&labels);
	}
}

static void add_drop_reasons(struct scrape *scrape, const metric *values,
                             const struct source_stats *source)
{
	for (int reason = 0; reason < DROP_REASONS; reason++) {
		struct buffer labels = {0};

		http_exposition_label(&labels, "source", source->name);
		http_exposition_label(&labels, "type", source->type);
		http_exposition_label(&labels, "reason",
		                      drop_reason_label((enum drop_reason)reason));
		http_exposition_count(&scrape->exposition, labels.bytes,
		                      metric_read(&values[reason]));
		buffer_finish(&labels);
	}
}

static void add_sources(struct scrape *scrape, const struct metric_row *row)
{
	const struct source_stats *source;
	size_t at_source = 0;

	while ((source = status_next_source(scrape->status, &at_source)) != NULL) {
		struct buffer labels = {0};

		if (row->by == METRIC_BY_DROP_REASON) {
			add_drop_reasons(scrape, at(source, row), source);
			continue;
		}
		http_exposition_label(&labels, "source", source->name);
		http_exposition_label(&labels, "type", source->type);
		add_value(scrape, row, source, labels.bytes);
		buffer_finish(&labels);
	}
}

static void add_of_workers(struct scrape *scrape, const struct metric_row *row)
{
	if (row->by == METRIC_BY_CLIENT_KIND) {
		add_client_kinds(scrape, at(&scrape->total, row));
	} else if (row->by == METRIC_BY_CLOSE_REASON) {
		add_close_reasons(scrape, at(&scrape->total, row));
	} else {
		add_value(scrape, row, &scrape->total, row->labels != NULL ? row->labels : "");
	}
}

static void on_wiki(void *context, const char *wiki, uint64_t changes)
{
	struct scrape *scrape = context;
	struct buffer labels = {0};

	http_exposition_label(&labels, "wiki", wiki);
	http_exposition_count(&scrape->exposition, labels.bytes, changes);
	buffer_finish(&labels);
}

static void add_computed(struct scrape *scrape, const struct metric_row *row)
{
	struct buffer labels = {0};

	require(row->name != NULL);
	if (strcmp(row->name, "rcstreamd_build_info") == 0) {
		http_exposition_label(&labels, "version", scrape->status->version);
		http_exposition_count(&scrape->exposition, labels.bytes, 1);
	} else if (scrape->status->wiki_counts != NULL) {
		wiki_counts_each(scrape->status->wiki_counts, on_wiki, scrape);
	}
	buffer_finish(&labels);
}

static void add_row(struct scrape *scrape, const struct metric_row *row)
{
	const char *labels = row->labels != NULL ? row->labels : "";
	const double *number;

	if (row->name != NULL) {
		http_exposition_family(&scrape->exposition, row->name, row->type, row->help);
	}
	switch (row->scope) {
	case METRIC_OF_NOBODY:
		break;
	case METRIC_OF_WORKER:
		add_of_workers(scrape, row);
		break;
	case METRIC_OF_SOURCE:
		add_sources(scrape, row);
		break;
	case METRIC_OF_SERVER:
		add_value(scrape, row, scrape->status, labels);
		break;
	case METRIC_OF_MOMENT:
		number = at(&scrape->samples, row);
		http_exposition_number(&scrape->exposition, labels, *number);
		break;
	case METRIC_OF_CODE:
		add_computed(scrape, row);
		break;
	}
}

/* --- the form that is wanted --------------------------------------------------- */

static struct text trimmed(struct text text)
{
	while (text.length > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
		text.bytes++;
		text.length--;
	}
	while (text.length > 0 &&
	       (text.bytes[text.length - 1] == ' ' || text.bytes[text.length - 1] == '\t')) {
		text.length--;
	}
	return text;
}

/* Take what stands in front of the next ';'. */
static struct text next_part(struct text *rest)
{
	const char *end = memchr(rest->bytes, ';', rest->length);
	size_t length = end != NULL ? (size_t)(end - rest->bytes) : rest->length;
	struct text part = {.bytes = rest->bytes, .length = length};
	size_t taken = end != NULL ? length + 1 : length;

	rest->bytes += taken;
	rest->length -= taken;
	return trimmed(part);
}

/* A qvalue (RFC 9110 §12.4.2) in thousandths; what is none of it counts as 0. */
static unsigned read_quality(struct text text)
{
	unsigned quality = 0;
	unsigned unit = 1000;

	for (size_t i = 0; i < text.length && i < 5; i++) {
		char byte = text.bytes[i];

		if (i == 1 && byte == '.') {
			continue;
		}
		if (byte < '0' || byte > '9') {
			return 0;
		}
		quality += (unsigned)(byte - '0') * unit;
		unit /= 10;
	}
	return quality < 1000 ? quality : 1000;
}

/* An element of Accept: its quality where it is OpenMetrics, in a version that we speak. */
static void read_element(struct text element, unsigned *openmetrics, unsigned *text)
{
	struct text type = next_part(&element);
	bool is_openmetrics = http_request_text_is(type, "application/openmetrics-text");
	bool is_text =
	    http_request_text_is(type, "text/plain") || http_request_text_is(type, "text/*");
	unsigned quality = 1000;

	while (element.length > 0) {
		struct text part = next_part(&element);

		if (part.length > 2 && (part.bytes[0] == 'q' || part.bytes[0] == 'Q') &&
		    part.bytes[1] == '=') {
			quality = read_quality(
			    (struct text){.bytes = part.bytes + 2, .length = part.length - 2});
		} else if (http_request_text_is(part, "version=0.0.1")) {
			is_openmetrics = false;
		}
	}
	if (is_openmetrics && quality > *openmetrics) {
		*openmetrics = quality;
	} else if (is_text && quality > *text) {
		*text = quality;
	}
}

static bool wants_openmetrics(const struct http_request *request)
{
	struct http_request_list list = {.request = request, .name = "Accept"};
	struct text element;
	unsigned openmetrics = 0, text = 0;

	while (http_request_list_next(&list, &element)) {
		read_element(element, &openmetrics, &text);
	}
	return openmetrics > 0 && openmetrics >= text;
}

/* --- the endpoint ------------------------------------------------------------------ */

void http_metrics_on_request(void *state, struct http_exchange *exchange)
{
	const struct http_metrics *endpoint = state;
	struct scrape scrape = {.status = endpoint->status};
	struct http_exposition *exposition = &scrape.exposition;

	if (endpoint->is_hidden) {
		http_respond_status(exchange, 404);
		return;
	}
	exposition->is_openmetrics = wants_openmetrics(http_exchange_request(exchange));
	status_sum(endpoint->status, &scrape.total);
	sample(&scrape, endpoint->addresses);
	for (size_t i = 0; i < metrics_row_count; i++) {
		add_row(&scrape, &metrics_rows[i]);
	}
	http_exposition_end(exposition);
	http_respond(exchange,
	             &(struct http_response){
			 .status = 200,
			 .content_type = exposition->is_openmetrics ? HTTP_EXPOSITION_OPENMETRICS
	                                                            : HTTP_EXPOSITION_TEXT,
			 .fields = "Vary: Accept\r\n",
			 .body = {exposition->out.bytes, exposition->out.length},
		     });
	buffer_finish(&exposition->out);
}

void *http_metrics_start(const struct front_end_env *env)
{
	struct http_metrics *endpoint = mem_new(struct http_metrics);

	endpoint->status = env->status;
	endpoint->addresses = env->net->addresses;
	return endpoint;
}

void *http_metrics_start_public(const struct front_end_env *env)
{
	struct http_metrics *endpoint = http_metrics_start(env);

	endpoint->is_hidden = env->conf->admin.present;
	return endpoint;
}

void http_metrics_destroy(void *state)
{
	free(state);
}
