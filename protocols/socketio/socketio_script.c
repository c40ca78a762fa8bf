/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_script.h"

#include <stdbool.h>
#include <string.h>
#include <unistr.h>

#include "server/base/memory.h"

#define REPLACEMENT 0xfffd /* the mark in front of and behind a payload's lengths */

static void add_unit(unsigned unit, struct buffer *out)
{
	buffer_printf(out, "\\u%04x", unit);
}

/* One that is not itself in a string. */
static void add_special(ucs4_t code, struct buffer *out)
{
	if (code == '"' || code == '\\' || code == '/') {
		buffer_append_byte(out, '\\');
		buffer_append_byte(out, (char)code);
	} else if (code == REPLACEMENT) {
		buffer_append_text(out, "\xef\xbf\xbd");
	} else if (code < 0x10000) {
		add_unit(code, out);
	} else {
		add_unit(0xd7c0 + (code >> 10), out);
		add_unit(0xdc00 + (code & 0x3ff), out);
	}
}

/* Whether a byte stands for itself. */
static bool is_plain(char byte, enum socketio_script_place place)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\' &&
	       ((byte != '/' && byte != '<') || place == SOCKETIO_SCRIPT_FILE);
}

/* Most of a packet is plain, and goes in runs. */
static size_t plain_length(struct text text, enum socketio_script_place place)
{
	size_t length = 0;

	while (length < text.length && is_plain(text.bytes[length], place)) {
		length++;
	}
	return length;
}

void socketio_script_string(struct text text, enum socketio_script_place place, struct buffer *out)
{
	buffer_append_byte(out, '"');
	while (text.length > 0) {
		size_t plain = plain_length(text, place);
		ucs4_t code;
		int taken;

		buffer_append(out, text.bytes, plain);
		text.bytes += plain;
		text.length -= plain;
		if (text.length == 0) {
			break;
		}
		taken = u8_mbtoucr(&code, (const uint8_t *)text.bytes, text.length);
		require(taken > 0);
		add_special(code, out);
		text.bytes += taken;
		text.length -= (size_t)taken;
	}
	buffer_append_byte(out, '"');
}
