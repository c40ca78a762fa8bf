/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/utf8.h"

#include <unistr.h>

bool utf8_is_valid(const char *bytes, size_t length)
{
	return u8_check((const uint8_t *)bytes, length) == NULL;
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
