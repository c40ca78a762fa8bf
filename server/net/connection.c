/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection's life between connection_accept() and its close callback.  Marks
 * set here during a turn are worked off in net_turn(); what it walks, net.pending and
 * net.queue, holds a connection at most once.
 */
#include "server/net/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "server/base/memory.h"
#include "server/net/address_limits.h"
#include "server/net/connection_tls.h"
#include "server/net/connection_turn.h"
#include "server/net/sealing.h"
#include "server/net/tls_session.h"

#define FLUSH_PIECES    256  /* of one write: a worker publishes no more changes in a round */
#define IN_FLIGHT_WIRES 16   /* given to libuv when the socket is full */
#define STALL_CHECK_MS  1000 /* how often a blocked client is looked at */
#define DRAIN_MS        5000 /* for a closing client to take what waits for it */
#define LINGER_MS       2000 /* for it to close its side after that */

static uv_stream_t *stream_of(struct connection *connection)
{
	return (uv_stream_t *)&connection->handle;
}

/* --- marks -------------------------------------------------------------- */

static void mark_pending(struct connection *connection)
{
	if (!connection->is_pending) {
		connection->is_pending = true;
		DL_APPEND2(connection->net->pending, connection, prev_pending, next_pending);
	}
}

/* --- the end ------------------------------------------------------------ */

static void tell_closing(struct connection *connection)
{
	if (!connection->was_told && connection->ops != NULL) {
		connection->was_told = true;
		connection->ops->on_closing(connection, connection->reason);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct net *net = connection->net;

	tell_closing(connection);
	if (connection->ops != NULL) {
		connection->ops->on_closed(connection, connection->reason);
	}
	flush_queue_remove(&net->queue, connection);
	if (connection->is_pending) {
		DL_DELETE2(net->pending, connection, prev_pending, next_pending);
	}
	DL_DELETE(net->all, connection);
	metric_subtract(&net->metrics->connections_open, 1);
	outbox_clear(&net->pool, &connection->outbox);
	tls_session_destroy(connection->tls);
	buffer_finish(&connection->held);
	address_limits_leave(connection->place);
	free(connection);
}

static void end(struct connection *connection)
{
	if (connection->state != CONNECTION_CLOSED) {
		connection->state = CONNECTION_CLOSED;
		deadline_disarm(&connection->net->deadlines, &connection->stall);
		uv_close((uv_handle_t *)&connection->handle, on_handle_closed);
	}
}

static void set_reason(struct connection *connection, enum close_reason reason)
{
	connection->reason = reason;
	metric_add(&connection->net->metrics->closed[reason], 1);
}

void connection_abort(struct connection *connection, enum close_reason reason)
{
	if (connection->state == CONNECTION_OPEN) {
		set_reason(connection, reason);
	}
	end(connection);
}

void connection_close(struct connection *connection, enum close_reason reason)
{
	if (connection->state == CONNECTION_OPEN) {
		set_reason(connection, reason);
		connection->state = CONNECTION_CLOSING;
		mark_pending(connection);
	}
}

bool connection_is_open(const struct connection *connection)
{
	return connection->state == CONNECTION_OPEN;
}

/* --- input -------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested_size;
	*buffer = uv_buf_init(connection->net->read_buffer, NET_READ_BYTES);
}

static void take_input(struct connection *connection, const char *bytes, size_t length)
{
	struct buffer *held = &connection->held;
	size_t done;

	if (held->length == 0) {
		done = connection->ops->on_input(connection, bytes, length);
		require(done <= length);
		if (connection_is_open(connection)) {
			buffer_append(held, bytes + done, length - done);
		}
	} else {
		buffer_append(held, bytes, length);
		done = connection->ops->on_input(connection, held->bytes, held->length);
		buffer_consume(held, done);
	}
	if (held->length == 0 || !connection_is_open(connection)) {
		buffer_finish(held);
	}
}

/*
 * A choked client's end is not read before all its input is taken; where the owner has
 * put input off, the end waits for it; and one that moves is met where it moves to.
 */
static void end_of_input(struct connection *connection)
{
	if (!connection->wants_resume && !connection->is_paused &&
	    connection->on_detached == NULL) {
		connection_close(connection, CLOSE_CLIENT_CLOSED);
	}
}

static void on_eof(struct connection *connection)
{
	connection->has_eof = true;
	connection->is_reading = false;
	if (connection->state == CONNECTION_LINGERING) {
		end(connection);
	} else {
		end_of_input(connection);
	}
}

static void update_reading(struct connection *connection);

/*
 * libuv reads on while a client fills the buffer: the others get their turn before it
 * goes on with this one.
 */
static void yield_after(struct connection *connection, size_t length)
{
	if (length == NET_READ_BYTES && connection->is_reading) {
		connection->is_reading = false;
		(void)uv_read_stop(stream_of(connection));
		mark_pending(connection);
	}
}

/* Whether nothing is given to on_input() for now. */
static bool holds_all(const struct connection *connection)
{
	return connection->on_detached != NULL || connection->is_paused;
}

/* Plain input, be it as it was sent or out of TLS. */
static void take(struct connection *connection, const char *bytes, size_t length)
{
	if (!connection_is_open(connection)) {
		return;
	}
	if (holds_all(connection)) {
		buffer_append(&connection->held, bytes, length);
	} else {
		take_input(connection, bytes, length);
	}
}

/*
 * What TLS has to say itself is sent too: a handshake's part, an alert, the answer to a change of
 * keys.
 */
static void take_sealed(struct connection *connection, const char *bytes, size_t length)
{
	struct tls_session *session = connection->tls;
	struct buffer *plain = &connection->net->plain;
	bool was_established = tls_session_is_established(session);
	enum tls_session_progress progress;

	if (!connection_is_open(connection)) {
		return;
	}
	buffer_clear(plain);
	progress = tls_session_open(session, bytes, length, plain);
	if (plain->length > 0 || tls_session_is_established(session) != was_established) {
		take(connection, plain->bytes, plain->length);
	}
	if (progress == TLS_SESSION_ENDED) {
		connection->has_eof = true;
		end_of_input(connection);
	} else if (progress == TLS_SESSION_FAILED) {
		connection_close(connection, CLOSE_TLS_FAILED);
	}
	if (tls_session_waiting(session) > 0) {
		flush_queue_add(&connection->net->queue, connection);
	}
}

void connection_secure(struct connection *connection, struct tls_session *session,
                       const char *bytes, size_t length)
{
	require(connection->tls == NULL && connection->outbox.bytes == 0);
	connection->tls = session;
	if (length > 0) {
		take_sealed(connection, bytes, length);
	}
}

bool connection_is_secure(const struct connection *connection)
{
	return connection->tls != NULL;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	if (length == UV_EOF) {
		on_eof(connection);
	} else if (length < 0) {
		connection_abort(connection, CLOSE_CLIENT_RESET);
	} else if (length > 0) {
		metric_add(&connection->net->metrics->bytes_received, (uint64_t)length);
		if (connection->tls == NULL) {
			take(connection, buffer->base, (size_t)length);
		} else {
			take_sealed(connection, buffer->base, (size_t)length);
		}
		update_reading(connection);
		yield_after(connection, (size_t)length);
	}
}

/* Input that is only thrown away is read all the same: the client's end must be seen. */
static bool should_read(struct connection *connection)
{
	if (connection->has_eof || connection->state == CONNECTION_CLOSED) {
		return false;
	}
	if (connection->state != CONNECTION_OPEN) {
		return true;
	}
	if (connection_is_choked(connection)) {
		connection->was_choked = true;
	}
	return !connection->was_choked && connection->held.length < NET_HELD_MAX;
}

static void update_reading(struct connection *connection)
{
	bool wanted = should_read(connection);

	if (wanted == connection->is_reading) {
		return;
	}
	connection->is_reading = wanted;
	if (!wanted) {
		(void)uv_read_stop(stream_of(connection));
	} else if (uv_read_start(stream_of(connection), on_alloc, on_read) != 0) {
		connection_abort(connection, CLOSE_CLIENT_RESET);
	}
}

void connection_pause(struct connection *connection)
{
	connection->is_paused = true;
}

static void go_on_with_input(struct connection *connection)
{
	connection->wants_resume = true;
	mark_pending(connection);
}

void connection_resume(struct connection *connection)
{
	connection->is_paused = false;
	go_on_with_input(connection);
}

/* A reply that comes on top of this must still fit into a small outbox. */
static size_t choke_bytes(const struct connection *connection)
{
	size_t half = connection->net->limits.outbox_max / 2;

	return half < NET_CHOKE ? half : NET_CHOKE;
}

bool connection_is_choked(const struct connection *connection)
{
	return connection_queued(connection) > choke_bytes(connection);
}

static void resume(struct connection *connection)
{
	connection->wants_resume = false;
	connection->resumed_turn = connection->net->turn;
	if (!connection->is_paused) {
		take_input(connection, "", 0);
	}
	update_reading(connection);
	if (connection->has_eof) {
		end_of_input(connection);
	}
}

/* --- output ------------------------------------------------------------- */

/* The client may take a part of what is in flight without any write being finished. */
static void note_progress(struct connection *connection)
{
	size_t left = uv_stream_get_write_queue_size(stream_of(connection));

	if (left < connection->bytes_left) {
		connection->bytes_left = left;
		connection->progress_ms = connection->net->clock.now_ms;
	}
}

static void on_stalled(struct deadline *deadline)
{
	struct connection *connection = container_of(deadline, struct connection, stall);
	const struct net_limits *limits = &connection->net->limits;
	uint64_t now_ms = connection->net->clock.now_ms;

	note_progress(connection);
	if (connection->state > CONNECTION_CLOSING) {
		end(connection);
	} else if (connection->over_soft_ms != 0 &&
	           now_ms - connection->over_soft_ms >= (uint64_t)limits->outbox_soft_s * 1000) {
		connection_close(connection, CLOSE_SENDQ_EXCEEDED);
	} else if (now_ms - connection->progress_ms >= (uint64_t)limits->write_timeout_s * 1000) {
		connection_close(connection, CLOSE_WRITE_TIMEOUT);
	} else {
		deadline_arm(&connection->net->deadlines, deadline, STALL_CHECK_MS);
	}
}

static void note_sent(struct connection *connection, size_t length)
{
	struct net *net = connection->net;

	if (connection->tls == NULL) {
		outbox_advance(&net->pool, &connection->outbox, length);
	} else {
		tls_session_sent(connection->tls, length);
	}
	metric_add(&net->metrics->bytes_sent, length);
	metric_add(&net->metrics->sent_bytes[connection->kind], length);
	connection->sent_bytes += length;
	connection->progress_ms = net->clock.now_ms;
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *connection = write->data;
	size_t length = connection->bytes_in_flight;

	free(write);
	connection->write = NULL;
	connection->wires_in_flight = 0;
	connection->bytes_in_flight = 0;
	if (status == 0) {
		note_sent(connection, length);
		connection_flush(connection);
	} else if (status != UV_ECANCELED) {
		connection_abort(connection, CLOSE_CLIENT_RESET);
	}
}

/* Lends what is to be sent next, as the socket is to see it. */
static size_t peek(const struct connection *connection, struct iovec *pieces, size_t count)
{
	return connection->tls == NULL ? outbox_peek(&connection->outbox, pieces, count)
	                               : tls_session_peek(connection->tls, pieces);
}

/* The socket is full: let libuv send the first wires when there is room again. */
static void start_write(struct connection *connection)
{
	struct iovec pieces[IN_FLIGHT_WIRES];
	size_t count = peek(connection, pieces, IN_FLIGHT_WIRES);

	connection->wires_in_flight = connection->tls == NULL ? (uint16_t)count : 0;
	connection->bytes_in_flight = 0;
	for (size_t i = 0; i < count; i++) {
		connection->bytes_in_flight += pieces[i].iov_len;
	}
	connection->bytes_left = connection->bytes_in_flight;
	connection->write = mem_new(uv_write_t);
	connection->write->data = connection;
	/* On Unix a uv_buf_t is a struct iovec (libuv, "uv_buf_t"). */
	if (uv_write(connection->write, stream_of(connection), (uv_buf_t *)(void *)pieces,
	             (unsigned)count, on_written) != 0) {
		free(connection->write);
		connection->write = NULL;
		connection_abort(connection, CLOSE_CLIENT_RESET);
		return;
	}
	if (!deadline_is_armed(&connection->stall)) {
		connection->progress_ms = connection->net->clock.now_ms;
		deadline_arm(&connection->net->deadlines, &connection->stall, STALL_CHECK_MS);
	}
}

/* Give the socket what it takes.  Not by libuv, which has nothing under way and would do the same.
 */
static ssize_t write_now(struct connection *connection)
{
	struct iovec pieces[FLUSH_PIECES];
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 1};

	metric_add(&connection->net->metrics->writes, 1);
	if (connection->tls != NULL ||
	    !slices_find(&connection->net->slices, &connection->outbox, pieces)) {
		message.msg_iovlen = peek(connection, pieces, FLUSH_PIECES);
	}
	if (message.msg_iovlen == 1) {
		return send(connection->descriptor, pieces[0].iov_base, pieces[0].iov_len,
		            MSG_NOSIGNAL);
	}
	return sendmsg(connection->descriptor, &message, MSG_NOSIGNAL);
}

/* Whether the socket is full for now; ENOBUFS is how a kernel without memory says so. */
static bool is_full(int error)
{
	return error == EAGAIN || error == ENOBUFS;
}

/* Whether there is anything to send; over TLS it is a record then. */
static bool has_next(struct connection *connection)
{
	return connection->tls == NULL
	           ? connection->outbox.bytes > 0
	           : sealing_next(connection->net, connection->tls, &connection->outbox);
}

static void write_some(struct connection *connection)
{
	while (connection->write == NULL && has_next(connection)) {
		ssize_t sent = write_now(connection);

		if (sent >= 0) {
			note_sent(connection, (size_t)sent);
		} else if (is_full(errno)) {
			start_write(connection);
		} else {
			connection_abort(connection, CLOSE_CLIENT_RESET);
		}
		if (connection->state == CONNECTION_CLOSED) {
			return;
		}
	}
}

/* All is sent: over TLS that is said before our side is closed. */
static void write_end(struct connection *connection)
{
	if (connection->tls != NULL && connection->state == CONNECTION_DRAINING &&
	    connection_queued(connection) == 0) {
		tls_session_end(connection->tls);
		write_some(connection);
	}
}

/* All is sent: close our side, so that the client reads the end and not a reset. */
static void half_close(struct connection *connection)
{
	if (connection->has_eof) {
		end(connection);
		return;
	}
	(void)shutdown(connection->descriptor, SHUT_WR);
	connection->state = CONNECTION_LINGERING;
	deadline_arm(&connection->net->deadlines, &connection->stall, LINGER_MS);
}

static void note_soft_limit(struct connection *connection)
{
	if (connection_queued(connection) <= connection->net->limits.outbox_soft) {
		connection->over_soft_ms = 0;
	} else if (connection->over_soft_ms == 0) {
		connection->over_soft_ms = connection->net->clock.now_ms;
	}
}

void connection_flush(struct connection *connection)
{
	if (connection->state == CONNECTION_CLOSED) {
		return;
	}
	/* Its owner may have left input for that, and it may be over before anyone looks. */
	connection->was_choked = connection->was_choked || connection_is_choked(connection);
	write_some(connection);
	write_end(connection);
	if (connection->state == CONNECTION_CLOSED) {
		return;
	}
	note_soft_limit(connection);
	if (connection_queued(connection) == 0) {
		if (connection->state == CONNECTION_DRAINING) {
			half_close(connection);
			return;
		}
		if (connection_is_open(connection)) {
			deadline_disarm(&connection->net->deadlines, &connection->stall);
		}
		if (connection->on_detached != NULL) {
			mark_pending(connection);
		}
	}
	if (connection->was_choked &&
	    connection_queued(connection) <= choke_bytes(connection) / 2) {
		connection->was_choked = false;
		go_on_with_input(connection);
	}
}

/* Put a wire into the outbox; false when it is not to be sent. */
static bool enqueue(struct connection *connection, struct wire *wire)
{
	if (connection->state != CONNECTION_OPEN && !connection->may_speak) {
		return false;
	}
	if (connection_queued(connection) + wire->length > connection->net->limits.outbox_max &&
	    !connection->may_speak) {
		/* A burst within one turn is not slowness: see first what the socket takes. */
		connection_flush(connection);
		if (connection_queued(connection) + wire->length >
		    connection->net->limits.outbox_max) {
			connection_close(connection, CLOSE_SENDQ_EXCEEDED);
			return false;
		}
	}
	outbox_push(&connection->net->pool, &connection->outbox, wire);
	return true;
}

void connection_send(struct connection *connection, struct wire *wire)
{
	if (enqueue(connection, wire)) {
		flush_queue_add(&connection->net->queue, connection);
	}
}

void connection_send_change(struct connection *connection, struct wire *wire)
{
	if (enqueue(connection, wire)) {
		flush_queue_add_change(&connection->net->queue, connection);
	}
}

void connection_send_bytes(struct connection *connection, const char *bytes, size_t length)
{
	if (length > 0) {
		struct wire *wire = wire_copy(bytes, length);

		connection_send(connection, wire);
		wire_unref(wire);
	}
}

size_t connection_queued(const struct connection *connection)
{
	size_t sealed = connection->tls == NULL ? 0 : tls_session_waiting(connection->tls);

	return connection->outbox.bytes + sealed;
}

/* --- the end of a turn -------------------------------------------------- */

static void begin_closing(struct connection *connection)
{
	buffer_finish(&connection->held);
	if (connection->reason == CLOSE_SENDQ_EXCEEDED ||
	    connection->reason == CLOSE_WRITE_TIMEOUT) {
		connection->dropped_bytes = connection->outbox.bytes;
		outbox_trim(&connection->net->pool, &connection->outbox,
		            connection->wires_in_flight);
		connection->dropped_bytes -= connection->outbox.bytes;
	}
	connection->may_speak = true;
	tell_closing(connection);
	connection->may_speak = false;
	if (connection->state == CONNECTION_CLOSED) {
		return; /* on_closing() has aborted it */
	}
	connection->state = CONNECTION_DRAINING;
	deadline_arm(&connection->net->deadlines, &connection->stall, DRAIN_MS);
	update_reading(connection);
	flush_queue_add(&connection->net->queue, connection);
}

void connection_detach(struct connection *connection, on_detached_fn *on_detached)
{
	connection->on_detached = on_detached;
	mark_pending(connection);
}

static void try_detach(struct connection *connection)
{
	struct migrant migrant = {0};

	connection_flush(connection);
	if (connection_queued(connection) > 0 || !connection_is_open(connection)) {
		return; /* connection_flush() marks it again when all is sent */
	}
	migrant.descriptor = fcntl(connection->descriptor, F_DUPFD_CLOEXEC, 0);
	if (migrant.descriptor < 0) {
		connection_abort(connection, CLOSE_LIMIT);
		return;
	}
	migrant.peer = connection->peer;
	migrant.unread = connection->held;
	connection->held = (struct buffer){0};
	migrant.place = connection->place;
	migrant.id = connection->id;
	connection->place = NULL;
	migrant.tls = connection->tls;
	connection->tls = NULL;
	connection->on_detached(connection, &migrant);
	connection->was_told = true;
	connection_abort(connection, CLOSE_MOVED);
}

/* Whether it is to go on with held input, and nothing else. */
static bool is_to_resume(const struct connection *connection)
{
	return connection_is_open(connection) && connection->on_detached == NULL &&
	       connection->wants_resume;
}

bool connection_had_its_turn(const struct connection *connection)
{
	return is_to_resume(connection) && connection->resumed_turn == connection->net->turn;
}

void connection_turn(struct connection *connection)
{
	if (connection->state == CONNECTION_CLOSING) {
		begin_closing(connection);
	} else if (is_to_resume(connection)) {
		resume(connection);
	} else if (connection_is_open(connection) && connection->on_detached != NULL) {
		try_detach(connection);
	}
	update_reading(connection);
}

/* --- the beginning ------------------------------------------------------ */

static struct connection *create(struct net *net)
{
	struct connection *connection = mem_new(struct connection);

	connection->net = net;
	connection->id = net->next_id;
	net->next_id += net->id_step;
	connection->stall.on_due = on_stalled;
	require(uv_tcp_init(net->loop, &connection->handle) == 0);
	connection->handle.data = connection;
	DL_APPEND(net->all, connection);
	metric_add(&net->metrics->connections_open, 1);
	return connection;
}

/* Begin with a descriptor, which is taken over; NULL when it is unusable. */
static struct connection *begin(struct connection *connection, int descriptor)
{
	if (uv_tcp_open(&connection->handle, descriptor) != 0) {
		(void)close(descriptor);
		end(connection);
		return NULL;
	}
	connection->descriptor = descriptor;
	(void)uv_tcp_nodelay(&connection->handle, 1); /* writes are gathered by the turn already */
	update_reading(connection);
	return connection->state == CONNECTION_OPEN ? connection : NULL;
}

struct connection *connection_accept(struct net *net, const struct accepted *accepted)
{
	struct connection *connection = create(net);

	metric_add(&net->metrics->connections_accepted, 1);
	connection->peer = accepted->peer;
	connection->place = accepted->place;
	return begin(connection, accepted->descriptor);
}

struct connection *connection_adopt(struct net *net, struct migrant *migrant)
{
	struct connection *connection = create(net);
	int descriptor = migrant->descriptor;

	connection->held = migrant->unread;
	connection->place = migrant->place;
	connection->peer = migrant->peer;
	connection->id = migrant->id != 0 ? migrant->id : connection->id;
	migrant->unread = (struct buffer){0};
	connection->tls = migrant->tls;
	/* What was said in TLS is not read from the socket again. */
	connection->has_eof = connection->tls != NULL && tls_session_is_at_end(connection->tls);
	migrant->place = NULL;
	migrant->tls = NULL;
	migrant->descriptor = -1;
	return begin(connection, descriptor);
}
