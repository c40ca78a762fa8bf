/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_payload.h"

#include <string.h>

#include "server/base/memory.h"
#include "server/base/utf8.h"

/* U+FFFD, in front of and behind each length. */
#define MARK        "\xef\xbf\xbd"
#define MARK_LENGTH (sizeof(MARK) - 1)

/* Digits of a length: more than any body has bytes. */
#define LENGTH_DIGITS_MAX 9

/* Give the first `length` bytes, which `rest` loses. */
static struct text take(struct text *rest, size_t length)
{
	struct text taken = {.bytes = rest->bytes, .length = length};

	rest->bytes += length;
	rest->length -= length;
	return taken;
}

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
	while (digits < rest->length && rest->bytes[digits] >= '0' && rest->bytes[digits] <= '9') {
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

static size_t utf16_length(struct text text)
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
	buffer_printf(payload, MARK "%zu" MARK, utf16_length(packet));
	buffer_append(payload, packet.bytes, packet.length);
}
