/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/random: bytes of the kernel's, as many as were asked for. */
#include "server/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

/* random.h: two draws of 128 bits agree once in 2^128. */
static void test_random_draws_differ(void **state)
{
	unsigned char first[16] = {0};
	unsigned char second[16] = {0};

	(void)state;
	random_fill(first, sizeof(first));
	random_fill(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
}

/* random.h: exactly `length` bytes are written, none for a length of 0. */
static void test_random_fills_what_was_asked_and_no_more(void **state)
{
	unsigned char bytes[32];
	unsigned char untouched[32];

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	memset(untouched, 0x5a, sizeof(untouched));
	random_fill(bytes, 0);
	assert_memory_equal(bytes, untouched, sizeof(bytes));
	random_fill(bytes + 8, 16);
	assert_memory_equal(bytes, untouched, 8);
	assert_memory_not_equal(bytes + 8, untouched, 16);
	assert_memory_equal(bytes + 24, untouched, 8);
}

/*
 * getrandom(2) promises no more than 256 bytes at once: a large request is filled to its
 * end.  Every 64 bytes hold some that are not zero (all zero: once in 2^512).
 */
static void test_random_fills_large_requests_to_the_end(void **state)
{
	static const unsigned char zeroes[64];
	const size_t length = (size_t)1024 * 1024;
	unsigned char *bytes = mem_zeroed(length);

	(void)state;
	random_fill(bytes, length);
	for (size_t at = 0; at < length; at += sizeof(zeroes)) {
		assert_memory_not_equal(bytes + at, zeroes, sizeof(zeroes));
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_draws_differ),
	    cmocka_unit_test(test_random_fills_what_was_asked_and_no_more),
	    cmocka_unit_test(test_random_fills_large_requests_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
