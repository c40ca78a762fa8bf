/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_packet.h"

#include <string.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Give the first `length` bytes, which `rest` loses. */
static struct text take(struct text *rest, size_t length)
{
	struct text taken = {.bytes = rest->bytes, .length = length};

	rest->bytes += length;
	rest->length -= length;
	return taken;
}

static bool take_byte(struct text *rest, char byte)
{
	if (rest->length == 0 || rest->bytes[0] != byte) {
		return false;
	}
	(void)take(rest, 1);
	return true;
}

static bool take_type(struct text *rest, enum socketio_type *type)
{
	if (rest->length == 0 || rest->bytes[0] < '0' || rest->bytes[0] > '8') {
		return false;
	}
	*type = (enum socketio_type)(rest->bytes[0] - '0');
	(void)take(rest, 1);
	return take_byte(rest, ':');
}

static bool take_id(struct text *rest, struct socketio_packet *packet)
{
	size_t digits = 0;

	while (digits < rest->length && is_digit(rest->bytes[digits])) {
		digits++;
	}
	packet->id = take(rest, digits);
	packet->wants_answer = take_byte(rest, '+') && digits > 0;
	return digits <= SOCKETIO_ID_MAX && take_byte(rest, ':');
}

static bool take_endpoint(struct text *rest, struct socketio_packet *packet)
{
	const char *colon = memchr(rest->bytes, ':', rest->length);

	packet->endpoint = take(rest, colon != NULL ? (size_t)(colon - rest->bytes) : rest->length);
	for (size_t i = 0; i < packet->endpoint.length; i++) {
		unsigned char byte = (unsigned char)packet->endpoint.bytes[i];

		if (byte < ' ' || byte == 0x7f) {
			return false;
		}
	}
	return packet->endpoint.length <= SOCKETIO_ENDPOINT_MAX;
}

bool socketio_packet_read(struct text bytes, struct socketio_packet *packet)
{
	struct text rest = bytes;

	*packet = (struct socketio_packet){0};
	if (!take_type(&rest, &packet->type) || !take_id(&rest, packet) ||
	    !take_endpoint(&rest, packet)) {
		return false;
	}
	/* Only the third colon ends the endpoint; the data may hold more of them. */
	if (take_byte(&rest, ':')) {
		packet->data = rest;
	}
	return true;
}

void socketio_packet_write(const struct socketio_packet *packet, struct buffer *out)
{
	buffer_append_byte(out, (char)('0' + packet->type));
	buffer_append_byte(out, ':');
	buffer_append(out, packet->id.bytes, packet->id.length);
	if (packet->wants_answer) {
		buffer_append_byte(out, '+');
	}
	buffer_append_byte(out, ':');
	buffer_append(out, packet->endpoint.bytes, packet->endpoint.length);
	if (packet->data.bytes != NULL) {
		buffer_append_byte(out, ':');
		buffer_append(out, packet->data.bytes, packet->data.length);
	}
}
