/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_overlap.h"

#include <string.h>

#include "server/base/memory.h"

static bool is_last(const struct redis_overlap *overlap, struct text channel, struct text payload)
{
	const struct buffer *last = &overlap->last;

	return overlap->had_by != 0 && overlap->channel_length == channel.length &&
	       last->length == channel.length + payload.length &&
	       memcmp(last->bytes, channel.bytes, channel.length) == 0 &&
	       memcmp(last->bytes + channel.length, payload.bytes, payload.length) == 0;
}

bool redis_overlap_is_first(struct redis_overlap *overlap, size_t pattern, struct text channel,
                            struct text payload)
{
	uint64_t bit = (uint64_t)1 << pattern;

	require(pattern < REDIS_OVERLAP_PATTERNS_MAX);
	if ((overlap->had_by & bit) == 0 && is_last(overlap, channel, payload)) {
		overlap->had_by |= bit;
		return false;
	}
	buffer_clear(&overlap->last);
	buffer_append(&overlap->last, channel.bytes, channel.length);
	buffer_append(&overlap->last, payload.bytes, payload.length);
	overlap->channel_length = channel.length;
	overlap->had_by = bit;
	return true;
}

void redis_overlap_reset(struct redis_overlap *overlap)
{
	overlap->had_by = 0;
}

void redis_overlap_finish(struct redis_overlap *overlap)
{
	buffer_finish(&overlap->last);
}
