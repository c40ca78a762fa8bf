/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/process: what the system says of this process. */
#include "server/base/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* process.h: descriptors are counted, and the one that counts them is not. */
static void test_process_counts_descriptors(void **state)
{
	struct process_figures before, after;
	int ends[2];

	(void)state;
	process_read(&before);
	assert_int_equal(pipe(ends), 0);
	process_read(&after);
	assert_int_equal(after.open_fds, before.open_fds + 2);
	close(ends[0]);
	close(ends[1]);
	process_read(&after);
	assert_int_equal(after.open_fds, before.open_fds);
}

/* process.h: the limit is the one that open(2) would meet. */
static void test_process_tells_its_limit(void **state)
{
	struct process_figures figures;
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	process_read(&figures);
	assert_int_equal(figures.max_fds, limit.rlim_cur);
}

/* process.h: memory that is touched is resident. */
static void test_process_tells_its_memory(void **state)
{
	struct process_figures before, after;
	size_t bytes = 32 << 20;
	char *block;

	(void)state;
	process_read(&before);
	assert_true(before.resident_bytes > 0);
	assert_true(before.virtual_bytes >= before.resident_bytes);
	block = malloc(bytes);
	assert_non_null(block);
	for (size_t i = 0; i < bytes; i += 1024) {
		((volatile char *)block)[i] = 1;
	}
	process_read(&after);
	assert_true(after.resident_bytes >= before.resident_bytes + bytes * 9 / 10);
	free(block);
}

/* process.h: processor time of the process, which is what clock(3) counts; one thread here. */
static void test_process_tells_its_time(void **state)
{
	struct process_figures before, after;
	clock_t begin = clock();

	(void)state;
	process_read(&before);
	while (clock() - begin < CLOCKS_PER_SEC / 5) {}
	process_read(&after);
	assert_true(after.cpu_s - before.cpu_s > 0.1);
	assert_true(after.cpu_s - before.cpu_s < 60);
	assert_true(after.threads >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_process_counts_descriptors),
	    cmocka_unit_test(test_process_tells_its_limit),
	    cmocka_unit_test(test_process_tells_its_memory),
	    cmocka_unit_test(test_process_tells_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
