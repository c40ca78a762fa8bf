/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_SCRIPT_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_SCRIPT_H

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: text as a string in JavaScript, for the transports whose answers are scripts.
 *
 * All of it is ASCII but for U+FFFD, which stands as it is: socketIO_client looks for the
 * frames of a payload before it undoes the escapes.
 *
 * Threads: any; no state.
 */
enum socketio_script_place {
	SOCKETIO_SCRIPT_FILE, /* a script of its own */
	SOCKETIO_SCRIPT_PAGE, /* in a page, where "</script>" would end it and "<!--" hide its end:
	                         "<" becomes "\u003c", and "/", as in socket.io, "\/" */
};

/*
 * In a script of its own a text grows by this factor at most, quotes apart, where it has no
 * control characters.
 */
#define SOCKETIO_SCRIPT_GROWTH_MAX 3

/* Add the valid UTF-8 of `text` with its quotes. */
void socketio_script_string(struct text text, enum socketio_script_place place, struct buffer *out);

#endif
