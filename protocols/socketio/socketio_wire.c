/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_wire.h"

#include "protocols/http/websocket_frame.h"
#include "protocols/socketio/socketio_encode.h"
#include "protocols/socketio/socketio_session.h"
#include "protocols/socketio/socketio_since.h"

static const struct encoder *const encoders[SOCKETIO_FORMS] = {
    [SOCKETIO_FORM_PACKET] = &socketio_encode_packet,
    [SOCKETIO_FORM_FRAME] = &socketio_encode_frame,
    [SOCKETIO_FORM_SCRIPT] = &socketio_encode_script,
};

void socketio_wires_clear(struct socketio_wires *wires)
{
	for (unsigned form = 0; form < SOCKETIO_FORMS; form++) {
		if (wires->wires[form] != NULL) {
			wire_unref(wires->wires[form]);
		}
	}
	*wires = (struct socketio_wires){0};
}

/* Add the form of a packet. */
static void write_form(struct text packet, enum socketio_form form, struct buffer *out)
{
	switch (form) {
	case SOCKETIO_FORM_FRAME:
		websocket_frame_text(out, packet.bytes, packet.length);
		break;
	case SOCKETIO_FORM_SCRIPT:
		socketio_encode_script_chunk(packet, out);
		break;
	default:
		buffer_append(out, packet.bytes, packet.length);
		break;
	}
}

static struct wire *make_wire(const struct socketio_session *session, const struct change *change,
                              enum socketio_form form)
{
	char position[SOCKETIO_POSITION_MAX];
	struct buffer packet = {0};
	struct buffer form_bytes = {0};

	socketio_position_write(session->sessions->env->status->started_ms, change->id, position);
	socketio_encode_positioned(change, position, &packet);
	write_form((struct text){.bytes = packet.bytes, .length = packet.length}, form,
	           &form_bytes);
	buffer_finish(&packet);
	return wire_take(&form_bytes);
}

struct wire *socketio_wire(struct socketio_session *session, struct delivery *delivery,
                           enum socketio_form form)
{
	struct socketio_wires *wires = &session->sessions->wires;
	const struct change *change = delivery_change(delivery);

	if (session->following == NULL) {
		return delivery_wire(delivery, encoders[form]);
	}
	if (wires->change != change || wires->change_id != change->id) {
		socketio_wires_clear(wires);
		wires->change = change;
		wires->change_id = change->id;
	}
	if (wires->wires[form] == NULL) {
		wires->wires[form] = make_wire(session, change, form);
	}
	return wires->wires[form];
}
