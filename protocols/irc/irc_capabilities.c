/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_capabilities.h"

#include <string.h>

#include "server/base/memory.h"

static const struct capability_row {
	const char *name;
	const char *value;
} rows[] = {
#define CAPABILITY(id, row_name, row_value) \
	[IRC_CAPABILITY_##id] = {.name = (row_name), .value = (row_value)},
#include "protocols/irc/irc_capabilities.def"
#undef CAPABILITY
};

const char *irc_capabilities_name(enum irc_capability_index index)
{
	require(index < IRC_CAPABILITIES);
	return rows[index].name;
}

static unsigned bit_of(enum irc_capability_index index)
{
	return 1u << index;
}

/* The first one in `bits` from `index` on. */
static enum irc_capability_index find_from(enum irc_capability_index index, unsigned bits)
{
	while (index < IRC_CAPABILITIES && (bits & bit_of(index)) == 0) {
		index++;
	}
	return index;
}

bool irc_capabilities_write(struct buffer *out, unsigned bits, bool with_values, size_t length_max,
                            enum irc_capability_index *next)
{
	size_t start = out->length;

	for (*next = find_from(*next, bits); *next < IRC_CAPABILITIES;
	     *next = find_from(*next + 1, bits)) {
		const struct capability_row *row = &rows[*next];
		const char *value = with_values ? row->value : "";
		const char *equals = value[0] != '\0' ? "=" : "";
		const char *space = out->length > start ? " " : "";
		size_t length = strlen(space) + strlen(row->name) + strlen(equals) + strlen(value);

		if (out->length > start && out->length - start + length > length_max) {
			return true;
		}
		buffer_printf(out, "%s%s%s%s", space, row->name, equals, value);
	}
	return false;
}

static unsigned find_bit(const char *name, size_t length)
{
	for (enum irc_capability_index i = 0; i < IRC_CAPABILITIES; i++) {
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0) {
			return bit_of(i);
		}
	}
	return 0;
}

bool irc_capabilities_request(const char *request, unsigned *bits)
{
	unsigned result = *bits;

	while (*(request += strspn(request, " ")) != '\0') {
		bool is_off = *request == '-';
		const char *name = request + (is_off ? 1 : 0);
		size_t length = strcspn(name, " ");
		unsigned bit = find_bit(name, length);

		if (bit == 0) {
			return false;
		}
		result = is_off ? result & ~bit : result | bit;
		request = name + length;
	}
	*bits = result;
	return true;
}
