/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/wire.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

struct copied_wire {
	struct wire wire;
	char bytes[];
};

static void release_copied(struct wire *wire)
{
	free(container_of(wire, struct copied_wire, wire));
}

struct wire *wire_copy(const char *bytes, size_t length)
{
	struct copied_wire *copied = mem_resize(NULL, sizeof(*copied) + length);

	require(length > 0);
	memcpy(copied->bytes, bytes, length);
	copied->wire = (struct wire){
	    .bytes = copied->bytes,
	    .length = length,
	    .references = 1,
	    .release = release_copied,
	};
	return &copied->wire;
}

struct taken_wire {
	struct wire wire;
	char *bytes;
};

static void release_taken(struct wire *wire)
{
	struct taken_wire *taken = container_of(wire, struct taken_wire, wire);

	free(taken->bytes);
	free(taken);
}

struct wire *wire_take(struct buffer *buffer)
{
	struct taken_wire *taken = mem_new(struct taken_wire);

	require(buffer->length > 0);
	taken->wire = (struct wire){
	    .length = buffer->length,
	    .references = 1,
	    .release = release_taken,
	};
	taken->bytes = buffer_take(buffer, NULL);
	taken->wire.bytes = taken->bytes;
	return &taken->wire;
}
