/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/json_text.h"

#include <unistr.h>

#include "server/base/memory.h"

/* The short escape of a byte, NULL when it has none. */
static const char *short_escape(ucs4_t code)
{
	switch (code) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	/* PHP writes these three with capitals, all others without. */
	case '&':
		return "\\u0026";
	case '<':
		return "\\u003C";
	case '>':
		return "\\u003E";
	default:
		return NULL;
	}
}

static void write_unit(unsigned unit, struct buffer *out)
{
	static const char digits[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u'};

	for (int i = 0; i < 4; i++) {
		escape[2 + i] = digits[(unit >> (12 - 4 * i)) & 0xf];
	}
	buffer_append(out, escape, sizeof(escape));
}

static void write_character(ucs4_t code, struct buffer *out)
{
	const char *escape = short_escape(code);

	if (escape != NULL) {
		buffer_append_text(out, escape);
	} else if (code >= 0x20 && code < 0x80) {
		buffer_append_byte(out, (char)code);
	} else if (code < 0x10000) {
		write_unit(code, out);
	} else {
		write_unit(0xd7c0 + (code >> 10), out);
		write_unit(0xdc00 + (code & 0x3ff), out);
	}
}

void json_text_write(struct text text, struct buffer *out)
{
	ucs4_t code;

	if (text.bytes == NULL) {
		buffer_append_text(out, "null");
		return;
	}
	buffer_append_byte(out, '"');
	while (text.length > 0) {
		int length = u8_mbtoucr(&code, (const uint8_t *)text.bytes, text.length);

		require(length > 0);
		write_character(code, out);
		text.bytes += length;
		text.length -= (size_t)length;
	}
	buffer_append_byte(out, '"');
}
