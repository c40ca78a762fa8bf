/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_ENCODINGS_H
#define PROTOCOLS_ENCODINGS_H

/*
 * The encodings of a change, one slot each (struct encoder.slot): there are never
 * more than CHANGE_ENCODINGS_MAX.
 */
enum encoding {
	ENCODING_IRC_PRIVMSG,     /* the bot's PRIVMSG line */
	ENCODING_IRC_CHANGE,      /* the value of the tag that carries the change */
	ENCODING_SOCKETIO_PACKET, /* the event packet, text of a poll */
	ENCODING_SOCKETIO_FRAME,  /* the same in a WebSocket text frame */
	ENCODING_SOCKETIO_SCRIPT, /* the same in a script of a page, as a chunk */
};

#endif
