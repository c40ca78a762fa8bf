/* SPDX-License-Identifier: Apache-2.0 */
#include "server/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#include "server/base/log.h"

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
	rlim_t count = 0;

	for (int descriptor = 0; descriptor < LOOKED_AT; descriptor++) {
		count += fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
	}
	return count;
}

unsigned descriptors_for_connections(unsigned reserve)
{
	rlim_t taken = count_open();
	struct rlimit limit;
	rlim_t left;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return UINT_MAX;
	}
	left = limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
	left -= reserve < left / 2 ? reserve : left / 2;
	if (left > UINT_MAX) {
		return UINT_MAX;
	}
	return left > 0 ? (unsigned)left : 1;
}
