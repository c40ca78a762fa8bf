/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_DELIVERY_H
#define SERVER_FEED_DELIVERY_H

#include "server/base/wire.h"
#include "server/feed/change.h"

/*
 * One change as one worker delivers it: the worker's single reference to the shared
 * change, and the wires made from it, counted without atomic operations.
 *
 *   change (shared, atomic) <── delivery (worker's) <── wire <── outbox, outbox, outbox ...
 *
 * Threads: the worker's.
 */
struct delivery;

/* Gives a delivery with one reference.  The caller gives its reference to the change. */
struct delivery *delivery_create(struct change *change);

/* Take one more reference. */
struct delivery *delivery_ref(struct delivery *delivery);

/* Give one back; the change goes with the last one and the last wire. */
void delivery_unref(struct delivery *delivery);

/* Lends the change. */
struct change *delivery_change(const struct delivery *delivery);

/*
 * Lends the wire of an encoding for as long as the delivery lives; wire_ref() keeps
 * it longer.  NULL when the change has nothing in this encoding.
 */
struct wire *delivery_wire(struct delivery *delivery, const struct encoder *encoder);

#endif
