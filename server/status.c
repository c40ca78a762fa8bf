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
		uint64_t queued = metric_read(&status->workers[i].queued);

		longest = queued > longest ? queued : longest;
	}
	return longest;
}
