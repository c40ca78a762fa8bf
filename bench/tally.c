/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/tally.h"

#include <stdlib.h>

#include "server/base/memory.h"

static void init_group(struct tally_group *group, uint32_t clients, uint32_t changes)
{
	*group = (struct tally_group){.clients = clients};
	group->delivered = mem_zeroed((changes + (size_t)1) * sizeof(group->delivered[0]));
	log_histogram_init(&group->each);
	log_histogram_init(&group->last);
}

void tally_init(struct tally *tally, const uint32_t *group_clients, uint32_t group_count,
                uint32_t changes, uint32_t timed_from)
{
	size_t rows = changes + (size_t)1, clients = 0, client = 0;

	require(group_count <= TALLY_GROUPS_MAX);
	*tally = (struct tally){
	    .group_count = group_count, .changes = changes, .timed_from = timed_from};
	tally->sent_ns = mem_zeroed(rows * sizeof(tally->sent_ns[0]));
	tally->completed_groups = mem_zeroed(rows);
	log_histogram_init(&tally->last);
	for (uint32_t i = 0; i < group_count; i++) {
		init_group(&tally->groups[i], group_clients[i], changes);
		clients += group_clients[i];
	}
	tally->clients = mem_zeroed((clients + 1) * sizeof(tally->clients[0]));
	for (uint32_t i = 0; i < group_count; i++) {
		for (uint32_t j = 0; j < group_clients[i]; j++) {
			tally->clients[client++].group = i;
		}
	}
}

void tally_finish(struct tally *tally)
{
	for (uint32_t i = 0; i < tally->group_count; i++) {
		free(tally->groups[i].delivered);
		log_histogram_finish(&tally->groups[i].each);
		log_histogram_finish(&tally->groups[i].last);
	}
	log_histogram_finish(&tally->last);
	free(tally->sent_ns);
	free(tally->completed_groups);
	free(tally->clients);
}

uint32_t tally_sent(struct tally *tally, uint64_t now_ns)
{
	require(tally->sent < tally->changes);
	tally->sent_ns[tally->sent] = now_ns;
	return tally->sent++;
}

/* A serial above all that the client has: what it has moves down. */
static void advance(struct tally_client *client, uint32_t serial)
{
	uint32_t distance = serial + 1 - client->next;

	client->seen = distance < TALLY_REACH ? client->seen << distance | 1 : 1;
	client->next = serial + 1;
}

/* Whether it is a delivery: not a second one, nor one that cannot be told from that. */
static bool mark_seen(struct tally_group *group, struct tally_client *client, uint32_t serial)
{
	uint32_t behind;
	uint64_t bit;

	if (serial >= client->next) {
		advance(client, serial);
		return true;
	}
	behind = client->next - 1 - serial;
	if (behind >= TALLY_REACH) {
		group->stale++;
		return false;
	}
	bit = UINT64_C(1) << behind;
	if ((client->seen & bit) != 0) {
		group->duplicates++;
		return false;
	}
	client->seen |= bit;
	group->reordered++;
	return true;
}

static void complete(struct tally *tally, struct tally_group *group, uint32_t serial,
                     uint64_t took_ns)
{
	bool is_timed = serial >= tally->timed_from;

	group->completed++;
	if (is_timed) {
		log_histogram_record(&group->last, took_ns);
	}
	if (++tally->completed_groups[serial] == tally->group_count) {
		tally->completed++;
		if (is_timed) {
			log_histogram_record(&tally->last, took_ns);
		}
	}
}

void tally_delivered(struct tally *tally, uint32_t client, uint32_t serial, size_t bytes,
                     uint64_t now_ns)
{
	struct tally_group *group = &tally->groups[tally->clients[client].group];
	uint64_t took_ns;

	if (serial >= tally->sent) {
		group->strange++;
		return;
	}
	if (!mark_seen(group, &tally->clients[client], serial)) {
		return;
	}
	took_ns = now_ns - tally->sent_ns[serial];
	group->deliveries++;
	group->bytes += bytes;
	if (serial >= tally->timed_from) {
		log_histogram_record(&group->each, took_ns);
	}
	if (++group->delivered[serial] == group->clients) {
		complete(tally, group, serial, took_ns);
	}
}

uint64_t tally_lost(const struct tally *tally, const struct tally_group *group)
{
	return (uint64_t)group->clients * tally->sent - group->deliveries;
}

uint64_t tally_deliveries(const struct tally *tally)
{
	uint64_t deliveries = 0;

	for (uint32_t i = 0; i < tally->group_count; i++) {
		deliveries += tally->groups[i].deliveries;
	}
	return deliveries;
}

bool tally_is_good(const struct tally *tally)
{
	for (uint32_t i = 0; i < tally->group_count; i++) {
		const struct tally_group *group = &tally->groups[i];

		if (tally_lost(tally, group) != 0 || group->duplicates != 0 ||
		    group->reordered != 0 || group->stale != 0 || group->strange != 0) {
			return false;
		}
	}
	return true;
}
