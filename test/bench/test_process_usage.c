/* SPDX-License-Identifier: Apache-2.0 */
/* bench/process_usage: time and memory of a process. */
#include "bench/process_usage.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WORK_NS 20000000

/* Use WORK_NS of this thread's time. */
static void *work(void *unused)
{
	struct timespec used;

	do {
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	} while (used.tv_sec == 0 && used.tv_nsec < WORK_NS);
	return unused;
}

/* process_usage.h: the time of all threads, those that have ended among them. */
static void test_usage_counts_the_time_of_every_thread(void **state)
{
	struct process_usage before, after;
	pthread_t thread;

	(void)state;
	assert_true(process_usage_read(getpid(), &before));
	assert_int_equal(pthread_create(&thread, NULL, work, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(process_usage_read(getpid(), &after));
	assert_true(after.cpu_ns - before.cpu_ns >= WORK_NS);
}

/* process_usage.h: resident memory grows with the pages that are touched. */
static void test_usage_sees_memory_that_is_touched(void **state)
{
	const size_t size = 16 << 20;
	struct process_usage before, after;
	char *bytes;

	(void)state;
	assert_true(process_usage_read(getpid(), &before));
	bytes = malloc(size);
	assert_non_null(bytes);
	memset(bytes, 1, size);
	assert_true(process_usage_read(getpid(), &after));
	assert_true(after.rss_bytes >= before.rss_bytes + size / 2);
	free(bytes);
}

/* process_usage.h: false with errno for a process that has ended. */
static void test_usage_of_no_process_is_a_failure(void **state)
{
	struct process_usage usage;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	errno = 0;
	assert_false(process_usage_read(child, &usage));
	assert_int_not_equal(errno, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_usage_counts_the_time_of_every_thread),
	    cmocka_unit_test(test_usage_sees_memory_that_is_touched),
	    cmocka_unit_test(test_usage_of_no_process_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
