/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_WIRE_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_WIRE_H

#include <stdint.h>

#include "server/base/wire.h"
#include "server/feed/delivery.h"

/*
 * A change as a session reads it: as RCStream sent it, or, from the session's first
 * subscription with an object on, with its position as a second argument,
 *
 *   5::/rc:{"args":[CHANGE,"19c0a5b2d10-4711"],"name":"change"}
 *
 * The first form is kept with the change; of the second there is but that of the last change,
 * one for all of a worker's sessions, so that what is remembered costs no more for it.
 *
 * Threads: the worker's.
 */
struct socketio_session;

enum socketio_form {
	SOCKETIO_FORM_PACKET, /* for a payload */
	SOCKETIO_FORM_FRAME,  /* in a WebSocket text frame */
	SOCKETIO_FORM_SCRIPT, /* in a script element of a page, as a chunk */
	SOCKETIO_FORMS,
};

/* The positioned wires of the last change; all zero is none. */
struct socketio_wires {
	const struct change *change; /* only compared */
	uint64_t change_id;
	struct wire *wires[SOCKETIO_FORMS];
};

/* Forget them. */
void socketio_wires_clear(struct socketio_wires *wires);

/* Lends the wire until the next call; wire_ref() keeps it longer. */
struct wire *socketio_wire(struct socketio_session *session, struct delivery *delivery,
                           enum socketio_form form);

#endif
