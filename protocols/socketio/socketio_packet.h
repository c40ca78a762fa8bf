/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_PACKET_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: the packets of Socket.IO 0.9 (socket.io-spec, revision 1) and the payloads
 * that several of them travel in.
 *
 *   packet   TYPE ":" [ID ["+"]] ":" [ENDPOINT] [":" DATA]
 *   payload  a packet, or U+FFFD LENGTH U+FFFD PACKET, once for each
 *
 * LENGTH counts UTF-16 units, since the clients that set the standard are written in
 * JavaScript.
 *
 * Threads: any; no state.
 */
#define SOCKETIO_ID_MAX              20  /* digits of a packet's id */
#define SOCKETIO_ENDPOINT_MAX        128 /* bytes of an endpoint's name */
#define SOCKETIO_PAYLOAD_PACKETS_MAX 256 /* packets of one payload */

enum socketio_type {
	SOCKETIO_DISCONNECT,
	SOCKETIO_CONNECT,
	SOCKETIO_HEARTBEAT,
	SOCKETIO_MESSAGE,
	SOCKETIO_JSON,
	SOCKETIO_EVENT,
	SOCKETIO_ACK,
	SOCKETIO_ERROR,
	SOCKETIO_NOOP,
};

struct socketio_packet {
	enum socketio_type type;
	struct text id;       /* digits; no bytes: none */
	bool wants_answer;    /* the id has a "+": an ack with what the event's handler returns */
	struct text endpoint; /* "/rc"; empty: the session itself */
	struct text data;     /* NULL bytes: none */
};

/*
 * Read one packet, which must be valid UTF-8.  `packet` points into `bytes`.
 * False when it is none, its id or endpoint is longer than above, or its endpoint
 * has a control character.
 */
bool socketio_packet_read(struct text bytes, struct socketio_packet *packet);

/* Add one packet. */
void socketio_packet_write(const struct socketio_packet *packet, struct buffer *out);

/*
 * Whether it is a payload: valid UTF-8, lengths that fit, no more than
 * SOCKETIO_PAYLOAD_PACKETS_MAX packets.  What they say is not looked at.
 */
bool socketio_payload_is_valid(struct text payload);

/*
 * Take the next packet's bytes out of a valid payload; `payload` becomes what is
 * behind it.  False at the end.
 */
bool socketio_payload_next(struct text *payload, struct text *packet);

/* Add one packet, framed: for a payload of two or more. */
void socketio_payload_add(struct buffer *payload, struct text packet);

/* The length of valid UTF-8 in UTF-16 units. */
size_t socketio_utf16_length(struct text text);

#endif
