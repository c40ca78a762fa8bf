/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wires are part of the delivery.  Each holds one reference to itself for the
 * delivery, given up with the last holder; the memory goes when no holder and no
 * wire is left.
 */
#include "server/feed/delivery.h"

#include <stdbool.h>
#include <stdlib.h>

#include "server/base/memory.h"

struct delivery_wire {
	struct wire wire;
	struct delivery *delivery;
	bool is_made;
};

struct delivery {
	struct change *change;
	unsigned holders;
	unsigned live; /* wires with references, and 1 while there are holders */
	struct delivery_wire wires[CHANGE_ENCODINGS_MAX];
};

struct delivery *delivery_create(struct change *change)
{
	struct delivery *delivery = mem_new(struct delivery);

	delivery->change = change;
	delivery->holders = 1;
	delivery->live = 1;
	return delivery;
}

struct delivery *delivery_ref(struct delivery *delivery)
{
	delivery->holders++;
	return delivery;
}

static void let_go(struct delivery *delivery)
{
	if (--delivery->live == 0) {
		change_unref(delivery->change);
		free(delivery);
	}
}

void delivery_unref(struct delivery *delivery)
{
	if (--delivery->holders > 0) {
		return;
	}
	for (size_t i = 0; i < CHANGE_ENCODINGS_MAX; i++) {
		if (delivery->wires[i].is_made && delivery->wires[i].wire.length > 0) {
			wire_unref(&delivery->wires[i].wire);
		}
	}
	let_go(delivery);
}

struct change *delivery_change(const struct delivery *delivery)
{
	return delivery->change;
}

static void on_wire_released(struct wire *wire)
{
	let_go(container_of(wire, struct delivery_wire, wire)->delivery);
}

struct wire *delivery_wire(struct delivery *delivery, const struct encoder *encoder)
{
	struct delivery_wire *slot = &delivery->wires[encoder->slot];

	require(encoder->slot < CHANGE_ENCODINGS_MAX);
	if (!slot->is_made) {
		struct text encoded = change_encoded(delivery->change, encoder);

		slot->is_made = true;
		slot->delivery = delivery;
		slot->wire = (struct wire){
		    .bytes = encoded.bytes,
		    .length = encoded.length,
		    .references = 1,
		    .release = on_wire_released,
		};
		if (encoded.length > 0) {
			delivery->live++;
		}
	}
	return slot->wire.length > 0 ? &slot->wire : NULL;
}
