/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_PACKET_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: the packets of Socket.IO 0.9 (socket.io-spec, revision 1).
 *
 *   TYPE ":" [ID ["+"]] ":" [ENDPOINT] [":" DATA]
 *
 * Threads: any; no state.
 */
#define SOCKETIO_ID_MAX       20  /* digits of a packet's id */
#define SOCKETIO_ENDPOINT_MAX 128 /* bytes of an endpoint's name */

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

#endif
