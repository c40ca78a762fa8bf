/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_SLICES_H
#define SERVER_NET_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/net/outbox.h"

/*
 * What many outboxes hold, joined once: everyone who follows the same has the same wires
 * waiting at the end of a turn, and one piece of memory costs the kernel much less to send
 * than each wire by itself.
 *
 *   outbox [a][b][c] ─┐
 *   outbox [a][b][c] ─┼── slices_find() ──> "abc" ──> send
 *   outbox [a][b][c] ─┘
 *
 * A sequence is noted when it is met first and joined when it is met again, so that what
 * is sent to one client alone is never copied.  A few are known at a time; the wires of
 * each are kept by a reference until slices_clear().
 *
 * Threads: the worker's.
 */
#define SLICES_KNOWN    8            /* sequences known at a time: those of the busiest channels */
#define SLICE_WIRES_MAX 256          /* of one sequence */
#define SLICE_BYTES_MAX (256 * 1024) /* of one, joined */

struct slice {
	struct wire *wires[SLICE_WIRES_MAX];
	size_t count;         /* 0: none is known here */
	struct buffer joined; /* empty: met once */
};

/* All zero knows none. */
struct slices {
	struct slice known[SLICES_KNOWN];
	unsigned next; /* the place that is given up for the next one */
};

/*
 * Lends the bytes of all that an outbox holds, in one piece, until the next call.  False
 * when it is not to be had: one wire alone, or one that is partly sent, too much, or what
 * has not been met before.
 */
bool slices_find(struct slices *slices, const struct outbox *outbox, struct iovec *whole);

/* Forget all, and give back what more than little memory they took. */
void slices_clear(struct slices *slices);

/* Forget all, and free their memory. */
void slices_finish(struct slices *slices);

#endif
