/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/websocket: what a client sends behind the handshake. */
#include "protocols/http/websocket.h"

#include <errno.h>

#include "protocols/http/http_connection.h"
#include "protocols/http/http_endpoint.h"
#include "server/base/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/protocols/http/http_client.h"

/* --- an endpoint that echoes texts and notes all that comes ---------------- */

struct echo {
	struct buffer heard;
	bool is_gone;
};

static void *echo_start(const struct front_end_env *env)
{
	(void)env;
	return mem_new(struct echo);
}

static void echo_destroy(void *state)
{
	struct echo *echo = state;

	buffer_finish(&echo->heard);
	free(echo);
}

static void on_text(struct websocket *websocket, void *owner, const char *bytes, size_t length)
{
	struct echo *echo = owner;

	require(!echo->is_gone && utf8_is_valid(bytes, length));
	buffer_printf(&echo->heard, "text %zu ", length);
	buffer_append(&echo->heard, bytes, length);
	websocket_send_text(websocket, bytes, length);
}

static void on_binary(struct websocket *websocket, void *owner, const char *bytes, size_t length)
{
	struct echo *echo = owner;

	(void)websocket;
	require(!echo->is_gone);
	buffer_printf(&echo->heard, "binary %zu ", length);
	buffer_append(&echo->heard, bytes, length);
}

static void on_gone(struct websocket *websocket, void *owner, enum close_reason reason)
{
	struct echo *echo = owner;

	(void)websocket;
	require(!echo->is_gone);
	echo->is_gone = true;
	buffer_printf(&echo->heard, "gone %s", close_reason_row(reason)->label);
}

static const struct websocket_ops ops = {
    .on_text = on_text, .on_binary = on_binary, .on_gone = on_gone};

static void on_request(void *state, struct http_exchange *exchange)
{
	require(websocket_accept(exchange, &ops, state) != NULL);
}

const struct http_endpoint http_endpoints[] = {
    {.path = "/ws", .start = echo_start, .on_request = on_request, .destroy = echo_destroy},
    {.path = NULL},
};

/* --- what the server sends -------------------------------------------------- */

enum { FRAME_TEXT = 0x81, FRAME_CLOSE = 0x88, FRAME_PONG = 0x8a }; /* with FIN */

/* RFC 6455 §5.2: takes one whole, unmasked frame with the shortest length; returns its first byte.
 */
static unsigned take_frame(struct text *stream, struct text *payload)
{
	const uint8_t *head = (const uint8_t *)stream->bytes;
	size_t skip = 2;
	size_t length;

	require(stream->length >= 2 && (head[1] & 0x80) == 0);
	length = head[1];
	if (length == 126) {
		require(stream->length >= 4);
		length = (size_t)head[2] << 8 | head[3];
		require(length >= 126);
		skip = 4;
	}
	require(length != 127 && stream->length - skip >= length);
	*payload = (struct text){stream->bytes + skip, length};
	stream->bytes += skip + length;
	stream->length -= skip + length;
	return head[0];
}

/* Frames of the kinds that this server sends, and nothing behind a close frame. */
static void check_frames(struct text stream)
{
	while (stream.length > 0) {
		struct text payload;
		unsigned kind = take_frame(&stream, &payload);

		require(kind == FRAME_TEXT || kind == FRAME_CLOSE || kind == FRAME_PONG);
		require(kind == FRAME_TEXT || payload.length <= 125);
		require(kind != FRAME_TEXT || utf8_is_valid(payload.bytes, payload.length));
		if (kind == FRAME_CLOSE) {
			require(payload.length != 1 && stream.length == 0);
		}
	}
}

/* --- a client ---------------------------------------------------------------- */

static const char handshake[] =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void run_client(struct harness *harness, struct text text, struct fuzz_cuts *cuts,
                       struct buffer *received)
{
	int client = harness_connect(harness);
	size_t answered;
	bool has_ended = false;

	harness_send(harness, client, handshake);
	(void)harness_read(harness, client, received);
	answered = received->length;
	require(answered > 4 && memcmp(received->bytes + answered - 4, "\r\n\r\n", 4) == 0);
	while (text.length > 0 && !has_ended) {
		size_t cut = fuzz_cuts_next(cuts, text.length);
		ssize_t sent = send(client, text.bytes, cut, MSG_NOSIGNAL);

		has_ended = sent < 0 && errno != EAGAIN;
		text.bytes += sent > 0 ? sent : 0;
		text.length -= sent > 0 ? (size_t)sent : 0;
		has_ended = harness_read(harness, client, received) || has_ended;
	}
	(void)close(client);
	buffer_consume(received, answered);
}

static void run_websocket(const uint8_t *data, size_t size, struct fuzz_cuts *cuts,
                          struct buffer *heard)
{
	struct harness harness;
	struct buffer received = {0};
	const struct http_worker *worker;
	const struct echo *echo;

	harness_start(&harness);
	worker = harness.http;
	echo = worker->states[0];
	run_client(&harness, (struct text){(const char *)data, size}, cuts, &received);
	harness_pass(&harness, 5000);
	require(echo->is_gone);
	buffer_append(heard, echo->heard.bytes, echo->heard.length);
	check_frames((struct text){received.bytes, received.length});
	buffer_finish(&received);
	harness_finish(&harness);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	fuzz_cuts_init(&cuts, data, size);
	run_websocket(data, size, NULL, &whole);
	run_websocket(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
