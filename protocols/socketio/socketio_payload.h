/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_PAYLOAD_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: the body of a polling request or answer, one packet or several.
 *
 *   PACKET
 *   U+FFFD LENGTH U+FFFD PACKET, once for each
 *
 * LENGTH counts UTF-16 units, since the clients that set the standard are written in
 * JavaScript.
 *
 * A payload is checked as a whole before any packet of it is acted upon: a client
 * that miscounts loses the request, and not half of what it says.
 *
 * Threads: any; no state.
 */
#define SOCKETIO_PAYLOAD_PACKETS_MAX 256

/*
 * Whether it is a payload: valid UTF-8, lengths that fit, no more packets than
 * above.  What the packets say is not looked at.
 */
bool socketio_payload_is_valid(struct text payload);

/*
 * Take the next packet's bytes out of a valid payload; `payload` becomes what is
 * behind it.  False at the end.
 */
bool socketio_payload_next(struct text *payload, struct text *packet);

/* Add one packet, framed: for a payload of two or more.  The packet is valid UTF-8. */
void socketio_payload_add(struct buffer *payload, struct text packet);

#endif
