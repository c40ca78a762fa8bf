/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

/* With its head a chunk fills four cache lines. */
#define CHUNK_WIRES 30

/* Chunks kept for reuse; beyond that a drained burst gives its memory back. */
#define FREE_CHUNKS_MAX 4096

struct outbox_chunk {
	struct outbox_chunk *next;
	uint16_t begin, end; /* wires[begin .. end-1] are queued */
	struct wire *wires[CHUNK_WIRES];
};

static struct outbox_chunk *chunk_take(struct outbox_pool *pool)
{
	struct outbox_chunk *chunk = pool->free_chunks;

	if (chunk != NULL) {
		pool->free_chunks = chunk->next;
		pool->free_count--;
	} else {
		chunk = mem_resize(NULL, sizeof(*chunk));
	}
	chunk->next = NULL;
	chunk->begin = 0;
	chunk->end = 0;
	return chunk;
}

static void chunk_give(struct outbox_pool *pool, struct outbox_chunk *chunk)
{
	if (pool->free_count < FREE_CHUNKS_MAX) {
		chunk->next = pool->free_chunks;
		pool->free_chunks = chunk;
		pool->free_count++;
	} else {
		free(chunk);
	}
}

void outbox_pool_finish(struct outbox_pool *pool)
{
	struct outbox_chunk *chunk;

	while ((chunk = pool->free_chunks) != NULL) {
		pool->free_chunks = chunk->next;
		free(chunk);
	}
	pool->free_count = 0;
}

void outbox_push(struct outbox_pool *pool, struct outbox *outbox, struct wire *wire)
{
	struct outbox_chunk *chunk = outbox->last;

	if (chunk == NULL || chunk->end == CHUNK_WIRES) {
		chunk = chunk_take(pool);
		if (outbox->last == NULL) {
			outbox->first = chunk;
		} else {
			outbox->last->next = chunk;
		}
		outbox->last = chunk;
	}
	chunk->wires[chunk->end++] = wire_ref(wire);
	outbox->bytes += wire->length;
	outbox->count++;
}

size_t outbox_peek(const struct outbox *outbox, struct iovec *pieces, size_t count)
{
	size_t offset = outbox->offset;
	size_t used = 0;

	for (const struct outbox_chunk *chunk = outbox->first; chunk != NULL; chunk = chunk->next) {
		for (size_t i = chunk->begin; i < chunk->end; i++) {
			const struct wire *wire = chunk->wires[i];

			if (used == count) {
				return used;
			}
			pieces[used].iov_base =
			    (char *)wire->bytes + offset; /* writev() only reads */
			pieces[used].iov_len = wire->length - offset;
			used++;
			offset = 0;
		}
	}
	return used;
}

size_t outbox_wires(const struct outbox *outbox, struct wire **wires, size_t count)
{
	size_t used = 0;

	for (const struct outbox_chunk *chunk = outbox->first; chunk != NULL; chunk = chunk->next) {
		size_t held = (size_t)chunk->end - chunk->begin;
		size_t taken = held < count - used ? held : count - used;

		memcpy(wires + used, chunk->wires + chunk->begin, taken * sizeof(struct wire *));
		used += taken;
	}
	return used;
}

bool outbox_holds(const struct outbox *outbox, struct wire *const *wires)
{
	for (const struct outbox_chunk *chunk = outbox->first; chunk != NULL; chunk = chunk->next) {
		size_t held = (size_t)chunk->end - chunk->begin;

		if (memcmp(chunk->wires + chunk->begin, wires, held * sizeof(struct wire *)) != 0) {
			return false;
		}
		wires += held;
	}
	return true;
}

/* Drop the first wire, and its chunk when that was the last one in it. */
static void drop_first(struct outbox_pool *pool, struct outbox *outbox)
{
	struct outbox_chunk *chunk = outbox->first;

	wire_unref(chunk->wires[chunk->begin++]);
	outbox->offset = 0;
	outbox->count--;
	if (chunk->begin == chunk->end) {
		outbox->first = chunk->next;
		if (outbox->first == NULL) {
			outbox->last = NULL;
		}
		chunk_give(pool, chunk);
	}
}

void outbox_advance(struct outbox_pool *pool, struct outbox *outbox, size_t length)
{
	require(length <= outbox->bytes);
	outbox->bytes -= length;
	while (length > 0) {
		size_t rest = outbox->first->wires[outbox->first->begin]->length - outbox->offset;

		if (length < rest) {
			outbox->offset += length;
			return;
		}
		length -= rest;
		drop_first(pool, outbox);
	}
}

void outbox_trim(struct outbox_pool *pool, struct outbox *outbox, size_t keep)
{
	struct outbox kept = {0};
	size_t offset = outbox->offset;
	size_t wires = 0;

	if (keep == 0 && offset > 0) {
		keep = 1;
	}
	for (; outbox->first != NULL; wires++) {
		if (wires < keep) {
			outbox_push(pool, &kept, outbox->first->wires[outbox->first->begin]);
		}
		drop_first(pool, outbox);
	}
	kept.offset = offset;
	kept.bytes -= offset;
	*outbox = kept;
}

void outbox_clear(struct outbox_pool *pool, struct outbox *outbox)
{
	outbox->offset = 0;
	outbox_trim(pool, outbox, 0);
}
