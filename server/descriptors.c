/* SPDX-License-Identifier: Apache-2.0 */
#include "server/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#include "server/base/log.h"

/* Kept in reserve: this many, or of few descriptors one in eight. */
#define SPARE 64

/* What a server opens before its clients come is below this: some eight for each worker. */
#define LOOKED_AT 8192

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

/* Asked one by one: /proc may not be there. */
static rlim_t count_open(void)
{
	rlim_t open = 0;

	for (int descriptor = 0; descriptor < LOOKED_AT; descriptor++) {
		open += fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
	}
	return open;
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
