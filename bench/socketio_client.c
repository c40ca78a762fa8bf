/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/socketio_client.h"

#include <string.h>

#include "bench/http_head.h"

void socketio_client_handshake(struct protocol_session *session)
{
	buffer_printf(&session->replies, "GET /socket.io/1/ HTTP/1.1\r\nHost: %s\r\n\r\n",
	              session->subject->host);
}

/* What stands before the first colon of "SID:60:60:TRANSPORTS". */
static void keep_sid(struct protocol_session *session, const char *body, size_t length)
{
	const char *colon = memchr(body, ':', length);
	size_t sid = colon != NULL ? (size_t)(colon - body) : 0;

	if (sid == 0 || sid > PROTOCOL_SID_MAX) {
		session->failure = "the answer to its handshake has no session";
		return;
	}
	memcpy(session->sid, body, sid);
	session->sid[sid] = '\0';
}

size_t socketio_client_take_handshake(struct protocol_session *session, const char *bytes,
                                      size_t length)
{
	struct http_head head;
	size_t head_length = 0;
	enum http_head_result result = http_head_read(bytes, length, &head, &head_length);

	if (result == HTTP_HEAD_PARTIAL) {
		return 0;
	}
	if (result == HTTP_HEAD_BAD || head.status != 200 || head.is_chunked) {
		session->failure = "the server refused its handshake";
		return length;
	}
	if (length - head_length < head.content_length) {
		return 0;
	}
	session->wants_connection = head.is_last;
	keep_sid(session, bytes + head_length, head.content_length);
	return head_length + head.content_length;
}

void socketio_client_take(struct protocol_session *session, const char *packet, size_t length,
                          size_t wire)
{
	uint32_t serial;

	if (protocol_starts_with(packet, length, "5::/rc:")) {
		if (protocol_serial(session->subject, packet, length, &serial)) {
			session->on_change(session, serial, wire);
		}
	} else if (length == 3 && protocol_starts_with(packet, length, "1::")) {
		session->pending |= SOCKETIO_CLIENT_CONNECT | SOCKETIO_CLIENT_SUBSCRIBE;
	} else if (protocol_starts_with(packet, length, "6::/rc:1+")) {
		session->is_ready = true;
	} else if (protocol_starts_with(packet, length, "2::")) {
		session->pending |= SOCKETIO_CLIENT_HEARTBEAT;
	} else if (protocol_starts_with(packet, length, "7:") ||
	           protocol_starts_with(packet, length, "0::")) {
		session->failure = "the server ended its session";
	}
}

void socketio_client_packet(const struct protocol_session *session, unsigned packet,
                            struct buffer *out)
{
	switch (packet) {
	case SOCKETIO_CLIENT_CONNECT:
		buffer_append_text(out, "1::/rc");
		break;
	case SOCKETIO_CLIENT_SUBSCRIBE:
		buffer_printf(out, "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"%s\"]}",
		              session->subject->wiki);
		break;
	default:
		buffer_append_text(out, "2::");
		break;
	}
}
