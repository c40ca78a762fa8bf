/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket.IO 0.9 over xhr-polling: the handshake, then one request after the other on a
 * connection that is kept: a GET that waits for packets, or a POST when there is something
 * to say.
 *
 *   GET ──> packets ──> nothing to say: GET
 *                  └──> something: POST ──> "1" ──> GET
 */
#include <string.h>

#include "bench/http_head.h"
#include "bench/protocol.h"
#include "bench/socketio_client.h"

enum step {
	STEP_HANDSHAKE,
	STEP_POLL_HEAD,
	STEP_POLL_BODY,
	STEP_POST_HEAD,
	STEP_POST_BODY,
};

#define SEPARATOR        "\xef\xbf\xbd" /* U+FFFD */
#define SEPARATOR_LENGTH 3
#define LENGTH_DIGITS    9

static void open_session(struct protocol_session *session)
{
	session->step = STEP_HANDSHAKE;
	socketio_client_handshake(session);
}

static void poll_again(struct protocol_session *session)
{
	session->step = STEP_POLL_HEAD;
	buffer_printf(&session->replies,
	              "GET /socket.io/1/xhr-polling/%s?t=0 HTTP/1.1\r\nHost: %s\r\n\r\n",
	              session->sid, session->subject->host);
}

/* A packet's length counts UTF-16 units; what a client says here is ASCII. */
static void add_packet(struct protocol_session *session, unsigned packet, struct buffer *body)
{
	struct buffer text = {0};

	if ((session->pending & packet) == 0) {
		return;
	}
	socketio_client_packet(session, packet, &text);
	if (session->pending != packet) { /* not the only one */
		buffer_printf(body, SEPARATOR "%zu" SEPARATOR, text.length);
	}
	buffer_append(body, text.bytes, text.length);
	buffer_finish(&text);
}

static void post_pending(struct protocol_session *session)
{
	struct buffer body = {0};

	add_packet(session, SOCKETIO_CLIENT_CONNECT, &body);
	add_packet(session, SOCKETIO_CLIENT_SUBSCRIBE, &body);
	add_packet(session, SOCKETIO_CLIENT_HEARTBEAT, &body);
	session->pending = 0;
	session->step = STEP_POST_HEAD;
	buffer_printf(&session->replies,
	              "POST /socket.io/1/xhr-polling/%s HTTP/1.1\r\nHost: %s\r\n"
	              "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
	              session->sid, session->subject->host, body.length);
	buffer_append(&session->replies, body.bytes, body.length);
	buffer_finish(&body);
}

/* The answer is whole: the connection is free for the next request. */
static void go_on(struct protocol_session *session)
{
	if (session->pending != 0) {
		post_pending(session);
	} else {
		poll_again(session);
	}
}

/* The length of the first `units` UTF-16 units, or SIZE_MAX when they are not all there. */
static size_t bytes_of_units(const char *text, size_t length, size_t units)
{
	size_t position = 0;

	while (units > 0 && position < length) {
		unsigned char first = (unsigned char)text[position];
		size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		size_t taken = size == 4 ? 2 : 1;

		position += size;
		units -= taken < units ? taken : units;
	}
	return units > 0 || position > length ? SIZE_MAX : position;
}

/* The number between two separators, behind the first; 0 when the second is not there yet. */
static size_t take_length(struct protocol_session *session, const char *bytes, size_t length,
                          size_t *units)
{
	size_t digits = 0;

	*units = 0;
	while (digits < length && digits <= LENGTH_DIGITS && bytes[digits] >= '0' &&
	       bytes[digits] <= '9') {
		*units = *units * 10 + (size_t)(bytes[digits] - '0');
		digits++;
	}
	if (digits <= LENGTH_DIGITS && length - digits < SEPARATOR_LENGTH) {
		return 0;
	}
	if (digits == 0 || digits > LENGTH_DIGITS ||
	    memcmp(bytes + digits, SEPARATOR, SEPARATOR_LENGTH) != 0) {
		session->failure = "the server's payload has a packet without a length";
		return length;
	}
	return digits + SEPARATOR_LENGTH;
}

/* SEPARATOR, length, SEPARATOR, packet.  0: not whole yet. */
static size_t take_framed(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t units, packet;
	size_t taken =
	    take_length(session, bytes + SEPARATOR_LENGTH, length - SEPARATOR_LENGTH, &units);
	size_t frame = SEPARATOR_LENGTH + taken;

	if (taken == 0 || session->failure != NULL) {
		return taken == 0 ? 0 : length;
	}
	packet = bytes_of_units(bytes + frame, length - frame, units);
	if (packet == SIZE_MAX) {
		return 0;
	}
	socketio_client_take(session, bytes + frame, packet, frame + packet);
	return frame + packet;
}

/* A packet of the body, of which `body_left` bytes are not taken yet.  0: not whole yet. */
static size_t take_packet(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t available = length < session->body_left ? length : session->body_left;
	bool is_whole = available == session->body_left;
	size_t taken;

	if (!is_whole && available < SEPARATOR_LENGTH) {
		return 0;
	}
	if (protocol_starts_with(bytes, available, SEPARATOR)) {
		taken = take_framed(session, bytes, available);
		if (taken == 0 && is_whole) {
			session->failure = "the server's payload is shorter than its packet";
			return length;
		}
		return taken;
	}
	if (!is_whole) {
		return 0;
	}
	socketio_client_take(session, bytes, available, available);
	return available;
}

static size_t take_head(struct protocol_session *session, const char *bytes, size_t length)
{
	struct http_head head;
	size_t head_length = 0;
	enum http_head_result result = http_head_read(bytes, length, &head, &head_length);

	if (result == HTTP_HEAD_PARTIAL) {
		return 0;
	}
	if (result == HTTP_HEAD_BAD || head.status != 200 || head.is_chunked) {
		session->failure = "the server refused its poll";
		return length;
	}
	session->wants_connection = head.is_last;
	session->body_left = head.content_length;
	session->step = session->step == STEP_POLL_HEAD ? STEP_POLL_BODY : STEP_POST_BODY;
	if (session->body_left == 0) {
		go_on(session);
	}
	return head_length;
}

static size_t take_body(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken;

	if (session->step == STEP_POLL_BODY) {
		taken = take_packet(session, bytes, length);
	} else { /* "1" */
		taken = length < session->body_left ? length : session->body_left;
	}
	if (session->failure != NULL) {
		return length;
	}
	session->body_left -= taken;
	if (taken > 0 && session->body_left == 0) {
		go_on(session);
	}
	return taken;
}

static size_t take_step(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken;

	switch (session->step) {
	case STEP_HANDSHAKE:
		taken = socketio_client_take_handshake(session, bytes, length);
		if (taken > 0 && session->failure == NULL) {
			poll_again(session);
		}
		return taken;
	case STEP_POLL_HEAD:
	case STEP_POST_HEAD:
		return take_head(session, bytes, length);
	default:
		return take_body(session, bytes, length);
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

const struct protocol protocol_polling = {
    .name = "polling",
    .port = 8080,
    .open = open_session,
    .take = take,
};
