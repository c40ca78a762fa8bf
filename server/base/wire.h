/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_WIRE_H
#define SERVER_BASE_WIRE_H

#include <stddef.h>

#include "server/base/buffer.h"

/*
 * Immutable bytes ready to send, shared by all that have to send them.
 *
 * Threads: a wire belongs to one worker; its count is a plain integer, so that a
 * broadcast to ten thousand clients costs no atomic operation.
 */
struct wire {
	const char *bytes;
	size_t length; /* never 0 */
	unsigned references;
	void (*release)(struct wire *wire); /* the last reference went */
};

/* Gives a wire with one reference and a copy of `length` bytes, 1 or more. */
struct wire *wire_copy(const char *bytes, size_t length);

/* Gives a wire with one reference that owns the buffer's bytes, 1 or more; the buffer is empty. */
struct wire *wire_take(struct buffer *buffer);

/* Take one more reference. */
static inline struct wire *wire_ref(struct wire *wire)
{
	wire->references++;
	return wire;
}

/* Give one back. */
static inline void wire_unref(struct wire *wire)
{
	if (--wire->references == 0) {
		wire->release(wire);
	}
}

#endif
