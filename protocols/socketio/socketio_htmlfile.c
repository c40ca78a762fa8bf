/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_htmlfile.h"

#include <stdlib.h>

#include "protocols/http/http_exchange.h"
#include "protocols/http/http_stream.h"
#include "protocols/socketio/socketio_answer.h"
#include "protocols/socketio/socketio_encode.h"
#include "protocols/socketio/socketio_heartbeat.h"
#include "protocols/socketio/socketio_polling.h"
#include "protocols/socketio/socketio_session.h"
#include "protocols/socketio/socketio_wire.h"
#include "server/base/memory.h"

/* Internet Explorer runs no script of a page before it has so much of it, of which blanks count. */
#define PAGE                                                                                  \
	"<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>" \
	"%173s"

/* Between a session and its stream, whichever goes first; freed when both have let go. */
struct link {
	struct socketio_session *session; /* NULL: it has let go */
	struct http_stream *stream;       /* NULL: it has gone */
	struct socketio_heartbeat heartbeat;
};

/* The client has gone, or does not read, and its session with it: it never asks for a page anew. */
static void on_gone(struct http_stream *stream, void *owner, enum close_reason reason)
{
	struct link *link = owner;

	link->stream = NULL;
	if (link->session != NULL) {
		socketio_session_count_connection(link->session, http_stream_connection(stream));
		socketio_session_end(link->session, reason);
	} else {
		free(link);
	}
}

static struct http_stream *begin_page(struct http_exchange *exchange, struct link *link)
{
	struct buffer page = {0};
	struct http_stream *stream;

	buffer_printf(&page, PAGE, "");
	stream = socketio_answer_stream(exchange, SOCKETIO_PAGE,
	                                (struct text){.bytes = page.bytes, .length = page.length},
	                                link, on_gone);
	buffer_finish(&page);
	return stream;
}

static void on_page(struct socketio_session *session, struct http_exchange *exchange)
{
	struct link *link = mem_new(struct link);

	link->stream = begin_page(exchange, link);
	if (link->stream == NULL) {
		free(link);
		return;
	}
	link->session = session;
	socketio_heartbeat_begin(&link->heartbeat, session);
	socketio_session_open(session, &socketio_htmlfile_transport, link,
	                      session->sessions->env->conf->socketio.heartbeat_timeout);
}

static void on_request(struct socketio_session *session, struct http_exchange *exchange)
{
	if (http_exchange_request(exchange)->method != HTTP_METHOD_POST) {
		on_page(session, exchange);
	} else if (session->transport != NULL) {
		socketio_polling_xhr.on_request(session, exchange);
	} else {
		socketio_answer_text(exchange, 400, "the page was not opened");
	}
}

static void send_packet(struct socketio_session *session, struct text packet)
{
	const struct link *link = session->link;
	struct buffer script = {0};

	socketio_encode_script_element(packet, &script);
	http_stream_send(link->stream,
	                 (struct text){.bytes = script.bytes, .length = script.length});
	buffer_finish(&script);
}

static void deliver_change(struct socketio_session *session, struct delivery *delivery)
{
	const struct link *link = session->link;

	http_stream_send_chunk(link->stream,
	                       socketio_wire(session, delivery, SOCKETIO_FORM_SCRIPT));
}

static struct connection *connection_of(const struct socketio_session *session)
{
	const struct link *link = session->link;

	return link->stream != NULL ? http_stream_connection(link->stream) : NULL;
}

static size_t count_waiting(const struct socketio_session *session)
{
	const struct link *link = session->link;

	return http_stream_queued(link->stream);
}

static void close_link(struct socketio_session *session, enum close_reason reason)
{
	struct link *link = session->link;

	socketio_heartbeat_end(&link->heartbeat);
	if (link->stream == NULL) {
		free(link);
		return;
	}
	if (reason == CLOSE_CLIENT_QUIT) {
		send_packet(session, (struct text){.bytes = "0::", .length = 3});
	}
	link->session = NULL;
	http_stream_close(link->stream, reason);
}

const struct socketio_transport socketio_htmlfile_transport = {
    .name = "htmlfile",
    .kind = CLIENT_SOCKETIO_HTMLFILE,
    .on_request = on_request,
    .send = send_packet,
    .deliver = deliver_change,
    .waiting = count_waiting,
    .connection = connection_of,
    .close = close_link,
};
