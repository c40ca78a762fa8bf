/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_HEARTBEAT_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_HEARTBEAT_H

#include "server/base/deadlines.h"

/*
 * The heartbeats of transports whose connection stays: clients give up one on which
 * nothing comes.
 *
 * Threads: the worker's.
 */
struct socketio_session;

/* Embed it in the transport's link. */
struct socketio_heartbeat {
	struct socketio_session *session;
	struct deadline due;
};

/* Send the session's client "2::" every heartbeat_interval. */
void socketio_heartbeat_begin(struct socketio_heartbeat *heartbeat,
                              struct socketio_session *session);

/* Send no more; before the session goes. */
void socketio_heartbeat_end(struct socketio_heartbeat *heartbeat);

#endif
