/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_certificate: files, names and times.  Faulty files: test_tls_context.c. */
#include "server/net/tls_certificate.h"

#include <time.h>

#include "test/server/net/tls_peer.h"

/* Gives a certificate for these names, which is good for so many seconds. */
static SSL_CTX *load(const char *names, long seconds)
{
	SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
	struct conf_certificate pair;
	struct error error = {""};
	struct tls_files files;

	make_certificate(&files, "one", names, seconds);
	pair = (struct conf_certificate){.certificate = files.certificate, .key = files.key};
	assert_true(tls_certificate_use(ssl, &pair, &error));
	tls_certificate_tell(SSL_CTX_get0_certificate(ssl), files.certificate);
	remove_certificate(&files);
	return ssl;
}

/* tls_certificate.h: every name of the other is one of its own, in so many words or by a star. */
static void test_certificate_covers_another(void **state)
{
	static const struct {
		const char *names, *others;
		bool covers;
	} cases[] = {
	    {"DNS:a.test", "DNS:a.test", true},
	    {"DNS:a.test,DNS:b.test", "DNS:b.test", true},
	    {"DNS:b.test", "DNS:a.test,DNS:b.test", false},
	    {"DNS:*.a.test", "DNS:x.a.test,DNS:y.a.test", true},
	    {"DNS:*.a.test", "DNS:*.a.test", true},
	    {"DNS:x.a.test", "DNS:*.a.test", false},
	    {"DNS:a.test,IP:127.0.0.1", "IP:127.0.0.1,DNS:a.test", true},
	    {"DNS:a.test", "DNS:a.test,IP:127.0.0.1", false},
	    {"DNS:a.test", "DNS:a.test,email:a@a.test", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SSL_CTX *one = load(cases[i].names, 3600);
		SSL_CTX *other = load(cases[i].others, 3600);

		assert_int_equal(tls_certificate_covers(SSL_CTX_get0_certificate(one),
		                                        SSL_CTX_get0_certificate(other)),
		                 cases[i].covers);
		SSL_CTX_free(one);
		SSL_CTX_free(other);
	}
}

/* ibid.: one without names is covered by nobody. */
static void test_certificate_without_names_is_covered_by_none(void **state)
{
	SSL_CTX *one = load("DNS:a.test", 3600);
	X509 *nameless = X509_new();

	(void)state;
	assert_false(tls_certificate_covers(SSL_CTX_get0_certificate(one), nameless));
	X509_free(nameless);
	SSL_CTX_free(one);
}

/* ibid.: its end, whether that has passed or not. */
static void test_certificate_tells_its_end(void **state)
{
	static const long cases[] = {86400, -60};
	uint64_t now_s = (uint64_t)time(NULL);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *ssl = load("DNS:a.test", cases[i]);
		uint64_t end_s = tls_certificate_not_after_s(SSL_CTX_get0_certificate(ssl));

		assert_in_range(end_s, now_s + (uint64_t)cases[i], now_s + (uint64_t)cases[i] + 60);
		SSL_CTX_free(ssl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificate_covers_another),
	    cmocka_unit_test(test_certificate_without_names_is_covered_by_none),
	    cmocka_unit_test(test_certificate_tells_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
