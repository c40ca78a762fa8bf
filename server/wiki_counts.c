/* SPDX-License-Identifier: Apache-2.0 */
/* Rows never move and are told by `used` when their name is written: a walker needs no lock. */
#include "server/wiki_counts.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "server/base/memory.h"
#include "server/base/table.h"
#include "server/metric.h"

struct wiki_count {
	char *name;
	metric changes;
	UT_hash_handle hh; /* wiki_counts.by_name */
};

struct wiki_counts {
	size_t capacity;
	atomic_size_t used; /* rows that may be read */
	metric others;
	struct wiki_count *by_name; /* the adder's */
	struct wiki_count rows[];
};

struct wiki_counts *wiki_counts_create(size_t capacity)
{
	struct wiki_counts *counts;

	require(capacity > 0);
	counts = mem_zeroed(sizeof(*counts) + capacity * sizeof(counts->rows[0]));
	counts->capacity = capacity;
	return counts;
}

void wiki_counts_destroy(struct wiki_counts *counts)
{
	if (counts == NULL) {
		return;
	}
	HASH_CLEAR(hh, counts->by_name);
	for (size_t i = 0; i < counts->used; i++) {
		free(counts->rows[i].name);
	}
	free(counts);
}

static struct wiki_count *add_row(struct wiki_counts *counts, const char *wiki, size_t length)
{
	size_t used = atomic_load_explicit(&counts->used, memory_order_relaxed);
	struct wiki_count *row = &counts->rows[used];

	row->name = mem_copy_text(wiki, length);
	HASH_ADD_KEYPTR(hh, counts->by_name, row->name, length, row);
	atomic_store_explicit(&counts->used, used + 1, memory_order_release);
	return row;
}

void wiki_counts_add(struct wiki_counts *counts, const char *wiki, size_t length)
{
	struct wiki_count *row;

	HASH_FIND(hh, counts->by_name, wiki, length, row);
	if (row == NULL && HASH_COUNT(counts->by_name) < counts->capacity) {
		row = add_row(counts, wiki, length);
	}
	metric_add(row != NULL ? &row->changes : &counts->others, 1);
}

void wiki_counts_each(const struct wiki_counts *counts,
                      void (*visit)(void *context, const char *wiki, uint64_t changes),
                      void *context)
{
	size_t used = atomic_load_explicit(&counts->used, memory_order_acquire);

	for (size_t i = 0; i < used; i++) {
		visit(context, counts->rows[i].name, metric_read(&counts->rows[i].changes));
	}
	visit(context, "other", metric_read(&counts->others));
}
