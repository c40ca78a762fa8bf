/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

/* Whether the next bytes are ASCII, as many as fit a word. */
static bool is_ascii_word(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (word & UINT64_C(0x8080808080808080)) == 0;
}

/*
 * Most of what comes is ASCII and looked at a word at a time.  A part that ends where ASCII begins
 * holds whole characters, or is not valid whatever follows.
 */
bool utf8_is_valid(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t start = at;

		while (at < length &&
		       (length - at < sizeof(uint64_t) || !is_ascii_word(bytes + at))) {
			at += length - at < sizeof(uint64_t) ? length - at : sizeof(uint64_t);
		}
		if (u8_check((const uint8_t *)bytes + start, at - start) != NULL) {
			return false;
		}
		while (length - at >= sizeof(uint64_t) && is_ascii_word(bytes + at)) {
			at += sizeof(uint64_t);
		}
	}
	return true;
}

size_t utf8_cut(const char *bytes, size_t length, size_t length_max)
{
	size_t cut = length_max;

	if (length <= length_max) {
		return length;
	}
	while (cut > 0 && ((unsigned char)bytes[cut] & 0xc0) == 0x80) {
		cut--;
	}
	return cut;
}
