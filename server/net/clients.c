/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/clients.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/net/client.h"

#define CAPACITY_MIN 64

/* How many entries have ids up to `id`. */
static size_t rank_behind(const struct clients *clients, uint64_t id)
{
	size_t low = 0;
	size_t high = clients->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (clients->entries[middle].id <= id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Half of it at the least is crossed out: that pays for the walk. */
static void close_up(struct clients *clients)
{
	size_t kept = 0;

	for (size_t i = 0; i < clients->count; i++) {
		if (clients->entries[i].client != NULL) {
			clients->entries[kept++] = clients->entries[i];
		}
	}
	clients->count = kept;
	clients->gone = 0;
}

void clients_add(struct clients *clients, struct client *client)
{
	size_t rank;

	if (clients->count == clients->capacity) {
		clients->capacity = clients->capacity > 0 ? 2 * clients->capacity : CAPACITY_MIN;
		clients->entries =
		    mem_resize(clients->entries, clients->capacity * sizeof(clients->entries[0]));
	}
	rank = rank_behind(clients, client->id);
	memmove(clients->entries + rank + 1, clients->entries + rank,
	        (clients->count - rank) * sizeof(clients->entries[0]));
	clients->entries[rank] = (struct clients_entry){.id = client->id, .client = client};
	clients->count++;
}

void clients_remove(struct clients *clients, const struct client *client)
{
	size_t at = rank_behind(clients, client->id);

	do {
		require(at > 0 && clients->entries[at - 1].id == client->id);
		at--;
	} while (clients->entries[at].client != client);
	clients->entries[at].client = NULL;
	clients->gone++;
	if (clients->gone > clients->count / 2) {
		close_up(clients);
	}
}

struct client *clients_next(const struct clients *clients, uint64_t after)
{
	for (size_t i = rank_behind(clients, after); i < clients->count; i++) {
		if (clients->entries[i].client != NULL) {
			return clients->entries[i].client;
		}
	}
	return NULL;
}

void clients_finish(struct clients *clients)
{
	free(clients->entries);
	*clients = (struct clients){0};
}
