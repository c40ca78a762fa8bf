/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SOCKETIO_CLIENT_H
#define BENCH_SOCKETIO_CLIENT_H

#include <stddef.h>

#include "bench/protocol.h"

/*
 * What Socket.IO 0.9's transports have in common: the handshake, and what its packets mean
 * to a client of the namespace /rc.  Which packets a client has to say is in the session's
 * `pending`, for the transport to send when it can.
 *
 * Threads: the caller's.
 */
enum socketio_client_packet {
	SOCKETIO_CLIENT_CONNECT = 1,   /* to the namespace */
	SOCKETIO_CLIENT_SUBSCRIBE = 2, /* to the wiki, with an acknowledgement */
	SOCKETIO_CLIENT_HEARTBEAT = 4,
};

/* Ask for a session. */
void socketio_client_handshake(struct protocol_session *session);

/*
 * Understand the answer to that, and keep the session's id; sets `failure` when it is
 * refused.  Returns the length of the answer, 0 when it is not whole yet.
 */
size_t socketio_client_take_handshake(struct protocol_session *session, const char *bytes,
                                      size_t length);

/* Understand a packet; `wire` is its length with what the transport put around it. */
void socketio_client_take(struct protocol_session *session, const char *packet, size_t length,
                          size_t wire);

/* Add one packet of enum socketio_client_packet. */
void socketio_client_packet(const struct protocol_session *session, unsigned packet,
                            struct buffer *out);

#endif
