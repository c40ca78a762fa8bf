/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the text.  A reference that turns out to be none costs at most
 * the bytes up to the next "&", or the length of the longest name: that keeps the
 * time linear for texts made of "&".
 */
#include "server/feed/irc_clean.h"

#include <stdbool.h>
#include <string.h>
#include <unistr.h>

#include "server/feed/html_references.h"

#define CODE_MAX              0x10ffff
#define REPLACEMENT_CHARACTER 0xfffd

static void append_character(ucs4_t code, struct buffer *out)
{
	char *at = buffer_reserve(out, 4);

	out->length += (size_t)u8_uctomb((uint8_t *)at, code, 4);
}

/*
 * What a numeric reference leaves.  MediaWiki takes HTML's rules and XML's
 * together: no control characters but TAB and LF, no surrogates, no U+FFFE and
 * U+FFFF; and it does not repair 128 to 159 as if they were Windows-1252.
 */
static ucs4_t allowed_code(ucs4_t code)
{
	bool is_allowed = code == '\t' || code == '\n' || (code >= 0x20 && code <= 0x7e) ||
	                  (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) ||
	                  (code >= 0x10000 && code <= CODE_MAX);

	if (!is_allowed) {
		return REPLACEMENT_CHARACTER;
	}
	return code == '\n' ? ' ' : code;
}

/* The value of a digit, or `base` when it is none. */
static unsigned digit_value(char byte, unsigned base)
{
	unsigned value = base;

	if (byte >= '0' && byte <= '9') {
		value = (unsigned)(byte - '0');
	} else if (byte >= 'a' && byte <= 'f') {
		value = (unsigned)(byte - 'a') + 10;
	} else if (byte >= 'A' && byte <= 'F') {
		value = (unsigned)(byte - 'A') + 10;
	}
	return value < base ? value : base;
}

/* Decode what begins with "&#".  Returns its length, 0 when it is no reference. */
static size_t decode_number(struct text text, struct buffer *out)
{
	bool is_hexadecimal = text.length > 2 && (text.bytes[2] == 'x' || text.bytes[2] == 'X');
	unsigned base = is_hexadecimal ? 16 : 10;
	size_t start = is_hexadecimal ? 3 : 2;
	size_t end = start;
	ucs4_t code = 0;

	while (end < text.length && digit_value(text.bytes[end], base) < base) {
		/* Any number over CODE_MAX is the same, so stop counting there. */
		if (code <= CODE_MAX) {
			code = code * base + digit_value(text.bytes[end], base);
		}
		end++;
	}
	if (end == start || end == text.length || text.bytes[end] != ';') {
		return 0;
	}
	append_character(allowed_code(code), out);
	return end + 1;
}

/* Decode "&name;".  Returns its length, 0 when nothing is named so. */
static size_t decode_name(struct text text, struct buffer *out)
{
	size_t length_max = 1 + HTML_REFERENCE_NAME_MAX + 1;
	const char *semicolon =
	    memchr(text.bytes, ';', text.length < length_max ? text.length : length_max);
	struct text name = {.bytes = text.bytes + 1};
	const char *decoded;

	if (semicolon == NULL) {
		return 0;
	}
	name.length = (size_t)(semicolon - name.bytes);
	decoded = html_references_find(name);
	if (decoded == NULL) {
		return 0;
	}
	buffer_append_text(out, decoded);
	return name.length + 2;
}

/* Take what begins with "&"; returns how many bytes that were. */
static size_t clean_reference(struct text text, struct buffer *out)
{
	bool is_number = text.length > 1 && text.bytes[1] == '#';
	size_t taken = is_number ? decode_number(text, out) : decode_name(text, out);

	if (taken == 0) {
		buffer_append_byte(out, '&');
		taken = 1;
	}
	return taken;
}

/* Take the bytes up to one that clean-up may change; returns how many. */
static size_t clean_plain(struct text text, struct buffer *out)
{
	size_t length = 0;

	while (length < text.length && text.bytes[length] != '&' && text.bytes[length] != '\n' &&
	       text.bytes[length] != '\r') {
		length++;
	}
	buffer_append(out, text.bytes, length);
	return length;
}

void irc_clean_text(struct text text, struct buffer *out)
{
	while (text.length > 0) {
		size_t taken = 1;

		if (text.bytes[0] == '&') {
			taken = clean_reference(text, out);
		} else if (text.bytes[0] == '\n') {
			buffer_append_byte(out, ' ');
		} else if (text.bytes[0] != '\r') {
			taken = clean_plain(text, out);
		}
		text.bytes += taken;
		text.length -= taken;
	}
}
