/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket.IO 0.9 over WebSocket: the handshake, the upgrade on the same connection, the
 * namespace /rc, a subscription with an acknowledgement asked for, then an event in a text
 * frame for each change.
 */
#include <string.h>

#include "bench/http_head.h"
#include "bench/protocol.h"
#include "bench/socketio_client.h"

enum step {
	STEP_HANDSHAKE,
	STEP_UPGRADE,
	STEP_FRAMES,
};

/* The first byte of a frame: the end of its message, and what it is (RFC 6455, 5.2). */
enum opening {
	TEXT = 0x81,
	CLOSE = 0x88,
	PING = 0x89,
	PONG = 0x8a,
};

#define SHORT_MAX 125 /* the longest payload whose length fits the second byte */

static void open_session(struct protocol_session *session)
{
	session->step = STEP_HANDSHAKE;
	socketio_client_handshake(session);
}

/* Masked with zeros, which a server cannot tell from a key drawn by lot. */
static void say(struct protocol_session *session, enum opening opening, const char *payload,
                size_t length)
{
	struct buffer *out = &session->replies;

	buffer_append_byte(out, (char)opening);
	if (length <= SHORT_MAX) {
		buffer_append_byte(out, (char)(0x80 | length));
	} else {
		buffer_append_byte(out, (char)(0x80 | 126));
		buffer_append_byte(out, (char)(length >> 8));
		buffer_append_byte(out, (char)length);
	}
	buffer_append(out, "\0\0\0\0", 4);
	buffer_append(out, payload, length);
}

static void say_packet(struct protocol_session *session, unsigned packet)
{
	struct buffer text = {0};

	if ((session->pending & packet) != 0) {
		socketio_client_packet(session, packet, &text);
		say(session, TEXT, text.bytes, text.length);
		buffer_finish(&text);
	}
}

static void take_text(struct protocol_session *session, const char *packet, size_t length,
                      size_t frame)
{
	socketio_client_take(session, packet, length, frame);
	if (session->pending != 0) {
		say_packet(session, SOCKETIO_CLIENT_CONNECT);
		say_packet(session, SOCKETIO_CLIENT_SUBSCRIBE);
		say_packet(session, SOCKETIO_CLIENT_HEARTBEAT);
		session->pending = 0;
	}
}

/* How long a frame's header is, by its second byte; a server's frames are not masked. */
static size_t header_of(const unsigned char *head)
{
	return head[1] < 126 ? 2 : head[1] == 126 ? 4 : 10;
}

static size_t payload_of(const unsigned char *head, size_t header)
{
	size_t length = head[1];

	if (header > 2) {
		length = 0;
		for (size_t i = 2; i < header; i++) {
			length = length << 8 | head[i];
		}
	}
	return length;
}

static void take_whole_frame(struct protocol_session *session, unsigned char opening,
                             const char *payload, size_t length, size_t header)
{
	switch (opening) {
	case TEXT:
		take_text(session, payload, length, header + length);
		break;
	case PING:
		say(session, PONG, payload, length);
		break;
	case CLOSE:
		session->failure = "the server closed the WebSocket";
		break;
	default:
		break;
	}
}

/* RFC 6455, 5.2.  0: not whole yet. */
static size_t take_frame(struct protocol_session *session, const char *bytes, size_t length)
{
	const unsigned char *head = (const unsigned char *)bytes;
	size_t header, payload;

	if (length < 2 || length < header_of(head)) {
		return 0;
	}
	header = header_of(head);
	payload = payload_of(head, header);
	if ((head[1] & 0x80) != 0 || payload > UINT32_MAX) {
		session->failure = "the server sent a frame that is masked, or endless";
		return length;
	}
	if (length - header < payload) {
		return 0;
	}
	take_whole_frame(session, head[0], bytes + header, payload, header);
	return header + payload;
}

static void upgrade(struct protocol_session *session)
{
	session->step = STEP_UPGRADE;
	buffer_printf(&session->replies,
	              "GET /socket.io/1/websocket/%s HTTP/1.1\r\nHost: %s\r\n"
	              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	              "Sec-WebSocket-Version: 13\r\n"
	              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	              session->sid, session->subject->host);
}

static size_t take_upgrade(struct protocol_session *session, const char *bytes, size_t length)
{
	struct http_head head;
	size_t head_length = 0;
	enum http_head_result result = http_head_read(bytes, length, &head, &head_length);

	if (result == HTTP_HEAD_PARTIAL) {
		return 0;
	}
	if (result == HTTP_HEAD_BAD || head.status != 101) {
		session->failure = "the server refused the WebSocket";
		return length;
	}
	session->step = STEP_FRAMES;
	return head_length;
}

static size_t take_step(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken;

	switch (session->step) {
	case STEP_HANDSHAKE:
		taken = socketio_client_take_handshake(session, bytes, length);
		if (taken > 0 && session->failure == NULL) {
			upgrade(session);
		}
		return taken;
	case STEP_UPGRADE:
		return take_upgrade(session, bytes, length);
	default:
		return take_frame(session, bytes, length);
	}
}

static size_t take(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken = 0, step;

	do {
		step = take_step(session, bytes + taken, length - taken);
		taken += step;
	} while (step > 0 && taken < length && session->failure == NULL);
	return taken;
}

const struct protocol protocol_websocket = {
    .name = "websocket",
    .port = 8080,
    .open = open_session,
    .take = take,
};
