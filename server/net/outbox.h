/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_OUTBOX_H
#define SERVER_NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "server/base/wire.h"

/*
 * One connection's queue of wires (IRC operators call it SendQ).  It holds
 * references, in chunks that come from the worker's pool and go back to it, so an
 * idle connection holds none.  How much may wait is its owner's business:
 * `bytes` tells how much does.
 *
 *   outbox_push() ──> [wire][wire][wire] ── outbox_peek() ──> write ── outbox_advance()
 *
 * Threads: the worker's.
 */
struct outbox_chunk;

/* Chunks not in use, shared by a worker's connections. */
struct outbox_pool {
	struct outbox_chunk *free_chunks;
	size_t free_count;
};

/* All zero is empty. */
struct outbox {
	struct outbox_chunk *first, *last;
	size_t bytes;  /* not yet advanced over */
	size_t offset; /* of the first wire, sent already */
	size_t count;  /* of wires */
};

/* Free the pool's chunks. */
void outbox_pool_finish(struct outbox_pool *pool);

/* Put a wire at the end; takes a reference of its own. */
void outbox_push(struct outbox_pool *pool, struct outbox *outbox, struct wire *wire);

/* Lends the first bytes to send, in at most `count` pieces; returns how many there are. */
size_t outbox_peek(const struct outbox *outbox, struct iovec *pieces, size_t count);

/* Lends the first `count` wires, or all when there are fewer; returns how many there are. */
size_t outbox_wires(const struct outbox *outbox, struct wire **wires, size_t count);

/* Whether its wires are these; it has `count` of them. */
bool outbox_holds(const struct outbox *outbox, struct wire *const *wires);

/* Forget the first `length` bytes: they were sent. */
void outbox_advance(struct outbox_pool *pool, struct outbox *outbox, size_t length);

/*
 * Forget everything but the first `keep` wires; one that is partly sent is kept in
 * any case, so that what follows does not begin in its middle.
 */
void outbox_trim(struct outbox_pool *pool, struct outbox *outbox, size_t keep);

/* Forget everything. */
void outbox_clear(struct outbox_pool *pool, struct outbox *outbox);

#endif
