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

/* RFC 6455 §5.2. */
struct frame_head {
	unsigned char first; /* FIN, reserved bits, opcode */
	size_t length;       /* of the head */
	uint64_t payload;    /* bytes to follow it */
};

/* False while the head is not whole. */
static bool read_head(const unsigned char *bytes, size_t length, struct frame_head *head)
{
	size_t wide;

	if (length < HEADER_MIN) {
		return false;
	}
	head->first = bytes[0];
	head->payload = bytes[1] & 0x7f;
	wide = head->payload < 126 ? 0 : head->payload == 126 ? 2 : 8;
	head->length = HEADER_MIN + wide + ((bytes[1] & 0x80) != 0 ? MASK_SIZE : 0);
	if (length < head->length) {
		return false;
	}
	for (size_t i = 0; i < wide; i++) {
		head->payload = (i == 0 ? 0 : head->payload << 8) | bytes[HEADER_MIN + i];
	}
	return true;
}

/*
 * Begin a frame when enough of it is there.  A close frame is begun when all of it is: of one that
 * comes in pieces wslay takes two bytes off each for the code, and misjudges the text.
 */
static void begin_frame(struct websocket *websocket)
{
	const unsigned char *input = (const unsigned char *)websocket->input;
	struct frame_head head;

	if (!read_head(input, websocket->input_length, &head)) {
		return;
	}
	if (head.first == WEBSOCKET_FINAL_CLOSE && head.payload <= WEBSOCKET_CONTROL_MAX &&
	    websocket->input_length < head.length + head.payload) {
		return;
	}
	websocket->in_data_frame = !wslay_is_ctrl_frame(head.first);
	/* wslay looks at each fragment by itself, and only when some of its payload has come. */
	if (websocket->in_data_frame && head.payload <= INT64_MAX &&
	    head.payload > websocket->message_max - websocket->message.length) {
		websocket_close(websocket, CLOSE_TOO_BIG);
		return;
	}
	/* wslay refuses a length of more than 63 bits when it has read the head. */
	websocket->frame_left = head.length + (head.payload < INT64_MAX ? head.payload : INT64_MAX);
}

/* Between two frames is where a client that does not take its replies is left waiting. */
static bool takes_frames(const struct websocket *websocket)
{
	return is_open(websocket) && websocket->put_off == 0 &&
	       !connection_is_choked(websocket->connection);
}

/* How many bytes of the input are of one frame; 0 while the next cannot begin. */
static size_t next_piece(struct websocket *websocket)
{
	if (websocket->frame_left == 0) {
		begin_frame(websocket);
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
	if (websocket->in_data_frame) {
		websocket->in_message = !frame->fin;
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

/* RFC 6455 §4.4: which version there is; RFC 9110 §15.5.22: of what. */
static void refuse(struct http_exchange *exchange, unsigned status)
{
	const char *fields = "Sec-WebSocket-Version: 13\r\n";

	if (status == 426) {
		fields = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Version: 13\r\n";
	}
	http_respond(exchange, &(struct http_response){
				   .status = status,
				   .fields = fields,
				   .closes = true,
			       });
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
	if (!http_connection_take_client(http)) {
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

void websocket_resume(struct websocket *websocket)
{
	connection_resume(websocket->connection);
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
