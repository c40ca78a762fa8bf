/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_WIRES_H
#define PROTOCOLS_IRC_IRC_WIRES_H

#include "protocols/irc/irc_tags.h"
#include "server/base/wire.h"
#include "server/feed/delivery.h"

/*
 * The variants in which sessions want the line of the change that is being delivered:
 * tags and framing.  Each is made once for all sessions of the worker that share it.
 *
 *   delivery_wire(): the plain line, the same bytes for all workers ──┐
 *   tags that the session's capabilities give ──> a wire <────────────┘
 *
 * The plain line in a stream, which most clients get, is not kept here and costs nothing
 * more.  Only those of the last change are kept: the next one takes their place.
 *
 * Threads: the worker's.
 */
struct irc_server;

/* How a line goes over its connection. */
enum irc_framing {
	IRC_FRAMING_STREAM,       /* with CR LF */
	IRC_FRAMING_TEXT_FRAME,   /* without, in a WebSocket text frame */
	IRC_FRAMING_BINARY_FRAME, /* the same in a binary one */
	IRC_FRAMINGS
};

struct irc_wires {
	const struct irc_server *server; /* lent */
	struct delivery *delivery;       /* whose variants are kept; NULL: none */
	struct wire *variants[IRC_FRAMINGS][IRC_TAGS_ALL + 1];
};

/* Begin with none.  Lent for its life: the server. */
void irc_wires_init(struct irc_wires *wires, const struct irc_server *server);

/* Let go of all. */
void irc_wires_finish(struct irc_wires *wires);

/*
 * Lends the wire of the change in a variant, until another change is asked for; wire_ref()
 * keeps it longer.  NULL when the change is not for IRC.
 */
struct wire *irc_wires_get(struct irc_wires *wires, struct delivery *delivery, unsigned tags,
                           enum irc_framing framing);

#endif
