/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_INBOX_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_INBOX_H

#include "protocols/socketio/socketio_turns.h"
#include "server/feed/change.h"

/*
 * What a session's client has posted.  Packets are taken in the order in which they came, one
 * POST after the other, as many at once as socketio_turns.h lets them; each POST is answered "1"
 * when its last packet was taken.
 *
 *   POST ── socketio_inbox_take() ──> packets ── socketio_session_take() ──> session
 *                                        └── the rest, in later turns ──^
 *
 * What waits is kept as long as the connection that it came by, which is held: there is no more of
 * it than connections have bodies.  With a client that goes before its answer goes what it
 * had left.
 *
 * Threads: the worker's.
 */
struct http_exchange;
struct socketio_post;
struct socketio_session;

/* Embed it in a session, all zero. */
struct socketio_inbox {
	struct socketio_post *posts; /* that are not done, the first being taken */
	struct socketio_waiter waiter;
	/*
	 * The session ends: answer what waits, of which nothing more is taken.  NULL until
	 * something does, so that a session needs no HTTP.
	 */
	void (*on_session_end)(struct socketio_session *session);
};

/* Take a valid payload, lent, and answer the exchange, now or later.  May end the session. */
void socketio_inbox_take(struct socketio_session *session, struct http_exchange *exchange,
                         struct text payload);

#endif
