/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_FAKE_TRANSPORT_H
#define TEST_PROTOCOLS_SOCKETIO_FAKE_TRANSPORT_H

#include "protocols/socketio/socketio_wire.h"
#include "test/protocols/socketio/world.h"

/* A transport that writes down what it is told to send, a line for each packet. */
struct fake_transport {
	struct buffer sent;
	unsigned closes;
	enum close_reason reason; /* of the last close */
	size_t waiting;           /* bytes the client has not taken */
	bool ends_on_delivery;    /* as a queue over its limit does */
};

static inline void fake_write_down(struct socketio_session *session, struct text packet)
{
	struct fake_transport *fake = session->link;

	buffer_append(&fake->sent, packet.bytes, packet.length);
	buffer_append_byte(&fake->sent, '\n');
}

static inline void fake_deliver(struct socketio_session *session, struct delivery *delivery)
{
	const struct fake_transport *fake = session->link;
	const struct wire *wire = socketio_wire(session, delivery, SOCKETIO_FORM_PACKET);

	if (fake->ends_on_delivery) {
		socketio_session_end(session, CLOSE_SENDQ_EXCEEDED);
		return;
	}
	fake_write_down(session, (struct text){.bytes = wire->bytes, .length = wire->length});
}

static inline size_t fake_waiting(const struct socketio_session *session)
{
	const struct fake_transport *fake = session->link;

	return fake->waiting;
}

static inline void fake_close(struct socketio_session *session, enum close_reason reason)
{
	struct fake_transport *fake = session->link;

	fake->closes++;
	fake->reason = reason;
}

static const struct socketio_transport fake_transport = {
    .name = "fake",
    .send = fake_write_down,
    .deliver = fake_deliver,
    .waiting = fake_waiting,
    .close = fake_close,
};

/* A session of its own world, open by a fake transport. */
struct stage {
	struct world world;
	struct socketio_sessions sessions;
	struct fake_transport fake;
	struct socketio_session *session;
};

/* What was sent since the last call is these lines. */
static inline void stage_expect(struct stage *stage, const char *lines)
{
	assert_text_is(buffer_text(&stage->fake.sent), lines);
	buffer_clear(&stage->fake.sent);
}

static inline void stage_init(struct stage *stage)
{
	*stage = (struct stage){0};
	world_init(&stage->world);
	socketio_sessions_init(&stage->sessions, &stage->world.env);
	stage->session = socketio_session_create(&stage->sessions);
	assert_non_null(stage->session);
	socketio_session_open(stage->session, &fake_transport, &stage->fake, 60);
	stage_expect(stage, "1::\n");
}

static inline void stage_finish(struct stage *stage)
{
	socketio_sessions_finish(&stage->sessions);
	assert_int_equal(stage->world.metrics.socketio_sessions, 0);
	assert_int_equal(stage->world.metrics.socketio_clients, 0);
	buffer_finish(&stage->fake.sent);
	world_finish(&stage->world);
}

static inline void stage_take(struct stage *stage, const char *packet)
{
	socketio_session_take(stage->session, text_of(packet));
}

#endif
