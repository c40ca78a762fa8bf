/* SPDX-License-Identifier: Apache-2.0 */
/* bench/tls_client: OpenSSL's own server on the other end of a socket. */
#include "bench/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
	int ends[2]; /* the client's, the server's */
	SSL_CTX *server_context, *context;
	SSL *server, *client;
};

static SSL_CTX *make_server_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

static int set_up(void **state)
{
	static struct rig rig;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, rig.ends), 0);
	rig.server_context = make_server_context();
	rig.server = SSL_new(rig.server_context);
	assert_int_equal(SSL_set_fd(rig.server, rig.ends[1]), 1);
	SSL_set_accept_state(rig.server);
	rig.context = tls_client_context();
	rig.client = tls_client_begin(rig.context, rig.ends[0]);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	SSL_free(rig->client);
	SSL_free(rig->server);
	SSL_CTX_free(rig->context);
	SSL_CTX_free(rig->server_context);
	(void)close(rig->ends[0]);
	(void)close(rig->ends[1]);
	return 0;
}

static void shake_hands(struct rig *rig)
{
	char byte;

	for (unsigned i = 0; i < 10 && !tls_client_is_established(rig->client); i++) {
		(void)SSL_do_handshake(rig->server);
		assert_int_equal(tls_client_receive(rig->client, &byte, 1), -1);
		assert_int_equal(errno, EAGAIN);
	}
	assert_true(tls_client_is_established(rig->client));
	assert_int_equal(SSL_do_handshake(rig->server), 1);
}

/* tls_client.h: before the handshake is done both wait, and after it bytes go both ways. */
static void test_tls_client_speaks_and_hears(void **state)
{
	struct rig *rig = *state;
	char bytes[16];

	assert_int_equal(tls_client_send(rig->client, "hello", 5), -1);
	assert_int_equal(errno, EAGAIN);
	assert_false(tls_client_is_established(rig->client));
	shake_hands(rig);
	assert_int_equal(tls_client_send(rig->client, "hello", 5), 5);
	assert_int_equal(SSL_read(rig->server, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(SSL_write(rig->server, "welcome", 7), 7);
	assert_int_equal(tls_client_receive(rig->client, bytes, sizeof(bytes)), 7);
	assert_memory_equal(bytes, "welcome", 7);
	assert_int_equal(tls_client_receive(rig->client, bytes, sizeof(bytes)), -1);
	assert_int_equal(errno, EAGAIN);
}

/* ibid.: the server's end in TLS is an end. */
static void test_tls_client_hears_the_end(void **state)
{
	struct rig *rig = *state;
	char byte;

	shake_hands(rig);
	assert_int_equal(SSL_shutdown(rig->server), 0);
	assert_int_equal(tls_client_receive(rig->client, &byte, 1), 0);
}

/* ibid.: what is no TLS is a failure, and not waited for. */
static void test_tls_client_fails_on_other_words(void **state)
{
	struct rig *rig = *state;
	char byte;

	assert_int_equal(send(rig->ends[1], "ERROR :no\r\n", 11, 0), 11);
	assert_int_equal(tls_client_receive(rig->client, &byte, 1), -1);
	assert_int_equal(errno, EPROTO);
}

int main(void)
{
#define CLIENT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CLIENT_TEST(test_tls_client_speaks_and_hears),
	    CLIENT_TEST(test_tls_client_hears_the_end),
	    CLIENT_TEST(test_tls_client_fails_on_other_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
