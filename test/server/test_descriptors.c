/* SPDX-License-Identifier: Apache-2.0 */
/* server/descriptors: how many connections the limit on open files leaves room for. */
#include "server/descriptors.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void set_limit(rlim_t limit)
{
	struct rlimit now;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	now.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

/* The soft limit goes up to the hard one. */
static void test_descriptors_raise_the_limit(void **state)
{
	struct rlimit limit;

	(void)state;
	set_limit(100);
	descriptors_raise_limit();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur == limit.rlim_max);
	assert_true(limit.rlim_cur > 100);
}

/* What is open is taken off, and the reserve, or half of what is left. */
static void test_descriptors_keep_some_in_reserve(void **state)
{
	unsigned before;
	int opened[10];

	(void)state;
	set_limit(1000);
	before = descriptors_for_connections(64);
	assert_in_range(before, 1000 - 64 - 20, 1000 - 64);
	assert_int_equal(descriptors_for_connections(0), before + 64);
	assert_int_equal(descriptors_for_connections(UINT_MAX), (before + 64 + 1) / 2);
	for (size_t i = 0; i < 10; i++) {
		opened[i] = open("/dev/null", O_RDONLY);
		assert_true(opened[i] >= 0);
	}
	assert_int_equal(descriptors_for_connections(64), before - 10);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(close(opened[i]), 0);
	}
}

/* Never none: a server that lets nobody in says nothing to anybody. */
static void test_descriptors_leave_one(void **state)
{
	int lowest_free = dup(STDIN_FILENO);

	(void)state;
	assert_true(lowest_free >= 0);
	assert_int_equal(close(lowest_free), 0);
	set_limit((rlim_t)lowest_free + 1);
	assert_int_equal(descriptors_for_connections(64), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_descriptors_raise_the_limit),
	    cmocka_unit_test(test_descriptors_keep_some_in_reserve),
	    cmocka_unit_test(test_descriptors_leave_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
