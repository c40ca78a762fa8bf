/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/backoff.h"

#include "server/base/random.h"

static uint32_t at_least(uint32_t value, uint32_t limit)
{
	return value > limit ? value : limit;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

void backoff_init(struct backoff *backoff)
{
	backoff_set_min(backoff, BACKOFF_MIN_MS);
	backoff_reset(backoff);
}

void backoff_set_min(struct backoff *backoff, uint32_t min_ms)
{
	backoff->min_ms = at_most(at_least(min_ms, BACKOFF_MIN_MS), BACKOFF_RAISED_MAX_MS);
	backoff->span_ms = at_least(backoff->span_ms, 2 * backoff->min_ms);
}

uint32_t backoff_min_ms(const struct backoff *backoff)
{
	return backoff->min_ms;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->span_ms = 2 * backoff->min_ms;
}

uint32_t backoff_next_ms(struct backoff *backoff)
{
	uint32_t half_ms = backoff->span_ms / 2;
	uint32_t span_max_ms = at_least(BACKOFF_MAX_MS, 2 * backoff->min_ms);
	uint32_t random;

	random_fill(&random, sizeof(random));
	backoff->span_ms = at_most(2 * backoff->span_ms, span_max_ms);
	return half_ms + (uint32_t)(((uint64_t)random * (half_ms + 1)) >> 32);
}
