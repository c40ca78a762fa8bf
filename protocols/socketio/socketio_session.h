/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_SESSION_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/front_end.h"
#include "protocols/socketio/socketio_following.h"
#include "protocols/socketio/socketio_inbox.h"
#include "protocols/socketio/socketio_packet.h"
#include "protocols/socketio/socketio_transport.h"
#include "protocols/socketio/socketio_turns.h"
#include "protocols/socketio/socketio_wire.h"
#include "server/base/deadlines.h"
#include "server/base/log.h"
#include "server/base/table.h"
#include "server/feed/bus.h"
#include "server/net/client.h"
#include "server/net/client_names.h"

/*
 * A client of Socket.IO from its handshake on; it outlives the connections its
 * packets come by.
 *
 *   handshake ──> waiting ── a transport opens ──> open ──> ended
 *                    └────── SOCKETIO_OPEN_TIMEOUT_S ────────^
 *
 * A session lives on the worker that made it, which its id names, so that any
 * worker can tell where a request belongs.
 *
 * Threads: the worker's; socketio_session_worker() any.
 */
#define SOCKETIO_WORKER_LENGTH 2                             /* base64url digits: 4,096 workers */
#define SOCKETIO_RANDOM_BYTES  15                            /* 120 bits, not to be guessed */
#define SOCKETIO_SID_LENGTH    (SOCKETIO_WORKER_LENGTH + 20) /* four digits for three bytes */

/* For a transport to be opened, as in socket.io 0.9; heartbeat_timeout where that is less. */
#define SOCKETIO_OPEN_TIMEOUT_S 30

/* One worker's sessions. */
struct socketio_sessions {
	const struct front_end_env *env;
	struct socketio_session *by_sid; /* socketio_session.hh */
	struct socketio_session *ended;  /* socketio_session.next_ended */
	struct deadline burial;          /* frees those, when nobody walks over them */
	struct socketio_wires wires;
	struct socketio_effort effort;
	struct socketio_turns turns;
};

struct socketio_session {
	struct client client; /* in the list of those who are served, once it has a transport */
	struct socketio_sessions *sessions;
	char sid[SOCKETIO_SID_LENGTH + 1];
	struct sockaddr_in6 peer;    /* of the handshake */
	char *agent;                 /* the same: NULL: it told none */
	uint64_t began_ms;           /* the loop's time of the handshake */
	uint64_t deliveries;         /* changes that were sent */
	uint64_t earlier_bytes;      /* of payloads given to polls, and of connections it had */
	uint64_t unsent_bytes;       /* that waited for it, and went with its transport */
	struct address_place *place; /* left at its end; NULL: not counted */
	struct subscriber subscriber;
	struct socketio_following *following;       /* NULL: it never subscribed with an object */
	const struct socketio_transport *transport; /* NULL: none was opened yet */
	void *link;                                 /* the transport's */
	struct socketio_inbox inbox;
	bool is_ended; /* no longer in the table; freed before long */
	struct deadline expiry;
	uint64_t expiry_ms; /* what the expiry was last armed with */
	struct log_scope log;
	struct socketio_session *next_ended;
	UT_hash_handle hh; /* socketio_sessions.by_sid */
};

/* Begin with no sessions.  Lent: env. */
void socketio_sessions_init(struct socketio_sessions *sessions, const struct front_end_env *env);

/* End and free every session. */
void socketio_sessions_finish(struct socketio_sessions *sessions);

/* Gives a session to the table, and lends it; NULL when the worker has its share of them. */
struct socketio_session *socketio_session_create(struct socketio_sessions *sessions);

/* Lends the session of this id; NULL when there is none. */
struct socketio_session *socketio_session_find(const struct socketio_sessions *sessions,
                                               struct text sid);

/* The worker whose session this id could be; false when it is no id at all. */
bool socketio_session_worker(struct text sid, unsigned *worker);

/*
 * Use this transport from now on; the link is given, the session expires in so long.
 * One that was open is closed without the session's end.  The client is sent its
 * first packet, "1::".
 */
void socketio_session_open(struct socketio_session *session,
                           const struct socketio_transport *transport, void *link,
                           unsigned expiry_s);

/* A packet from the client, lent and valid UTF-8.  May end the session. */
void socketio_session_take(struct socketio_session *session, struct text bytes);

/* Send a packet to the client.  May end the session. */
void socketio_session_send(struct socketio_session *session, const struct socketio_packet *packet);

/* Send a change, lent.  May end the session. */
void socketio_session_deliver(struct socketio_session *session, struct delivery *delivery);

/* Send an event of the namespace /rc; the list of its arguments is given. */
void socketio_session_send_event(struct socketio_session *session, const char *name,
                                 json_t *arguments);

/* Send the event "error" with two arguments on an endpoint, as RCStream told its errors. */
void socketio_session_send_error(struct socketio_session *session, struct text endpoint,
                                 const char *reason, const char *text);

/* Count what a connection of its transport's was sent, before it is let go. */
void socketio_session_count_connection(struct socketio_session *session,
                                       const struct connection *connection);

/* Write a line that it has subscribed to these, if there are any. */
void socketio_session_tell_subscribed(const struct socketio_session *session,
                                      struct client_names *names);

/* Count a packet that could not be read. */
void socketio_session_count_bad(struct socketio_session *session);

/* End with CLOSE_PING_TIMEOUT unless the client is heard, or this called, within so long. */
void socketio_session_expire_in(struct socketio_session *session, unsigned seconds);

/* Do not expire: the client is there. */
void socketio_session_stay(struct socketio_session *session);

/*
 * End: no more changes, the transport closed, the id unknown.  The memory stays for
 * this turn, so that callers can ask is_ended.  An ended one is left alone.
 */
void socketio_session_end(struct socketio_session *session, enum close_reason reason);

#endif
