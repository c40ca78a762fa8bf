/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PROCESS_USAGE_H
#define BENCH_PROCESS_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What another process of this user costs.
 *
 * Threads: any.
 */
struct process_usage {
	uint64_t cpu_ns;    /* user and system time of all its threads, since it began */
	uint64_t rss_bytes; /* resident memory, without the kernel's for its sockets */
};

/* Read it; false, with errno set, when there is no such process. */
bool process_usage_read(pid_t process, struct process_usage *usage);

#endif
