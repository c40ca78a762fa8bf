/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_wires.h"

#include "protocols/http/websocket_frame.h"
#include "protocols/irc/irc_server.h"

#define LINE_END_LENGTH 2 /* CR LF */

void irc_wires_init(struct irc_wires *wires, const struct irc_server *server)
{
	*wires = (struct irc_wires){.server = server};
}

void irc_wires_finish(struct irc_wires *wires)
{
	if (wires->delivery == NULL) {
		return;
	}
	for (size_t framing = 0; framing < IRC_FRAMINGS; framing++) {
		for (size_t tags = 0; tags <= IRC_TAGS_ALL; tags++) {
			if (wires->variants[framing][tags] != NULL) {
				wire_unref(wires->variants[framing][tags]);
			}
		}
	}
	delivery_unref(wires->delivery);
	irc_wires_init(wires, wires->server);
}

static struct wire *frame(struct buffer *line, enum irc_framing framing)
{
	size_t length = line->length - LINE_END_LENGTH;
	struct buffer out = {0};

	if (framing == IRC_FRAMING_STREAM) {
		return wire_take(line);
	}
	if (framing == IRC_FRAMING_TEXT_FRAME) {
		websocket_frame_text(&out, line->bytes, length);
	} else {
		websocket_frame_binary(&out, line->bytes, length);
	}
	return wire_take(&out);
}

static struct wire *make(const struct irc_wires *wires, const struct wire *plain, unsigned tags,
                         enum irc_framing framing)
{
	struct buffer line = {0};
	struct wire *wire;

	irc_tags_append(&line, wires->server, delivery_change(wires->delivery), tags, NULL);
	buffer_append(&line, plain->bytes, plain->length);
	wire = frame(&line, framing);
	buffer_finish(&line);
	return wire;
}

struct wire *irc_wires_get(struct irc_wires *wires, struct delivery *delivery, unsigned tags,
                           enum irc_framing framing)
{
	struct wire *plain = delivery_wire(delivery, &wires->server->encoder.encoder);
	struct wire **variant;

	if (plain == NULL || (tags == 0 && framing == IRC_FRAMING_STREAM)) {
		return plain;
	}
	if (wires->delivery != delivery) {
		/* Kept by a reference, so that another at the same address is not taken for it. */
		irc_wires_finish(wires);
		wires->delivery = delivery_ref(delivery);
	}
	variant = &wires->variants[framing][tags];
	if (*variant == NULL) {
		*variant = make(wires, plain, tags, framing);
	}
	return *variant;
}
