/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/json_text.h"

#include <unistr.h>

#include "server/base/memory.h"

#define TIMES_4(width)  width, width, width, width
#define TIMES_16(width) TIMES_4(width), TIMES_4(width), TIMES_4(width), TIMES_4(width)

/* What each byte of UTF-8 becomes: the first of a character stands for all of it. */
/* clang-format off */
static const unsigned char widths[256] = {
    TIMES_4(6), TIMES_4(6), 2, 2, 2, 6, 2, 2, 6, 6,     /* BS, TAB, LF, FF, CR */
    TIMES_16(6),                                        /* the other controls */
    1, 1, 2, 1, 1, 1, 6, 1, TIMES_4(1), TIMES_4(1),     /* quote, "&" */
    TIMES_4(1), TIMES_4(1), TIMES_4(1), 6, 1, 6, 1,     /* digits, "<", ">" */
    TIMES_16(1),                                        /* "@" to "O" */
    TIMES_4(1), TIMES_4(1), TIMES_4(1), 2, 1, 1, 1,     /* backslash */
    TIMES_16(1), TIMES_16(1),                           /* to DEL */
    TIMES_16(0), TIMES_16(0), TIMES_16(0), TIMES_16(0), /* the rest of a character */
    TIMES_16(6), TIMES_16(6), TIMES_16(6),              /* the first of two or three */
    TIMES_16(12),                                       /* of four: a pair of escapes */
};
/* clang-format on */

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

static void write_escaped(ucs4_t code, struct buffer *out)
{
	const char *escape = short_escape(code);

	if (escape != NULL) {
		buffer_append_text(out, escape);
	} else if (code < 0x10000) {
		write_unit(code, out);
	} else {
		write_unit(0xd7c0 + (code >> 10), out);
		write_unit(0xdc00 + (code & 0x3ff), out);
	}
}

/* How many bytes at the beginning stay as they are. */
static size_t plain_length(struct text text)
{
	size_t length = 0;

	while (length < text.length && widths[(unsigned char)text.bytes[length]] == 1) {
		length++;
	}
	return length;
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
		size_t length = plain_length(text);

		if (length > 0) {
			buffer_append(out, text.bytes, length);
		} else {
			int escaped = u8_mbtoucr(&code, (const uint8_t *)text.bytes, text.length);

			require(escaped > 0);
			write_escaped(code, out);
			length = (size_t)escaped;
		}
		text.bytes += length;
		text.length -= length;
	}
	buffer_append_byte(out, '"');
}

size_t json_text_length(struct text text)
{
	size_t length = 2;

	if (text.bytes == NULL) {
		return sizeof("null") - 1;
	}
	for (size_t i = 0; i < text.length; i++) {
		length += widths[(unsigned char)text.bytes[i]];
	}
	return length;
}
