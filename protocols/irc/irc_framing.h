/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_FRAMING_H
#define PROTOCOLS_IRC_IRC_FRAMING_H

#include <stddef.h>

#include "server/base/buffer.h"

/*
 * Codec: how lines go over a connection.  In a WebSocket a line is a frame, and its
 * CR LF is left away (IRCv3 "WebSocket support").
 *
 * Threads: any; no state.
 */
enum irc_framing {
	IRC_FRAMING_STREAM,       /* with CR LF */
	IRC_FRAMING_TEXT_FRAME,   /* without, in a WebSocket text frame */
	IRC_FRAMING_BINARY_FRAME, /* the same in a binary one */
	IRC_FRAMINGS
};

/* Add lines, valid UTF-8 and each with its CR LF, as they are in this framing. */
void irc_framing_append(struct buffer *out, enum irc_framing framing, const char *lines,
                        size_t length);

#endif
