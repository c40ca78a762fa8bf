/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of entries, each in a table by its bytes. */
#include "ingest/recent_ids.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/base/table.h"

struct recent_id {
	char bytes[RECENT_ID_BYTES_MAX];
	unsigned length; /* 0: not used yet */
	UT_hash_handle hh;
};

struct recent_ids {
	struct recent_id ring[RECENT_IDS_MAX];
	size_t next;
	struct recent_id *table;
};

struct recent_ids *recent_ids_create(void)
{
	return mem_new(struct recent_ids);
}

void recent_ids_destroy(struct recent_ids *ids)
{
	if (ids != NULL) {
		HASH_CLEAR(hh, ids->table);
		free(ids);
	}
}

bool recent_ids_add(struct recent_ids *ids, struct text id)
{
	struct recent_id *entry;

	if (id.length == 0 || id.length > RECENT_ID_BYTES_MAX) {
		return true;
	}
	HASH_FIND(hh, ids->table, id.bytes, id.length, entry);
	if (entry != NULL) {
		return false;
	}
	entry = &ids->ring[ids->next];
	ids->next = (ids->next + 1) % RECENT_IDS_MAX;
	if (entry->length > 0) {
		HASH_DELETE(hh, ids->table, entry);
	}
	memcpy(entry->bytes, id.bytes, id.length);
	entry->length = (unsigned)id.length;
	HASH_ADD(hh, ids->table, bytes, entry->length, entry);
	return true;
}
