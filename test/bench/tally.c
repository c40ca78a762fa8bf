/* SPDX-License-Identifier: Apache-2.0 */
#include "test/bench/tally.h"

#include <stdbool.h>
#include <stdlib.h>

#include "server/base/memory.h"

void tally_init(struct tally *tally, uint32_t clients, uint32_t changes)
{
	size_t row = (size_t)changes / 8 + 1;

	*tally = (struct tally){.clients = clients, .changes = changes};
	tally->sent_ns = mem_zeroed(changes * sizeof(tally->sent_ns[0]));
	tally->latency_ns = mem_zeroed(changes * sizeof(tally->latency_ns[0]));
	tally->delivered = mem_zeroed(changes * sizeof(tally->delivered[0]));
	tally->next = mem_zeroed(clients * sizeof(tally->next[0]));
	tally->seen = mem_zeroed(clients * row);
}

void tally_finish(struct tally *tally)
{
	free(tally->sent_ns);
	free(tally->latency_ns);
	free(tally->delivered);
	free(tally->next);
	free(tally->seen);
}

void tally_sent(struct tally *tally, uint32_t serial, uint64_t now_ns)
{
	require(serial < tally->changes);
	tally->sent_ns[serial] = now_ns;
}

/* Whether the client had the change; from now on it has. */
static bool mark_seen(struct tally *tally, uint32_t client, uint32_t serial)
{
	size_t row = (size_t)tally->changes / 8 + 1;
	uint8_t *byte = &tally->seen[client * row + serial / 8];
	uint8_t bit = (uint8_t)(1U << serial % 8);
	bool was_seen = (*byte & bit) != 0;

	*byte |= bit;
	return was_seen;
}

void tally_delivered(struct tally *tally, uint32_t client, uint32_t serial, size_t bytes,
                     uint64_t now_ns)
{
	if (serial >= tally->changes || tally->sent_ns[serial] == 0) {
		tally->strange++;
		return;
	}
	if (mark_seen(tally, client, serial)) {
		tally->duplicates++;
		return;
	}
	tally->deliveries++;
	tally->bytes += bytes;
	if (serial < tally->next[client]) {
		tally->reordered++;
	} else {
		tally->next[client] = serial + 1;
	}
	if (++tally->delivered[serial] == tally->clients) {
		tally->latency_ns[serial] = now_ns - tally->sent_ns[serial];
		tally->completed++;
	}
}

uint64_t tally_lost(const struct tally *tally)
{
	return (uint64_t)tally->clients * tally->changes - tally->deliveries;
}

static int compare_times(const void *left_pointer, const void *right_pointer)
{
	const uint64_t *left = left_pointer, *right = right_pointer;

	return (*left > *right) - (*left < *right);
}

/* Nearest rank: the least that `percent` of all do not exceed. */
static uint64_t percentile(const uint64_t *sorted, size_t count, size_t percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

struct tally_latency tally_latency(const struct tally *tally, uint32_t first)
{
	struct tally_latency latency = {0};
	uint64_t *times = mem_zeroed(((size_t)tally->changes + 1) * sizeof(times[0]));
	size_t count = 0;

	for (size_t i = first; i < tally->changes; i++) {
		if (tally->delivered[i] == tally->clients) {
			times[count++] = tally->latency_ns[i];
		}
	}
	if (count > 0) {
		qsort(times, count, sizeof(times[0]), compare_times);
		latency = (struct tally_latency){.p50_ns = percentile(times, count, 50),
		                                 .p95_ns = percentile(times, count, 95),
		                                 .p99_ns = percentile(times, count, 99),
		                                 .max_ns = times[count - 1]};
	}
	free(times);
	return latency;
}
