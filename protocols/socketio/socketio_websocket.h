/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_WEBSOCKET_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_WEBSOCKET_H

#include "protocols/socketio/socketio_transport.h"

/*
 * Transport: packets over a WebSocket, each a text message.  A change goes out as a
 * frame that all clients share; the session ends with its connection.
 *
 * Threads: the worker's.
 */
extern const struct socketio_transport socketio_websocket_transport;

#endif
