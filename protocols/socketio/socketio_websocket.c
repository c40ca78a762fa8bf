/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_websocket.h"

#include <stdbool.h>
#include <stdlib.h>

#include "protocols/http/http_exchange.h"
#include "protocols/http/websocket.h"
#include "protocols/socketio/socketio_answer.h"
#include "protocols/socketio/socketio_heartbeat.h"
#include "protocols/socketio/socketio_session.h"
#include "protocols/socketio/socketio_wire.h"
#include "server/base/memory.h"

/* Between a session and its websocket, whichever goes first; freed when both have let go. */
struct link {
	struct socketio_session *session; /* NULL: it has let go */
	struct websocket *websocket;      /* NULL: it has gone */
	struct socketio_heartbeat heartbeat;
	struct socketio_waiter waiter;
	bool has_turn; /* the packet that was put off may be taken */
};

static struct socketio_turns *turns_of(const struct link *link)
{
	return &link->session->sessions->turns;
}

static void on_turn(struct socketio_waiter *waiter)
{
	struct link *link = container_of(waiter, struct link, waiter);

	link->has_turn = true;
	websocket_resume(link->websocket);
}

/* Whether a packet may be taken now; one that may not has got in line. */
static bool may_take(struct link *link, size_t length)
{
	if (length == 0 || link->has_turn) {
		link->has_turn = false;
		return true;
	}
	if (socketio_turns_is_waiting(&link->waiter)) {
		return false;
	}
	if (socketio_turns_take(turns_of(link), length)) {
		return true;
	}
	socketio_turns_wait(turns_of(link), &link->waiter, length);
	return false;
}

static void on_text(struct websocket *websocket, void *owner, const char *bytes, size_t length)
{
	struct link *link = owner;

	if (link->session == NULL) {
		return;
	}
	if (may_take(link, length)) {
		socketio_session_take(link->session,
		                      (struct text){.bytes = bytes, .length = length});
	} else {
		websocket_put_off(websocket, 0);
	}
}

/* FIN, reset or close frame: the client has gone, and its session with it. */
static void on_gone(struct websocket *websocket, void *owner, enum close_reason reason)
{
	struct link *link = owner;

	link->websocket = NULL;
	if (link->session != NULL) {
		socketio_session_count_connection(link->session, websocket_connection(websocket));
		socketio_session_end(link->session, reason);
	} else {
		free(link);
	}
}

static const struct websocket_ops websocket_ops = {.on_text = on_text, .on_gone = on_gone};

static void on_request(struct socketio_session *session, struct http_exchange *exchange)
{
	struct link *link;

	if (!http_exchange_request(exchange)->is_upgrade) {
		socketio_answer_text(exchange, 400, "an upgrade to WebSocket was expected");
		return;
	}
	link = mem_new(struct link);
	link->websocket = websocket_accept(exchange, &websocket_ops, link);
	if (link->websocket == NULL) {
		free(link);
		return;
	}
	link->session = session;
	link->waiter.on_turn = on_turn;
	socketio_heartbeat_begin(&link->heartbeat, session);
	socketio_session_open(session, &socketio_websocket_transport, link,
	                      session->sessions->env->conf->socketio.heartbeat_timeout);
}

static void send_packet(struct socketio_session *session, struct text packet)
{
	const struct link *link = session->link;

	websocket_send_text(link->websocket, packet.bytes, packet.length);
}

static void deliver_change(struct socketio_session *session, struct delivery *delivery)
{
	const struct link *link = session->link;

	websocket_send_frame(link->websocket,
	                     socketio_wire(session, delivery, SOCKETIO_FORM_FRAME));
}

static struct connection *connection_of(const struct socketio_session *session)
{
	const struct link *link = session->link;

	return link->websocket != NULL ? websocket_connection(link->websocket) : NULL;
}

static size_t count_waiting(const struct socketio_session *session)
{
	return connection_queued(connection_of(session));
}

static void close_link(struct socketio_session *session, enum close_reason reason)
{
	struct link *link = session->link;

	socketio_turns_leave(turns_of(link), &link->waiter);
	link->session = NULL;
	socketio_heartbeat_end(&link->heartbeat);
	if (link->websocket == NULL) {
		free(link);
		return;
	}
	if (reason == CLOSE_CLIENT_QUIT) {
		websocket_send_text(link->websocket, "0::", 3);
	}
	websocket_close(link->websocket, reason);
}

const struct socketio_transport socketio_websocket_transport = {
    .name = "websocket",
    .kind = CLIENT_SOCKETIO_WEBSOCKET,
    .on_request = on_request,
    .send = send_packet,
    .deliver = deliver_change,
    .waiting = count_waiting,
    .connection = connection_of,
    .close = close_link,
};
