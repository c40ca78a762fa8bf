/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_encode.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

#include "protocols/encodings.h"
#include "protocols/http/http_chunk.h"
#include "protocols/http/websocket_frame.h"
#include "protocols/socketio/socketio_script.h"

#define HEAD "5::/rc:{\"args\":["
#define TAIL "],\"name\":\"change\"}"

/* Two bytes of UTF-8 become six of "\uXXXX", which is the worst case. */
#define GROWTH_MAX 3

static char *put_unit(char *at, unsigned unit)
{
	static const char hex[] = "0123456789abcdef";

	*at++ = '\\';
	*at++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4) {
		*at++ = hex[(unit >> shift) & 0xf];
	}
	return at;
}

static char *put_escaped(char *at, ucs4_t character)
{
	if (character < 0x10000) {
		return put_unit(at, character);
	}
	character -= 0x10000;
	at = put_unit(at, 0xd800 + (character >> 10));
	return put_unit(at, 0xdc00 + (character & 0x3ff));
}

/* What is outside ASCII in JSON is inside a string, where an escape may stand for it. */
static void add_ascii(struct text json, struct buffer *out)
{
	char *begin = buffer_reserve(out, json.length * GROWTH_MAX);
	char *at = begin;

	for (size_t i = 0; i < json.length;) {
		ucs4_t character;

		if ((unsigned char)json.bytes[i] < 0x80) {
			*at++ = json.bytes[i++];
			continue;
		}
		i +=
		    (size_t)u8_mbtouc(&character, (const uint8_t *)json.bytes + i, json.length - i);
		at = put_escaped(at, character);
	}
	out->length += (size_t)(at - begin);
}

static void encode_packet(const struct encoder *encoder, const struct change *change,
                          struct buffer *out)
{
	(void)encoder;
	buffer_append(out, HEAD, sizeof(HEAD) - 1);
	add_ascii(change_json(change), out);
	buffer_append(out, TAIL, sizeof(TAIL) - 1);
}

void socketio_encode_positioned(const struct change *change, const char *position,
                                struct buffer *out)
{
	buffer_append(out, HEAD, sizeof(HEAD) - 1);
	add_ascii(change_json(change), out);
	buffer_printf(out, ",\"%s\"" TAIL, position);
}

static void encode_frame(const struct encoder *encoder, const struct change *change,
                         struct buffer *out)
{
	struct buffer packet = {0};

	encode_packet(encoder, change, &packet);
	websocket_frame_text(out, packet.bytes, packet.length);
	buffer_finish(&packet);
}

void socketio_encode_script_element(struct text packet, struct buffer *out)
{
	buffer_append_text(out, "<script>_(");
	socketio_script_string(packet, SOCKETIO_SCRIPT_PAGE, out);
	buffer_append_text(out, ");</script>");
}

void socketio_encode_script_chunk(struct text packet, struct buffer *out)
{
	struct buffer element = {0};

	socketio_encode_script_element(packet, &element);
	http_chunk_write(out, (struct text){.bytes = element.bytes, .length = element.length});
	buffer_finish(&element);
}

static void encode_script(const struct encoder *encoder, const struct change *change,
                          struct buffer *out)
{
	struct buffer packet = {0};

	encode_packet(encoder, change, &packet);
	socketio_encode_script_chunk((struct text){.bytes = packet.bytes, .length = packet.length},
	                             out);
	buffer_finish(&packet);
}

const struct encoder socketio_encode_packet = {
    .name = "socketio.packet",
    .slot = ENCODING_SOCKETIO_PACKET,
    .encode = encode_packet,
};

const struct encoder socketio_encode_frame = {
    .name = "socketio.frame",
    .slot = ENCODING_SOCKETIO_FRAME,
    .encode = encode_frame,
};

const struct encoder socketio_encode_script = {
    .name = "socketio.script",
    .slot = ENCODING_SOCKETIO_SCRIPT,
    .encode = encode_script,
};
