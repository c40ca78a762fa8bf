/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CONNECTION_H
#define SERVER_NET_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/base/buffer.h"
#include "server/base/deadlines.h"
#include "server/base/wire.h"
#include "server/net/client_kind.h"
#include "server/net/close_reason.h"
#include "server/net/connection_ops.h"
#include "server/net/flush_queue.h"
#include "server/net/migrant.h"
#include "server/net/net.h"
#include "server/net/outbox.h"
#include "server/net/peer.h"

/*
 * One TCP connection: bytes in to its owner, wires out through its outbox, one way
 * to close.
 *
 *   socket ── read ──> ops->on_input() ──> session
 *   session ── connection_send() ──> outbox ── one write, once a turn ──> socket
 *
 * Closing: connection_close() marks and returns.  Before the loop waits again,
 * ops->on_closing() may send a last word; the outbox drains; the sending side is
 * shut down; when the client has closed too, or after a short time, ops->on_closed()
 * is called and the connection is freed.  Nothing is freed within a call from here.
 *
 * A client's own replies do not bring it over its limit: while more than NET_CHOKE
 * bytes wait for it, its input waits too.
 *
 * Threads: the worker's.
 */
enum connection_state {
	CONNECTION_OPEN,
	CONNECTION_CLOSING,   /* marked; in net.pending */
	CONNECTION_DRAINING,  /* on_closing() was called; the outbox is being sent */
	CONNECTION_LINGERING, /* our side is shut down; waiting for the client's */
	CONNECTION_CLOSED,    /* uv_close() was called */
};

struct connection {
	const struct connection_ops *ops; /* set by the owner; may be exchanged between inputs */
	void *owner;                      /* the session's */
	uint64_t id;
	struct sockaddr_in6 peer; /* the client's address, as peer.h has it */
	enum client_kind kind;    /* what it speaks; its bytes are counted as that kind's */

	/* connection.c and net.c only: */
	uv_tcp_t handle;
	struct buffer held;          /* input not yet done with */
	struct address_place *place; /* left when it has ended; NULL: not counted */
	enum close_reason reason;
	bool may_speak; /* on_closing() is being called */
	bool was_told;  /* on_closing() was called */
	bool has_eof;   /* the client has shut its side down */
	bool is_reading;
	uint16_t wires_in_flight; /* given to uv_write(): must stay in the outbox */
	uint64_t resumed_turn;    /* net.turn when held input was taken up last */
	size_t bytes_in_flight;
	size_t bytes_left;                              /* of them, when last looked at */
	struct connection *prev, *next;                 /* net.all */
	struct connection *prev_pending, *next_pending; /* net.pending */
	struct deadline stall;

	/* What a change touches on its way out, together: between two changes the kernel's work for
	 * all other clients fills the caches. */
	enum connection_state state;
	int descriptor; /* the handle's */
	struct net *net;
	struct tls_session *tls; /* NULL: what goes over it is plain */
	struct outbox outbox;
	struct connection *prev_queued, *next_queued; /* a list of net.queue */
	uv_write_t *write;                            /* NULL unless a write is under way */
	uint64_t gathering;                           /* flush_queue.c only */
	enum flush_place queued;                      /* in net.queue */
	uint64_t sent_bytes;   /* written to the client; client.c's to read */
	uint64_t progress_ms;  /* when bytes were last taken while some waited */
	uint64_t over_soft_ms; /* since when the outbox is over its soft limit; 0: it is not */
	on_detached_fn *on_detached; /* NULL: not asked for */
	uint64_t dropped_bytes;      /* of the outbox, when it closed for being too slow */
	bool is_pending;             /* in net.pending */
	bool was_choked;             /* input waits until the outbox has drained */
	bool wants_resume;
	bool is_paused; /* by its owner, until connection_resume() */
};

/*
 * Take a client that was accepted, descriptor and place.  Gives a connection that belongs
 * to the net; the caller sets `ops` and `owner` at once.  NULL when the descriptor is unusable.
 */
struct connection *connection_accept(struct net *net, const struct accepted *accepted);

/*
 * Take a connection from another worker, with its descriptor, place and unread input, not
 * its cargo.  The caller sets `ops` and `owner` at once, and calls connection_resume() when
 * it can take input.  NULL when the descriptor is unusable.
 */
struct connection *connection_adopt(struct net *net, struct migrant *migrant);

/*
 * Take the connection out of this worker as soon as nothing waits to be sent, at the
 * soonest before the loop waits again.  No more input comes; `on_detached` is given
 * the descriptor and the unread input, and on_closed() follows with CLOSE_MOVED.  A
 * connection that ends before that ends as usual.
 */
void connection_detach(struct connection *connection, on_detached_fn *on_detached);

/*
 * Queue a wire (a reference is taken).  Nothing happens when the connection is closing, except from
 * on_closing().  Over the limit: what waits is dropped, and it closes with CLOSE_SENDQ_EXCEEDED.
 */
void connection_send(struct connection *connection, struct wire *wire);

/* The same with a change, which may wait for others: for net.queue.delay_ns at most. */
void connection_send_change(struct connection *connection, struct wire *wire);

/* Queue a copy of bytes; 0 bytes do nothing. */
void connection_send_bytes(struct connection *connection, const char *bytes, size_t length);

/*
 * Give no input to on_input() before connection_resume(); the client's end waits too.  Up to
 * NET_HELD_MAX bytes, and a read more, are held, and then the client has to.
 */
void connection_pause(struct connection *connection);

/* Call on_input() with what is held, if anything: before the loop waits, once a turn at most. */
void connection_resume(struct connection *connection);

/* Whether the client takes its replies too slowly for more commands to be run now. */
bool connection_is_choked(const struct connection *connection);

/* Begin to close; a second call, and one after abort, does nothing. */
void connection_close(struct connection *connection, enum close_reason reason);

/* End at once, unsent bytes and all. */
void connection_abort(struct connection *connection, enum close_reason reason);

/* Whether it is not closing in any way. */
bool connection_is_open(const struct connection *connection);

/* Bytes that wait to be sent. */
size_t connection_queued(const struct connection *connection);

#endif
