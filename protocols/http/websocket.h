/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_WEBSOCKET_H
#define PROTOCOLS_HTTP_WEBSOCKET_H

#include <stddef.h>

#include "protocols/http/http_exchange.h"
#include "server/base/wire.h"
#include "server/net/close_reason.h"

/*
 * A WebSocket (RFC 6455, version 13) on a connection that was HTTP's.  wslay reads
 * frames, checks UTF-8 over fragments, answers pings and close frames;
 * whole frames ready to send go past it, so that a broadcast is not copied
 * per client (a server's frames are unmasked, §5.1, and the same for everyone).
 * No extensions.
 *
 *   input ──> wslay ──> ops->on_text() ──> session
 *               └── pong, close ──> outbox
 *   session ── websocket_send_...() ──> outbox
 *
 * wslay is given a frame at a time, and none while the client takes its replies too
 * slowly or a message was put off.
 *
 * Threads: the worker's.
 */
struct websocket;

struct websocket_ops {
	/* The subprotocols it speaks, ended by NULL; NULL: none is ever chosen. */
	const char *const *subprotocols;

	/* A whole text message, valid UTF-8, lent. */
	void (*on_text)(struct websocket *websocket, void *owner, const char *bytes, size_t length);

	/* A whole binary message, lent.  NULL: the connection closes with 1003. */
	void (*on_binary)(struct websocket *websocket, void *owner, const char *bytes,
	                  size_t length);

	/*
	 * It ends: by a close frame, with its connection, or by websocket_close().
	 * Called once, before the loop waits again and never from within a call
	 * to a function from here; the websocket must not be touched after it.  What is
	 * sent from within goes out before the close frame; nothing may be sent when
	 * the reason is CLOSE_CLIENT_QUIT, since a close frame may have gone out.
	 */
	void (*on_gone)(struct websocket *websocket, void *owner, enum close_reason reason);
};

/*
 * Answer an upgrade (`is_upgrade` of the request) with 101; the exchange is over.
 * Gives nothing: the websocket belongs to its connection and lives until on_gone().
 * NULL when the handshake is not one of version 13 (RFC 6455 §4.2.1), or a proxy brings
 * a client whose address has its fill: it was then answered with 400, 426 or 429.
 * The connection's peer is the client from now on, and its place is the client's.
 */
struct websocket *websocket_accept(struct http_exchange *exchange, const struct websocket_ops *ops,
                                   void *owner);

/* What the ops are given from now on, instead of what websocket_accept() was. */
void websocket_set_owner(struct websocket *websocket, void *owner);

/* Lends the subprotocol that was chosen, one of ops->subprotocols; NULL when none was. */
const char *websocket_subprotocol(const struct websocket *websocket);

/*
 * From within on_text() or on_binary(): only the first `done` bytes of the message are done
 * with, since the client takes its replies too slowly, or others come first.  The rest comes
 * again, as a message and before any other, when the client has said more or has taken enough (see
 * connection_is_choked()), or after websocket_resume().
 */
void websocket_put_off(struct websocket *websocket, size_t done);

/* Have what was put off come again before the loop waits, in a turn in which it has not yet. */
void websocket_resume(struct websocket *websocket);

/* Send a text message, valid UTF-8. */
void websocket_send_text(struct websocket *websocket, const char *bytes, size_t length);

/*
 * Send a change: a wire that is whole frames, as websocket_frame_text() makes them.  It may
 * wait for others (connection_send_change()).
 */
void websocket_send_frame(struct websocket *websocket, struct wire *wire);

/*
 * Send a close frame with the reason's code and text, after what was sent before, then
 * close.  No message comes any more and what is sent from now on is dropped.
 */
void websocket_close(struct websocket *websocket, enum close_reason reason);

/*
 * Lends the connection: for its peer, for what waits in its outbox, to close it, and to send
 * it wires that are whole frames.
 */
struct connection *websocket_connection(const struct websocket *websocket);

#endif
