/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/clock.h"

#include <time.h>

static uint64_t read_ms(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void clock_update(struct clock *clock)
{
	clock->now_ms = read_ms(CLOCK_MONOTONIC);
	clock->wall_ms = read_ms(CLOCK_REALTIME);
}
