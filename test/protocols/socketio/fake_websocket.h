/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_FAKE_WEBSOCKET_H
#define TEST_PROTOCOLS_SOCKETIO_FAKE_WEBSOCKET_H

#include "protocols/http/websocket.h"
#include "test/protocols/socketio/fake_http.h"

/* WebSockets without a connection, as fake_http.h has exchanges, instead of websocket.c. */

/* What was sent over a WebSocket, a line for each frame's text. */
struct websocket {
	const struct websocket_ops *ops;
	void *owner;
	struct buffer sent;
	bool is_closed;
	enum close_reason reason;
	bool has_put_off; /* the message that on_text() was given */
	unsigned resumes;
	bool refuses; /* websocket_accept() gives NULL: no handshake of version 13 */
};

/* The websocket that the next upgrade becomes. */
static struct websocket *fake_websocket;

struct websocket *websocket_accept(struct http_exchange *exchange, const struct websocket_ops *ops,
                                   void *owner)
{
	assert_false(fake_is_over(exchange));
	assert_true(exchange->request.is_upgrade);
	if (fake_websocket->refuses) {
		exchange->status = 426;
		return NULL;
	}
	exchange->was_upgraded = true;
	fake_websocket->ops = ops;
	fake_websocket->owner = owner;
	return fake_websocket;
}

void websocket_send_text(struct websocket *websocket, const char *bytes, size_t length)
{
	if (!websocket->is_closed) {
		buffer_append(&websocket->sent, bytes, length);
		buffer_append_byte(&websocket->sent, '\n');
	}
}

/* Every frame of these tests has a payload of 126 to 65,535 bytes, or of less: RFC 6455 §5.2. */
void websocket_send_frame(struct websocket *websocket, struct wire *wire)
{
	size_t head = wire->bytes[1] == 126 ? 4 : 2;

	assert_int_equal((unsigned char)wire->bytes[0], 0x81);
	websocket_send_text(websocket, wire->bytes + head, wire->length - head);
}

void websocket_close(struct websocket *websocket, enum close_reason reason)
{
	if (!websocket->is_closed) {
		websocket->is_closed = true;
		websocket->reason = reason;
	}
}

void websocket_put_off(struct websocket *websocket, size_t done)
{
	assert_int_equal(done, 0);
	websocket->has_put_off = true;
}

void websocket_resume(struct websocket *websocket)
{
	assert_false(websocket->is_closed);
	websocket->resumes++;
}

struct connection *websocket_connection(const struct websocket *websocket)
{
	(void)websocket;
	return &fake_connection;
}

/* Before the loop waits: what was closed, or lost its client, goes. */
static inline void fake_websocket_goes(struct websocket *websocket, enum close_reason reason)
{
	websocket->is_closed = true;
	websocket->ops->on_gone(websocket, websocket->owner, reason);
	buffer_finish(&websocket->sent);
}

static inline void fake_websocket_expect(struct websocket *websocket, const char *lines)
{
	assert_text_is(buffer_text(&websocket->sent), lines);
	buffer_clear(&websocket->sent);
}

#endif
