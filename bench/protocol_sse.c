/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events (the HTML standard, 9.2): one GET, then an event for each change, with
 * the body in chunks or as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/http_head.h"
#include "bench/protocol.h"

enum step {
	STEP_HEAD,
	STEP_PLAIN,     /* the body as it is */
	STEP_SIZE,      /* of a chunk (RFC 9112, 7.1) */
	STEP_CHUNK,     /* `body_left` bytes of it are not taken yet */
	STEP_CHUNK_END, /* the CR LF behind it */
};

#define SIZE_LINE_MAX 64

static void open_session(struct protocol_session *session)
{
	session->step = STEP_HEAD;
	buffer_printf(&session->replies,
	              "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n",
	              session->subject->sse_path, session->subject->host);
}

static void take_line(struct protocol_session *session, const char *line, size_t length)
{
	session->event_bytes += length;
	if (length == 1 || (length == 2 && line[0] == '\r')) { /* the event's end */
		if (session->has_change) {
			session->on_change(session, session->event_serial, session->event_bytes);
		}
		session->has_change = false;
		session->event_bytes = 0;
	} else if (protocol_starts_with(line, length, "data:")) {
		session->has_change |=
		    protocol_serial(session->subject, line, length, &session->event_serial);
	}
}

/* The lines that are whole. */
static size_t take_lines(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken = 0;
	const char *end;

	while (taken < length && (end = memchr(bytes + taken, '\n', length - taken)) != NULL) {
		size_t line = (size_t)(end + 1 - bytes) - taken;

		take_line(session, bytes + taken, line);
		taken += line;
	}
	return taken;
}

static size_t take_head(struct protocol_session *session, const char *bytes, size_t length)
{
	struct http_head head;
	size_t head_length = 0;
	enum http_head_result result = http_head_read(bytes, length, &head, &head_length);

	if (result == HTTP_HEAD_PARTIAL) {
		return 0;
	}
	if (result == HTTP_HEAD_BAD || head.status != 200) {
		session->failure = "the server has no event stream there";
		return length;
	}
	session->step = head.is_chunked ? STEP_SIZE : STEP_PLAIN;
	session->is_ready = true;
	return head_length;
}

/* The line with a chunk's size, in hexadecimal. */
static size_t take_size(struct protocol_session *session, const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);
	char line[SIZE_LINE_MAX + 1] = "";
	size_t taken = end != NULL ? (size_t)(end + 1 - bytes) : 0;
	char *behind;

	if (taken == 0 && length <= SIZE_LINE_MAX) {
		return 0;
	}
	memcpy(line, bytes, taken < SIZE_LINE_MAX ? taken : SIZE_LINE_MAX);
	session->body_left = strtoul(line, &behind, 16);
	if (taken == 0 || behind == line || session->body_left == 0) {
		session->failure = "the server ended its event stream";
		return length;
	}
	session->step = STEP_CHUNK;
	return taken;
}

/* A line may be cut by the end of a chunk: its beginning is kept in `text`. */
static size_t take_chunk(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t available = length < session->body_left ? length : session->body_left;

	if (available == 0) {
		return 0;
	}
	if (session->text.length == 0) {
		size_t whole = take_lines(session, bytes, available);

		buffer_append(&session->text, bytes + whole, available - whole);
	} else {
		buffer_append(&session->text, bytes, available);
		buffer_consume(&session->text,
		               take_lines(session, session->text.bytes, session->text.length));
	}
	session->body_left -= available;
	if (session->body_left == 0) {
		session->step = STEP_CHUNK_END;
	}
	return available;
}

static size_t take_chunk_end(struct protocol_session *session, const char *bytes, size_t length)
{
	if (length < 2) {
		return 0;
	}
	if (memcmp(bytes, "\r\n", 2) != 0) {
		session->failure = "the server's chunk is longer than it says";
		return length;
	}
	session->step = STEP_SIZE;
	return 2;
}

static size_t take_step(struct protocol_session *session, const char *bytes, size_t length)
{
	switch (session->step) {
	case STEP_HEAD:
		return take_head(session, bytes, length);
	case STEP_PLAIN:
		return take_lines(session, bytes, length);
	case STEP_SIZE:
		return take_size(session, bytes, length);
	case STEP_CHUNK:
		return take_chunk(session, bytes, length);
	default:
		return take_chunk_end(session, bytes, length);
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

const struct protocol protocol_sse = {
    .name = "sse",
    .port = 8080,
    .open = open_session,
    .take = take,
};
