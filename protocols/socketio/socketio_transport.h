/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_TRANSPORT_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_TRANSPORT_H

#include "server/feed/change.h"
#include "server/feed/delivery.h"
#include "server/net/client_kind.h"
#include "server/net/close_reason.h"

/*
 * A way in which packets travel between a session and its client.  One constant
 * each; a session has one at a time, opened with socketio_session_open(), and what
 * the transport keeps for it in session->link:
 *
 *   exchange ── on_request() ──> transport ── socketio_session_take() ──> session
 *   session ── send(), deliver() ──> transport ──> client
 *
 * Threads: the worker's.
 */
struct connection;
struct http_exchange;
struct socketio_session;

struct socketio_transport {
	const char *name; /* in addresses, and in the handshake's list */
	enum client_kind kind;

	/*
	 * A request to the transport's address in this session, which may have no
	 * transport yet, or another one.  Answers it, at once or later.
	 */
	void (*on_request)(struct socketio_session *session, struct http_exchange *exchange);

	/* Send a packet, lent.  May end the session. */
	void (*send)(struct socketio_session *session, struct text packet);

	/* Send a change, lent, as socketio_wire() writes it.  May end the session. */
	void (*deliver)(struct socketio_session *session, struct delivery *delivery);

	/* Bytes that wait for the client. */
	size_t (*waiting)(const struct socketio_session *session);

	/* Lends the one connection it has, for its figures, or NULL when that has gone: it was
	 * counted then.  NULL: it has none of its own. */
	struct connection *(*connection)(const struct socketio_session *session);

	/*
	 * Let go of the client and free the link.  With CLOSE_CLIENT_QUIT the client
	 * has asked for the end and is told "0::"; with any other reason it must not be,
	 * since a client that reads it does not come back.
	 */
	void (*close)(struct socketio_session *session, enum close_reason reason);
};

#endif
