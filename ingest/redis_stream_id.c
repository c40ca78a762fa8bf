/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Decimal digits only, of a number below 2^64. */
static bool parse_number(const char *text, size_t length, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';

		if (digit > 9 || *number > (UINT64_MAX - digit) / 10) {
			return false;
		}
		*number = *number * 10 + digit;
	}
	return length > 0;
}

bool redis_stream_id_parse(const char *text, size_t length, struct redis_stream_id *id)
{
	const char *dash = memchr(text, '-', length);
	size_t before = dash != NULL ? (size_t)(dash - text) : length;
	struct redis_stream_id parsed = {0};

	if (!parse_number(text, before, &parsed.ms) ||
	    (dash != NULL && !parse_number(dash + 1, length - before - 1, &parsed.sequence))) {
		return false;
	}
	*id = parsed;
	return true;
}

const char *redis_stream_id_text(struct redis_stream_id id, char text[REDIS_STREAM_ID_TEXT_MAX])
{
	(void)snprintf(text, REDIS_STREAM_ID_TEXT_MAX, "%" PRIu64 "-%" PRIu64, id.ms, id.sequence);
	return text;
}

int redis_stream_id_compare(struct redis_stream_id a, struct redis_stream_id b)
{
	if (a.ms != b.ms) {
		return a.ms < b.ms ? -1 : 1;
	}
	if (a.sequence != b.sequence) {
		return a.sequence < b.sequence ? -1 : 1;
	}
	return 0;
}
