/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/process_usage.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* From smaps_rollup (proc(5)), which is exact where `status` lags by some pages a thread. */
static bool read_rss(pid_t process, uint64_t *rss_bytes)
{
	char path[64], line[256];
	unsigned long kilobytes;
	FILE *file;
	bool is_found = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)process);
	file = fopen(path, "r");
	if (file == NULL) {
		return false;
	}
	while (!is_found && fgets(line, sizeof(line), file) != NULL) {
		is_found = sscanf(line, "Rss: %lu kB", &kilobytes) == 1;
	}
	(void)fclose(file);
	if (is_found) {
		*rss_bytes = (uint64_t)kilobytes * 1024;
	} else {
		errno = ENODATA;
	}
	return is_found;
}

bool process_usage_read(pid_t process, struct process_usage *usage)
{
	struct timespec used;
	clockid_t clock;
	int status = clock_getcpuclockid(process, &clock);

	if (status != 0) {
		errno = status;
		return false;
	}
	if (clock_gettime(clock, &used) != 0) {
		return false;
	}
	usage->cpu_ns = (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
	return read_rss(process, &usage->rss_bytes);
}
