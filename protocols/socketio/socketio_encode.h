/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_ENCODE_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_ENCODE_H

#include "server/feed/change.h"

/*
 * How Socket.IO writes a change: the packet
 *
 *   5::/rc:{"args":[CHANGE],"name":"change"}
 *
 * in which CHANGE is the change's JSON as it came, but for the characters outside
 * ASCII: they become \uXXXX, as RCStream sent them.  It is the only form that all
 * clients read: lengths agree in bytes, code points and UTF-16 units, and neither
 * the payload's U+FFFD nor JavaScript's U+2028 can stand in it.
 *
 * Threads: any.
 */

/* The packet: what goes into a payload. */
extern const struct encoder socketio_encode_packet;

/* The packet in a WebSocket text frame, ready to send. */
extern const struct encoder socketio_encode_frame;

/* Add the packet with a second argument, the change's position, of characters that need no escape.
 */
void socketio_encode_positioned(const struct change *change, const char *position,
                                struct buffer *out);

/* The packet in a script element of a page, as a chunk of HTTP, ready to send. */
extern const struct encoder socketio_encode_script;

/* Add such an element with any packet, which is valid UTF-8. */
void socketio_encode_script_element(struct text packet, struct buffer *out);

/* Add it as a chunk of HTTP. */
void socketio_encode_script_chunk(struct text packet, struct buffer *out);

#endif
