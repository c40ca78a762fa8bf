/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_POLLING_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_POLLING_H

#include "protocols/socketio/socketio_transport.h"

/*
 * Transports: the client asks with GET, and waits when there is nothing yet; it sends
 * with POST.  Between two polls packets wait here, as references to the wires that
 * all clients share: up to slow_client.outbox_max bytes, over which the session ends.
 *
 * Threads: the worker's.
 */

/* xhr-polling: bodies are payloads. */
extern const struct socketio_transport socketio_polling_xhr;

/* jsonp-polling: answers are scripts, and what is posted is a form; socketio_jsonp.h. */
extern const struct socketio_transport socketio_polling_jsonp;

#endif
