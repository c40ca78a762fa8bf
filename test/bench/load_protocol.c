/* SPDX-License-Identifier: Apache-2.0 */
#include "test/bench/load_protocol.h"

#include <string.h>

#define DIGITS 10

void load_title(uint32_t serial, struct buffer *out)
{
	if (serial == LOAD_UNMARKED) {
		buffer_append_text(out, "Unmarked change");
	} else {
		buffer_printf(out, LOAD_MARK "%0*u", DIGITS, serial);
	}
}

bool load_serial(const char *bytes, size_t length, uint32_t *serial)
{
	const char *mark = memmem(bytes, length, LOAD_MARK, strlen(LOAD_MARK));
	const char *digits;

	if (mark == NULL) {
		return false;
	}
	digits = mark + strlen(LOAD_MARK);
	if ((size_t)(bytes + length - digits) < DIGITS) {
		return false;
	}
	*serial = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9') {
			return false;
		}
		*serial = *serial * 10 + (uint32_t)(digits[i] - '0');
	}
	return true;
}
