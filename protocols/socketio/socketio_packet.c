/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A payload is checked as a whole before any packet of it is acted upon, so that
 * a client that miscounts loses the request and not half of what it says.
 */
#include "protocols/socketio/socketio_packet.h"

#include <string.h>

#include "server/base/memory.h"
#include "server/base/utf8.h"

/* U+FFFD, in front of and behind each length. */
#define MARK        "\xef\xbf\xbd"
#define MARK_LENGTH (sizeof(MARK) - 1)

/* Digits of a length: whole bodies are far shorter than this allows. */
#define LENGTH_DIGITS_MAX 9

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

/* --- one packet --------------------------------------------------------- */

static bool take_type(struct text *rest, enum socketio_type *type)
{
	char digit = rest->length > 0 ? rest->bytes[0] : '\0';

	if (digit < '0' || digit > '8') {
		return false;
	}
	*type = (enum socketio_type)(digit - '0');
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

/* --- payloads ----------------------------------------------------------- */

static bool take_mark(struct text *rest)
{
	if (rest->length < MARK_LENGTH || memcmp(rest->bytes, MARK, MARK_LENGTH) != 0) {
		return false;
	}
	(void)take(rest, MARK_LENGTH);
	return true;
}

static bool take_length(struct text *rest, size_t *units)
{
	size_t digits = 0;

	*units = 0;
	while (digits < rest->length && is_digit(rest->bytes[digits])) {
		if (digits == LENGTH_DIGITS_MAX) {
			return false;
		}
		*units = *units * 10 + (size_t)(rest->bytes[digits] - '0');
		digits++;
	}
	(void)take(rest, digits);
	return digits > 0;
}

/* Bytes and UTF-16 units of the character that begins with `lead`, of valid UTF-8. */
static size_t character_bytes(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static size_t character_units(unsigned char lead)
{
	return lead < 0xf0 ? 1 : 2;
}

size_t socketio_utf16_length(struct text text)
{
	size_t units = 0;

	for (size_t i = 0; i < text.length;) {
		unsigned char lead = (unsigned char)text.bytes[i];

		units += character_units(lead);
		i += character_bytes(lead);
	}
	return units;
}

/* Take `units` UTF-16 units; false when the text ends, or a pair is cut, before. */
static bool take_units(struct text *rest, size_t units, struct text *taken)
{
	size_t length = 0;

	while (units > 0 && length < rest->length) {
		unsigned char lead = (unsigned char)rest->bytes[length];

		if (character_units(lead) > units) {
			return false;
		}
		units -= character_units(lead);
		length += character_bytes(lead);
	}
	*taken = take(rest, length);
	return units == 0;
}

static bool take_framed(struct text *payload, struct text *packet)
{
	size_t units;

	return take_mark(payload) && take_length(payload, &units) && take_mark(payload) &&
	       take_units(payload, units, packet);
}

static bool is_framed(struct text payload)
{
	return take_mark(&payload);
}

bool socketio_payload_is_valid(struct text payload)
{
	struct text packet;
	size_t packets = 0;

	if (!utf8_is_valid(payload.bytes, payload.length)) {
		return false;
	}
	if (!is_framed(payload)) {
		return true;
	}
	while (payload.length > 0) {
		if (!take_framed(&payload, &packet) || ++packets > SOCKETIO_PAYLOAD_PACKETS_MAX) {
			return false;
		}
	}
	return true;
}

bool socketio_payload_next(struct text *payload, struct text *packet)
{
	if (payload->length == 0) {
		return false;
	}
	if (!is_framed(*payload)) {
		*packet = take(payload, payload->length);
		return true;
	}
	require(take_framed(payload, packet));
	return true;
}

void socketio_payload_add(struct buffer *payload, struct text packet)
{
	buffer_printf(payload, MARK "%zu" MARK, socketio_utf16_length(packet));
	buffer_append(payload, packet.bytes, packet.length);
}
