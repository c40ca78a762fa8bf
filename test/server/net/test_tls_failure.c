/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_failure: OpenSSL's errors in an operator's words. */
#include "server/net/tls_failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* tls_failure.h: what an operator can act on has a word of its own. */
static void test_tls_failure_has_a_word_for_it(void **state)
{
	static const struct {
		int reason;
		enum tls_failure failure;
	} cases[] = {
	    {SSL_R_HTTP_REQUEST, TLS_FAILURE_PLAIN},
	    {SSL_R_UNSUPPORTED_PROTOCOL, TLS_FAILURE_VERSION},
	    {SSL_R_NO_SHARED_CIPHER, TLS_FAILURE_CIPHER},
	    {SSL_R_NO_APPLICATION_PROTOCOL, TLS_FAILURE_PROTOCOL},
	    {SSL_AD_REASON_OFFSET + SSL_AD_UNKNOWN_CA, TLS_FAILURE_CERTIFICATE},
	    {SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_EXPIRED, TLS_FAILURE_CERTIFICATE},
	    {SSL_AD_REASON_OFFSET + SSL_AD_INTERNAL_ERROR, TLS_FAILURE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned long error = ERR_PACK(ERR_LIB_SSL, 0, cases[i].reason);

		assert_int_equal(tls_failure_of(error), cases[i].failure);
	}
	/* The same number of another library's is another error. */
	assert_int_equal(tls_failure_of(ERR_PACK(ERR_LIB_EVP, 0, SSL_R_NO_SHARED_CIPHER)),
	                 TLS_FAILURE_OTHER);
	assert_int_equal(tls_failure_of(0), TLS_FAILURE_OTHER);
}

/* ibid.: each is counted in a figure of its own. */
static void test_tls_failure_is_counted(void **state)
{
	struct metrics metrics = {0};

	(void)state;
	for (int i = 0; i <= TLS_FAILURE_OTHER; i++) {
		for (int count = 0; count <= i; count++) {
			tls_failure_count(&metrics, (enum tls_failure)i);
		}
	}
	assert_int_equal(metric_read(&metrics.tls_failed_plain), 1);
	assert_int_equal(metric_read(&metrics.tls_failed_left), 2);
	assert_int_equal(metric_read(&metrics.tls_failed_timeout), 3);
	assert_int_equal(metric_read(&metrics.tls_failed_version), 4);
	assert_int_equal(metric_read(&metrics.tls_failed_cipher), 5);
	assert_int_equal(metric_read(&metrics.tls_failed_protocol), 6);
	assert_int_equal(metric_read(&metrics.tls_failed_certificate), 7);
	assert_int_equal(metric_read(&metrics.tls_failed_other), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_failure_has_a_word_for_it),
	    cmocka_unit_test(test_tls_failure_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
