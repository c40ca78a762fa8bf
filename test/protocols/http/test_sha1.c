/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/sha1.h"

static void expect(const char *text, const char *expected)
{
	uint8_t digest[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];

	sha1_digest(text, strlen(text), digest);
	for (size_t i = 0; i < SHA1_BYTES; i++) {
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	}
	assert_string_equal(hex, expected);
}

/* FIPS 180-4, and the examples NIST publishes for it: one block and two. */
static void test_sha1_gives_the_published_digests(void **state)
{
	(void)state;
	expect("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	expect("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
	expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	       "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

/* §5.1.1: where the padding begins a block of its own, and the most that is taken. */
static void test_sha1_pads_at_the_borders_of_blocks(void **state)
{
	static const struct {
		size_t length;
		const char *digest;
	} rows[] = {
	    {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
	    {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
	    {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
	    {SHA1_LENGTH_MAX, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[SHA1_LENGTH_MAX + 1] = {0};

		memset(text, 'a', rows[i].length);
		expect(text, rows[i].digest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha1_gives_the_published_digests),
	    cmocka_unit_test(test_sha1_pads_at_the_borders_of_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
