/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_HTMLFILE_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_HTMLFILE_H

#include "protocols/socketio/socketio_transport.h"

/*
 * Transport: a page that never ends, in a hidden frame of old Internet Explorers, with a
 * script for each packet.  A change goes out as a chunk that all clients share.  The
 * client sends with POST, as over xhr-polling; the session ends with its page.
 *
 * Threads: the worker's.
 */
extern const struct socketio_transport socketio_htmlfile_transport;

#endif
