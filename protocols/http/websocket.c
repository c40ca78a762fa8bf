/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wslay does the reading and is there only while it is needed: its contexts hold
 * two buffers of 4 KiB, eighty megabytes for ten thousand idle clients, so one
 * that is between messages is freed.  Messages are put together here (wslay's
 * no_buffering), in memory that grows with what has come and not with what a
 * frame's header announces.
 *
 * Nothing is freed and no connection ends within wslay's callbacks: they mark, and
 * on_input() looks when wslay_event_recv() has returned.
 */
#include "protocols/http/websocket.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "protocols/http/http_connection.h"
#include "protocols/http/websocket_frame.h"
#include "protocols/http/websocket_handshake.h"
#include "server/base/utf8.h"
#include "server/net/address_limits.h"

#define HEADER_MIN       2
#define MASK_SIZE        4
#define CLOSE_CODE_SIZE  2
#define NO_STATUS        1005 /* RFC 6455 §7.4.1: these two are never sent */
#define ABNORMAL_CLOSURE 1006
#define UNSUPPORTED_DATA 1003

struct websocket {
	struct connection *connection;
	const struct websocket_ops *ops;
	void *owner;
	struct metrics *metrics;
	const char *subprotocol; /* one of ops->subprotocols, or NULL */
	size_t message_max;
	struct buffer message; /* the fragments so far, or what was put off */
	uint8_t put_off;       /* opcode of the message that was put off; 0: none */
	size_t done;           /* bytes of it that the owner is done with */
	bool in_message;       /* the final fragment has not come */
	bool in_data_frame;    /* the frame that comes is part of a message */
	bool says_goodbye;     /* websocket_close() was called: a close frame whatever the reason */
	bool has_said_goodbye; /* a close frame was sent */

	wslay_event_context_ptr wslay; /* NULL between messages */
	const char *input;             /* lent, during on_input() */
	size_t input_length;
	uint64_t frame_left; /* of the frame that wslay is being given */
	struct buffer reply; /* what wslay sends, until it is a whole frame */
};

/* --- the end ------------------------------------------------------------ */

static bool is_open(const struct websocket *websocket)
{
	return connection_is_open(websocket->connection);
}

static void send_close_frame(struct websocket *websocket, unsigned code, const char *text)
{
	struct buffer frame = {0};

	websocket_frame_close(&frame, code, text);
	connection_send_bytes(websocket->connection, frame.bytes, frame.length);
	buffer_finish(&frame);
	websocket->has_said_goodbye = true;
}

void websocket_close(struct websocket *websocket, enum close_reason reason)
{
	websocket->says_goodbye = true;
	connection_close(websocket->connection, reason);
}

/* The last word is ours, so that the code and the text are those of the reason. */
static void on_closing(struct connection *connection, enum close_reason reason)
{
	struct websocket *websocket = connection->owner;
	const struct close_reason_row *row = close_reason_row(reason);

	websocket->ops->on_gone(websocket, websocket->owner, reason);
	if (!websocket->has_said_goodbye && (row->is_told || websocket->says_goodbye) &&
	    row->websocket_code != NO_STATUS && row->websocket_code != ABNORMAL_CLOSURE) {
		send_close_frame(websocket, row->websocket_code, row->text);
	}
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	struct websocket *websocket = connection->owner;

	(void)reason;
	metric_subtract(&websocket->metrics->websocket_connections, 1);
	if (websocket->wslay != NULL) {
		wslay_event_context_free(websocket->wslay);
	}
	buffer_finish(&websocket->message);
	buffer_finish(&websocket->reply);
	free(websocket);
}

/* --- wslay's callbacks -------------------------------------------------- */

/* RFC 6455 §5.2: bytes of the frame that begins here; 0 while its header is not whole. */
static uint64_t frame_size(const unsigned char *bytes, size_t length)
{
	size_t header = HEADER_MIN;
	uint64_t payload;
	size_t wide;

	if (length < HEADER_MIN) {
		return 0;
	}
	payload = bytes[1] & 0x7f;
	wide = payload < 126 ? 0 : payload == 126 ? 2 : 8;
	header += wide + ((bytes[1] & 0x80) != 0 ? MASK_SIZE : 0);
	if (length < header) {
		return 0;
	}
	for (size_t i = 0; i < wide; i++) {
		payload = (i == 0 ? 0 : payload << 8) | bytes[HEADER_MIN + i];
	}
	/* wslay refuses a length of more than 63 bits when it has read the header. */
	return header + (payload < INT64_MAX ? payload : INT64_MAX);
}

/* Between two frames is where a client that does not take its replies is left waiting. */
static bool takes_frames(const struct websocket *websocket)
{
	return is_open(websocket) && websocket->put_off == 0 &&
	       !connection_is_choked(websocket->connection);
}

/* How many bytes of the input are of one frame; 0 while the header of the next is not whole. */
static size_t next_piece(struct websocket *websocket)
{
	if (websocket->frame_left == 0) {
		websocket->frame_left =
		    frame_size((const unsigned char *)websocket->input, websocket->input_length);
	}
	return websocket->frame_left < websocket->input_length ? (size_t)websocket->frame_left
	                                                       : websocket->input_length;
}

static ssize_t on_wslay_recv(wslay_event_context_ptr wslay, uint8_t *bytes, size_t length,
                             int flags, void *context)
{
	struct websocket *websocket = context;
	size_t count = takes_frames(websocket) ? next_piece(websocket) : 0;

	(void)flags;
	count = count < length ? count : length;
	if (count == 0) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(bytes, websocket->input, count);
	websocket->input += count;
	websocket->input_length -= count;
	websocket->frame_left -= count;
	return (ssize_t)count;
}

static ssize_t on_wslay_send(wslay_event_context_ptr wslay, const uint8_t *bytes, size_t length,
                             int flags, void *context)
{
	struct websocket *websocket = context;

	(void)wslay;
	(void)flags;
	buffer_append(&websocket->reply, bytes, length);
	return (ssize_t)length;
}

static void on_frame_start(wslay_event_context_ptr wslay,
                           const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
	struct websocket *websocket = context;

	(void)wslay;
	websocket->in_data_frame = !wslay_is_ctrl_frame(frame->opcode);
	if (websocket->in_data_frame) {
		websocket->in_message = !frame->fin;
		/* wslay compares each fragment by itself. */
		if (frame->payload_length > websocket->message_max - websocket->message.length) {
			websocket_close(websocket, CLOSE_TOO_BIG);
		}
	} else if (frame->opcode == WSLAY_CONNECTION_CLOSE && frame->payload_length > 0 &&
	           frame->payload_length < CLOSE_CODE_SIZE) {
		websocket_close(websocket, CLOSE_PROTOCOL_ERROR);
	}
}

static void on_frame_chunk(wslay_event_context_ptr wslay,
                           const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *context)
{
	struct websocket *websocket = context;

	(void)wslay;
	if (websocket->in_data_frame && is_open(websocket)) {
		buffer_append(&websocket->message, chunk->data, chunk->data_length);
	}
}

/* Send what wslay has queued, pongs or a close frame, as one wire: never cut in two. */
static void flush_reply(struct websocket *websocket)
{
	(void)wslay_event_send(websocket->wslay);
	connection_send_bytes(websocket->connection, websocket->reply.bytes,
	                      websocket->reply.length);
	buffer_finish(&websocket->reply);
}

static void deliver(struct websocket *websocket, uint8_t opcode)
{
	struct buffer message = websocket->message;
	const char *bytes = message.bytes != NULL ? message.bytes : "";

	websocket->message = (struct buffer){0};
	websocket->put_off = 0;
	websocket->done = message.length;
	if (opcode == WSLAY_TEXT_FRAME) {
		websocket->ops->on_text(websocket, websocket->owner, bytes, message.length);
	} else if (websocket->ops->on_binary != NULL) {
		websocket->ops->on_binary(websocket, websocket->owner, bytes, message.length);
	} else {
		send_close_frame(websocket, UNSUPPORTED_DATA, "Text messages only");
		connection_close(websocket->connection, CLOSE_PROTOCOL_ERROR);
	}
	if (websocket->done < message.length && is_open(websocket)) {
		buffer_consume(&message, websocket->done);
		websocket->message = message;
		websocket->put_off = opcode;
	} else {
		buffer_finish(&message);
	}
}

/* wslay takes two bytes off each piece of a close frame that comes in pieces, not off the first. */
static bool has_good_text(const struct wslay_event_on_msg_recv_arg *close)
{
	return close->msg_length <= CLOSE_CODE_SIZE ||
	       utf8_is_valid((const char *)close->msg + CLOSE_CODE_SIZE,
	                     close->msg_length - CLOSE_CODE_SIZE);
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
	struct websocket *websocket = context;

	(void)wslay;
	if (!is_open(websocket)) {
		return;
	}
	if (!wslay_is_ctrl_frame(message->opcode)) {
		deliver(websocket, message->opcode);
		return;
	}
	if (message->opcode == WSLAY_CONNECTION_CLOSE && !has_good_text(message)) {
		websocket_close(websocket, CLOSE_NOT_UTF8);
		return;
	}
	flush_reply(websocket);
	if (message->opcode == WSLAY_CONNECTION_CLOSE) {
		websocket->has_said_goodbye = true;
		connection_close(websocket->connection, CLOSE_CLIENT_QUIT);
	}
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_wslay_recv,
    .send_callback = on_wslay_send,
    .on_frame_recv_start_callback = on_frame_start,
    .on_frame_recv_chunk_callback = on_frame_chunk,
    .on_msg_recv_callback = on_message,
};

/* --- input -------------------------------------------------------------- */

static void begin_reading(struct websocket *websocket)
{
	if (websocket->wslay == NULL) {
		require(wslay_event_context_server_init(&websocket->wslay, &callbacks, websocket) ==
		        0);
		wslay_event_config_set_no_buffering(websocket->wslay, 1);
		wslay_event_config_set_max_recv_msg_length(websocket->wslay,
		                                           websocket->message_max);
	}
}

static bool is_between_messages(const struct websocket *websocket)
{
	return websocket->frame_left == 0 && !websocket->in_message;
}

/* wslay has met something wrong and queued a close frame with a code: send one with its reason. */
static void fail(struct websocket *websocket)
{
	(void)wslay_event_send(websocket->wslay);
	buffer_finish(&websocket->reply);
	switch (wslay_event_get_status_code_sent(websocket->wslay)) {
	case WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA:
		websocket_close(websocket, CLOSE_NOT_UTF8);
		break;
	case WSLAY_CODE_MESSAGE_TOO_BIG:
		websocket_close(websocket, CLOSE_TOO_BIG);
		break;
	default:
		websocket_close(websocket, CLOSE_PROTOCOL_ERROR);
		break;
	}
}

static size_t on_input(struct connection *connection, const char *bytes, size_t length)
{
	struct websocket *websocket = connection->owner;
	int result;

	if (websocket->put_off != 0) {
		deliver(websocket, websocket->put_off);
	}
	if (length == 0 || !takes_frames(websocket)) {
		return 0;
	}
	begin_reading(websocket);
	websocket->input = bytes;
	websocket->input_length = length;
	result = wslay_event_recv(websocket->wslay);
	if (is_open(websocket)) {
		if (result != 0 || !wslay_event_want_read(websocket->wslay)) {
			fail(websocket);
		} else if (is_between_messages(websocket)) {
			wslay_event_context_free(websocket->wslay);
			websocket->wslay = NULL;
		}
	}
	return length - websocket->input_length;
}

/* --- the beginning ------------------------------------------------------ */

static const struct connection_ops connection_ops = {
    .on_input = on_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

static void refuse(struct http_exchange *exchange, unsigned status)
{
	http_respond(exchange, &(struct http_response){
				   .status = status,
				   .fields = "Sec-WebSocket-Version: 13\r\n",
				   .closes = true,
			       });
}

/* As one is that comes by itself; the answer ends with a NUL, which is not sent. */
static void refuse_address(struct http_exchange *exchange)
{
	struct http_connection *http = http_connection_of(exchange);
	const struct buffer *answer = &http->worker->has_its_share;

	metric_add(&http->worker->env->metrics->connections_refused_address, 1);
	connection_send_bytes(http->connection, answer->bytes, answer->length - 1);
	http_connection_next(http, false);
}

/* A proxy's connection is one client's now; false when that one's address has its fill. */
static bool take_client(struct connection *connection, const struct sockaddr_in6 *client)
{
	struct address_place *place;

	if (connection->place != NULL &&
	    !IN6_ARE_ADDR_EQUAL(&connection->peer.sin6_addr, &client->sin6_addr)) {
		place = address_limits_move(connection->place, client);
		if (place == NULL) {
			return false;
		}
		connection->place = place;
	}
	connection->peer = *client;
	return true;
}

struct websocket *websocket_accept(struct http_exchange *exchange, const struct websocket_ops *ops,
                                   void *owner)
{
	struct http_connection *http = http_connection_of(exchange);
	const struct front_end_env *env = http->worker->env;
	unsigned status = websocket_handshake_check(exchange->request);
	struct buffer answer = {0};
	struct websocket *websocket;

	if (status != 0) {
		refuse(exchange, status);
		return NULL;
	}
	if (!take_client(http->connection, &exchange->client)) {
		refuse_address(exchange);
		return NULL;
	}
	websocket = mem_new(struct websocket);
	websocket->connection = http->connection;
	websocket->ops = ops;
	websocket->owner = owner;
	websocket->metrics = env->metrics;
	websocket->message_max = env->conf->http.max_websocket_bytes;
	websocket->subprotocol =
	    websocket_handshake_subprotocol(exchange->request, ops->subprotocols);
	websocket_handshake_answer(&answer, exchange->request, websocket->subprotocol);
	connection_send_bytes(http->connection, answer.bytes, answer.length);
	buffer_finish(&answer);
	metric_add(&env->metrics->http_requests, 1);
	metric_add(&env->metrics->websocket_connections, 1);
	http->connection->ops = &connection_ops;
	http->connection->owner = websocket;
	http_connection_release(http);
	return websocket;
}

void websocket_set_owner(struct websocket *websocket, void *owner)
{
	websocket->owner = owner;
}

const char *websocket_subprotocol(const struct websocket *websocket)
{
	return websocket->subprotocol;
}

/* --- output ------------------------------------------------------------- */

void websocket_put_off(struct websocket *websocket, size_t done)
{
	websocket->done = done;
}

void websocket_send_frame(struct websocket *websocket, struct wire *wire)
{
	connection_send_change(websocket->connection, wire);
}

void websocket_send_text(struct websocket *websocket, const char *bytes, size_t length)
{
	struct buffer frame = {0};
	struct wire *wire;

	websocket_frame_text(&frame, bytes, length);
	wire = wire_take(&frame);
	connection_send(websocket->connection, wire);
	wire_unref(wire);
}

struct connection *websocket_connection(const struct websocket *websocket)
{
	return websocket->connection;
}
