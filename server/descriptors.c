/* SPDX-License-Identifier: Apache-2.0 */
#include "server/descriptors.h"

#include <limits.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/base/log.h"

/* Kept in reserve: this many, or of few descriptors one in eight. */
#define SPARE 64

static const struct log_scope log_scope = {.name = "server"};

void descriptors_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return;
	}
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	log_info(&log_scope, "server.descriptors", "at most %llu open files",
	         (unsigned long long)limit.rlim_cur);
}

/* The kernel gives the lowest number that is free, so as many are open, or a few more. */
static rlim_t count_open(void)
{
	int lowest_free = eventfd(0, EFD_CLOEXEC);

	if (lowest_free < 0) {
		return 0;
	}
	(void)close(lowest_free);
	return (rlim_t)lowest_free;
}

unsigned descriptors_for_connections(void)
{
	struct rlimit limit;
	rlim_t taken = count_open();

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return UINT_MAX;
	}
	taken += limit.rlim_cur / 8 < SPARE ? limit.rlim_cur / 8 : SPARE;
	if (limit.rlim_cur <= taken) {
		return 1;
	}
	return limit.rlim_cur - taken < UINT_MAX ? (unsigned)(limit.rlim_cur - taken) : UINT_MAX;
}
