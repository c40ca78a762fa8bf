/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A poll that waits is answered by the first packet; what comes after it goes, all
 * together, with the next.
 */
#include "protocols/socketio/socketio_polling.h"

#include <stdbool.h>
#include <stdlib.h>

#include "protocols/http/http_exchange.h"
#include "protocols/socketio/socketio_answer.h"
#include "protocols/socketio/socketio_jsonp.h"
#include "protocols/socketio/socketio_payload.h"
#include "protocols/socketio/socketio_script.h"
#include "protocols/socketio/socketio_session.h"
#include "protocols/socketio/socketio_wire.h"
#include "server/base/memory.h"
#include "server/net/outbox.h"

/*
 * How long a poll waits: less than the 30 s after which socketIO_client gives up,
 * as long as socket.io 0.9 let it.
 */
#define POLL_SECONDS_MAX 20

/* Bytes of packets in one answer, beside a first one of any size. */
#define ANSWER_BYTES_MAX ((size_t)256 * 1024)

/* What a transport makes of payloads; all else is the same for each. */
struct dialect {
	const struct socketio_transport *transport;
	size_t growth_max; /* by so much a payload grows in its answer */

	/* Answer a poll with a payload. */
	void (*answer)(struct http_exchange *poll, struct text payload);

	/* Find the payload in a POST's body; `decoded` is room for it.  False: there is none. */
	bool (*read)(struct text body, struct buffer *decoded, struct text *payload);
};

struct polling {
	struct socketio_session *session;
	const struct dialect *dialect;
	struct http_exchange *waiting; /* a poll not yet answered; NULL: none */
	struct outbox packets;         /* empty while a poll waits whose client is there */
	size_t packet_count;
	struct deadline idle; /* armed while a poll waits */
};

static const struct front_end_env *env_of(const struct polling *polling)
{
	return polling->session->sessions->env;
}

static void answer_packet(const struct dialect *dialect, struct http_exchange *exchange,
                          enum socketio_type type)
{
	struct buffer packet = {0};

	socketio_packet_write(&(struct socketio_packet){.type = type}, &packet);
	dialect->answer(exchange, (struct text){.bytes = packet.bytes, .length = packet.length});
	buffer_finish(&packet);
}

/* --- the poll ----------------------------------------------------------- */

/* Take the poll out, to answer it: the client has so long to ask again. */
static struct http_exchange *end_waiting(struct polling *polling)
{
	struct http_exchange *exchange = polling->waiting;

	polling->waiting = NULL;
	deadline_disarm(&env_of(polling)->net->deadlines, &polling->idle);
	socketio_session_expire_in(polling->session, env_of(polling)->conf->socketio.close_timeout);
	return exchange;
}

static void on_poll_gone(struct http_exchange *exchange, void *owner)
{
	(void)exchange;
	(void)end_waiting(owner);
}

static void on_idle(struct deadline *idle)
{
	struct polling *polling = container_of(idle, struct polling, idle);

	answer_packet(polling->dialect, end_waiting(polling), SOCKETIO_NOOP);
}

static unsigned poll_seconds(const struct polling *polling)
{
	unsigned interval = env_of(polling)->conf->socketio.heartbeat_interval;

	return interval < POLL_SECONDS_MAX ? interval : POLL_SECONDS_MAX;
}

static void begin_waiting(struct polling *polling, struct http_exchange *exchange)
{
	polling->waiting = exchange;
	socketio_session_stay(polling->session);
	deadline_arm(&env_of(polling)->net->deadlines, &polling->idle,
	             (uint64_t)poll_seconds(polling) * 1000);
	http_hold(exchange, polling, on_poll_gone);
}

/* --- packets that wait -------------------------------------------------- */

/*
 * What a payload may hold: with its frames, all that it grows by and the answer's head it
 * must fit into an outbox.
 */
static size_t answer_bytes_max(const struct polling *polling)
{
	size_t half = env_of(polling)->net->limits.outbox_max / 2 / polling->dialect->growth_max;

	return half < ANSWER_BYTES_MAX ? half : ANSWER_BYTES_MAX;
}

/* Move packets to a payload: all of them, or as many as one answer may hold. */
static void take_packets(struct polling *polling, struct buffer *payload)
{
	struct outbox_pool *pool = &env_of(polling)->net->pool;
	size_t bytes_max = answer_bytes_max(polling);
	bool is_alone = polling->packet_count == 1;
	struct iovec piece;

	while (outbox_peek(&polling->packets, &piece, 1) == 1) {
		struct text packet = {.bytes = piece.iov_base, .length = piece.iov_len};

		if (payload->length > 0 && payload->length + packet.length > bytes_max) {
			return;
		}
		if (is_alone) {
			buffer_append(payload, packet.bytes, packet.length);
		} else {
			socketio_payload_add(payload, packet);
		}
		outbox_advance(pool, &polling->packets, packet.length);
		polling->packet_count--;
	}
}

static void answer_packets(struct polling *polling, struct http_exchange *exchange)
{
	struct buffer payload = {0};

	take_packets(polling, &payload);
	polling->session->earlier_bytes += payload.length;
	polling->dialect->answer(exchange,
	                         (struct text){.bytes = payload.bytes, .length = payload.length});
	buffer_finish(&payload);
}

static void queue(struct polling *polling, struct wire *packet)
{
	struct net *net = env_of(polling)->net;

	if (polling->packets.bytes + packet->length > net->limits.outbox_max) {
		metric_add(&env_of(polling)->metrics->socketio_sessions_slow, 1);
		socketio_session_end(polling->session, CLOSE_SENDQ_EXCEEDED);
		return;
	}
	outbox_push(&net->pool, &polling->packets, packet);
	polling->packet_count++;
	/* Of one whose client has just gone we are told at the end of the turn. */
	if (polling->waiting != NULL && http_can_respond(polling->waiting)) {
		answer_packets(polling, end_waiting(polling));
	}
}

static void send_packet(struct socketio_session *session, struct text packet)
{
	struct wire *wire = wire_copy(packet.bytes, packet.length);

	queue(session->link, wire);
	wire_unref(wire);
}

static void deliver_change(struct socketio_session *session, struct delivery *delivery)
{
	queue(session->link, socketio_wire(session, delivery, SOCKETIO_FORM_PACKET));
}

static size_t count_waiting(const struct socketio_session *session)
{
	const struct polling *polling = session->link;

	return polling->packets.bytes;
}

/* --- requests ----------------------------------------------------------- */

static void open_polling(struct socketio_session *session, const struct dialect *dialect)
{
	struct polling *polling = mem_new(struct polling);

	polling->session = session;
	polling->dialect = dialect;
	polling->idle.on_due = on_idle;
	socketio_session_open(session, dialect->transport, polling,
	                      env_of(polling)->conf->socketio.close_timeout);
}

static void on_poll(struct socketio_session *session, struct http_exchange *exchange,
                    const struct dialect *dialect)
{
	struct polling *polling;

	if (session->transport != dialect->transport) {
		open_polling(session, dialect);
	}
	polling = session->link;
	if (polling->waiting != NULL) {
		/* The client has given it up without our noticing, or asks twice. */
		answer_packet(dialect, end_waiting(polling), SOCKETIO_NOOP);
	}
	if (polling->packet_count > 0) {
		socketio_session_expire_in(session, env_of(polling)->conf->socketio.close_timeout);
		answer_packets(polling, exchange);
	} else {
		begin_waiting(polling, exchange);
	}
}

static void on_post(struct socketio_session *session, struct http_exchange *exchange,
                    const struct dialect *dialect)
{
	struct buffer decoded = {0};
	struct text payload;

	if (!dialect->read(http_exchange_request(exchange)->body, &decoded, &payload) ||
	    !socketio_payload_is_valid(payload)) {
		socketio_session_count_bad(session);
		socketio_answer_text(exchange, 400, "the payload could not be read");
	} else {
		/* One that is late after a change of transport is taken all the same. */
		if (session->transport == NULL) {
			open_polling(session, dialect);
		}
		socketio_inbox_take(session, exchange, payload);
	}
	buffer_finish(&decoded);
}

static void on_request(struct socketio_session *session, struct http_exchange *exchange,
                       const struct dialect *dialect)
{
	if (http_exchange_request(exchange)->method == HTTP_METHOD_POST) {
		on_post(session, exchange, dialect);
	} else {
		on_poll(session, exchange, dialect);
	}
}

static void close_polling(struct socketio_session *session, enum close_reason reason)
{
	struct polling *polling = session->link;
	struct net *net = env_of(polling)->net;

	if (polling->waiting != NULL) {
		answer_packet(polling->dialect, end_waiting(polling),
		              reason == CLOSE_CLIENT_QUIT ? SOCKETIO_DISCONNECT : SOCKETIO_NOOP);
	}
	outbox_clear(&net->pool, &polling->packets);
	free(polling);
}

/* --- xhr-polling -------------------------------------------------------- */

static void answer_payload(struct http_exchange *poll, struct text payload)
{
	socketio_answer_body(poll, 200, SOCKETIO_PAYLOAD, payload);
}

static bool read_payload(struct text body, struct buffer *decoded, struct text *payload)
{
	(void)decoded;
	*payload = body;
	return true;
}

static const struct dialect xhr = {
    .transport = &socketio_polling_xhr,
    .growth_max = 1,
    .answer = answer_payload,
    .read = read_payload,
};

static void on_xhr_request(struct socketio_session *session, struct http_exchange *exchange)
{
	on_request(session, exchange, &xhr);
}

const struct socketio_transport socketio_polling_xhr = {
    .name = "xhr-polling",
    .kind = CLIENT_SOCKETIO_XHR_POLLING,
    .on_request = on_xhr_request,
    .send = send_packet,
    .deliver = deliver_change,
    .waiting = count_waiting,
    .close = close_polling,
};

/* --- jsonp-polling ------------------------------------------------------ */

static void answer_script(struct http_exchange *poll, struct text payload)
{
	struct text index = http_request_parameter(http_exchange_request(poll), "i");
	struct buffer script = {0};

	socketio_jsonp_write(index, payload, &script);
	socketio_answer_body(poll, 200, SOCKETIO_SCRIPT,
	                     (struct text){.bytes = script.bytes, .length = script.length});
	buffer_finish(&script);
}

static bool read_form(struct text body, struct buffer *decoded, struct text *payload)
{
	if (!socketio_jsonp_read(body, decoded)) {
		return false;
	}
	*payload = (struct text){.bytes = decoded->bytes, .length = decoded->length};
	return true;
}

static const struct dialect jsonp = {
    .transport = &socketio_polling_jsonp,
    .growth_max = SOCKETIO_SCRIPT_GROWTH_MAX,
    .answer = answer_script,
    .read = read_form,
};

static void on_jsonp_request(struct socketio_session *session, struct http_exchange *exchange)
{
	on_request(session, exchange, &jsonp);
}

const struct socketio_transport socketio_polling_jsonp = {
    .name = "jsonp-polling",
    .kind = CLIENT_SOCKETIO_JSONP_POLLING,
    .on_request = on_jsonp_request,
    .send = send_packet,
    .deliver = deliver_change,
    .waiting = count_waiting,
    .close = close_polling,
};
