/* SPDX-License-Identifier: Apache-2.0 */
#include "server/status.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

void status_init(struct status *status, size_t workers)
{
	status->worker_count = workers;
	status->workers = mem_zeroed(workers * sizeof(status->workers[0]));
	status->source_count = 0;
	status->sources = mem_zeroed(STATUS_SOURCES_MAX * sizeof(status->sources[0]));
}

void status_finish(struct status *status)
{
	for (size_t i = 0; i < status->source_count; i++) {
		free((char *)status->sources[i].type);
		free((char *)status->sources[i].name);
	}
	free(status->sources);
	free(status->workers);
}

/* Names are written before the count tells of them, and never again. */
struct source_stats *status_source(struct status *status, const char *type, const char *name)
{
	size_t count = status->source_count;
	struct source_stats *stats;

	for (size_t i = 0; i < count; i++) {
		stats = &status->sources[i];
		if (strcmp(stats->type, type) == 0 && strcmp(stats->name, name) == 0) {
			metric_set(&stats->is_gone, 0);
			return stats;
		}
	}
	if (count == STATUS_SOURCES_MAX) {
		return NULL;
	}
	stats = &status->sources[count];
	stats->type = mem_copy_text(type, strlen(type));
	stats->name = mem_copy_text(name, strlen(name));
	status->source_count = count + 1;
	return stats;
}

const struct source_stats *status_next_source(const struct status *status, size_t *at)
{
	size_t count = status->source_count;

	while (*at < count) {
		const struct source_stats *source = &status->sources[(*at)++];

		if (metric_read(&source->is_gone) == 0) {
			return source;
		}
	}
	return NULL;
}

void status_sum(const struct status *status, struct metrics *total)
{
	memset(total, 0, sizeof(*total));
	for (size_t i = 0; i < status->worker_count; i++) {
		metrics_sum(total, &status->workers[i].metrics);
	}
}

uint64_t status_queued(const struct status *status)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < status->worker_count; i++) {
		const struct worker_stats *worker = &status->workers[i];
		uint64_t received = metric_read(&worker->metrics.changes_received);
		uint64_t handed_over = metric_read(&worker->handed_over);

		/* Read apart, they may disagree for a moment. */
		if (handed_over > received && handed_over - received > longest) {
			longest = handed_over - received;
		}
	}
	return longest;
}
