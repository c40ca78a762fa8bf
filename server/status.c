/* SPDX-License-Identifier: Apache-2.0 */
#include "server/status.h"

#include <string.h>

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
