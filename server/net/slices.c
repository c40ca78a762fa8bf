/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/slices.h"

#define KEPT_BYTES (64 * 1024) /* a buffer of no more is kept for the next time */

static void forget(struct slice *slice)
{
	for (size_t i = 0; i < slice->count; i++) {
		wire_unref(slice->wires[i]);
	}
	slice->count = 0;
	buffer_clear(&slice->joined);
}

static void join(struct slice *slice)
{
	for (size_t i = 0; i < slice->count; i++) {
		buffer_append(&slice->joined, slice->wires[i]->bytes, slice->wires[i]->length);
	}
}

static void note(struct slices *slices, const struct outbox *outbox)
{
	struct slice *slice = &slices->known[slices->next];

	slices->next = (slices->next + 1) % SLICES_KNOWN;
	forget(slice);
	slice->count = outbox_wires(outbox, slice->wires, SLICE_WIRES_MAX);
	for (size_t i = 0; i < slice->count; i++) {
		(void)wire_ref(slice->wires[i]);
	}
}

bool slices_find(struct slices *slices, const struct outbox *outbox, struct iovec *whole)
{
	if (outbox->count < 2 || outbox->count > SLICE_WIRES_MAX || outbox->offset > 0 ||
	    outbox->bytes > SLICE_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < SLICES_KNOWN; i++) {
		struct slice *slice = &slices->known[i];

		if (slice->count == outbox->count && outbox_holds(outbox, slice->wires)) {
			if (slice->joined.length == 0) {
				join(slice);
			}
			*whole = (struct iovec){.iov_base = slice->joined.bytes,
			                        .iov_len = slice->joined.length};
			return true;
		}
	}
	note(slices, outbox);
	return false;
}

void slices_clear(struct slices *slices)
{
	for (size_t i = 0; i < SLICES_KNOWN; i++) {
		forget(&slices->known[i]);
		if (slices->known[i].joined.capacity > KEPT_BYTES) {
			buffer_finish(&slices->known[i].joined);
		}
	}
}

void slices_finish(struct slices *slices)
{
	for (size_t i = 0; i < SLICES_KNOWN; i++) {
		forget(&slices->known[i]);
		buffer_finish(&slices->known[i].joined);
	}
}
