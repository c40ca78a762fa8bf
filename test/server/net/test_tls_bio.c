/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_bio: what OpenSSL takes for a socket. */
#include "server/net/tls_bio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct rig {
	BIO_METHOD *method;
	struct tls_bio ends;
	BIO *bio;
};

static int set_up(void **state)
{
	static struct rig rig;

	rig = (struct rig){.method = tls_bio_method_create()};
	rig.bio = tls_bio_create(rig.method, &rig.ends);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(BIO_free(rig->bio), 1);
	BIO_meth_free(rig->method);
	buffer_finish(&rig->ends.out);
	return 0;
}

/* tls_bio.h: bytes are read where they are lent, as far as asked for. */
static void test_tls_bio_reads_what_is_lent(void **state)
{
	struct rig *rig = *state;
	char bytes[8];
	size_t length;

	rig->ends.in = "hello";
	rig->ends.in_length = 5;
	assert_int_equal(BIO_read_ex(rig->bio, bytes, 2, &length), 1);
	assert_int_equal(length, 2);
	assert_memory_equal(bytes, "he", 2);
	assert_int_equal(rig->ends.in_length, 3);
	assert_int_equal(BIO_read_ex(rig->bio, bytes, sizeof(bytes), &length), 1);
	assert_int_equal(length, 3);
	assert_memory_equal(bytes, "llo", 3);
}

/* BIO_should_retry(3): none there is no end, so that TLS waits for more. */
static void test_tls_bio_without_bytes_is_to_be_asked_again(void **state)
{
	struct rig *rig = *state;
	char byte;
	size_t length;

	assert_int_equal(BIO_read_ex(rig->bio, &byte, 1, &length), 0);
	assert_true(BIO_should_retry(rig->bio));
	assert_true(BIO_should_read(rig->bio));
	rig->ends.in = "x";
	rig->ends.in_length = 1;
	assert_int_equal(BIO_read_ex(rig->bio, &byte, 1, &length), 1);
	assert_false(BIO_should_retry(rig->bio));
}

/* tls_bio.h: what is written is gathered, and nothing is owned before. */
static void test_tls_bio_gathers_what_is_written(void **state)
{
	struct rig *rig = *state;
	size_t length;

	assert_null(rig->ends.out.bytes);
	assert_int_equal(BIO_write_ex(rig->bio, "one", 3, &length), 1);
	assert_int_equal(BIO_write_ex(rig->bio, "two", 3, &length), 1);
	assert_int_equal(BIO_flush(rig->bio), 1);
	assert_int_equal(rig->ends.out.length, 6);
	assert_memory_equal(rig->ends.out.bytes, "onetwo", 6);
}

int main(void)
{
#define BIO_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    BIO_TEST(test_tls_bio_reads_what_is_lent),
	    BIO_TEST(test_tls_bio_without_bytes_is_to_be_asked_again),
	    BIO_TEST(test_tls_bio_gathers_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
