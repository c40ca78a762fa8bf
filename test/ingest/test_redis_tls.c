/* SPDX-License-Identifier: Apache-2.0 */
/* The filter against OpenSSL's own server; who is trusted is tested in test_redis_tls.py too. */
#include "ingest/redis_tls.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "test/ingest/rig.h"

#define CERTIFICATE "redis-tls-test.pem"

/* A server in memory, with a certificate for a name and an address that it signed itself. */
struct server {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in;
	BIO *out;
};

static void make_certificate(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *names =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:redis.test,IP:192.0.2.1");
	FILE *file = fopen(CERTIFICATE, "w");

	assert_non_null(file);
	assert_int_equal(X509_set_version(certificate, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	                                            (const unsigned char *)"test", -1, -1, 0),
	                 1);
	assert_int_equal(X509_set_issuer_name(certificate, name), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_int_equal(X509_add_ext(certificate, names, -1), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	(void)fclose(file);
	X509_EXTENSION_free(names);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void server_init(struct server *server)
{
	server->context = SSL_CTX_new(TLS_server_method());
	assert_non_null(server->context);
	make_certificate(server->context);
	server->ssl = SSL_new(server->context);
	server->in = BIO_new(BIO_s_mem());
	server->out = BIO_new(BIO_s_mem());
	SSL_set_bio(server->ssl, server->in, server->out);
	SSL_set_accept_state(server->ssl);
}

static void server_finish(struct server *server)
{
	SSL_free(server->ssl);
	SSL_CTX_free(server->context);
	(void)unlink(CERTIFICATE);
}

/* Carry what each side has for the other, `cut` bytes at a time, until neither has any. */
static bool carry(struct server *server, struct redis_tls *tls, size_t cut, struct error *error)
{
	bool has_moved = true;

	while (has_moved) {
		struct buffer out = {0};
		char bytes[65536];
		int length;

		redis_tls_take(tls, &out);
		has_moved = out.length > 0;
		if (out.length > 0) {
			assert_int_equal(BIO_write(server->in, out.bytes, (int)out.length),
			                 out.length);
		}
		buffer_finish(&out);
		(void)SSL_do_handshake(server->ssl);
		length = BIO_read(server->out, bytes, sizeof(bytes));
		for (int at = 0; at < length; at += (int)cut) {
			size_t rest = (size_t)(length - at);

			has_moved = true;
			if (!redis_tls_feed(tls, bytes + at, rest < cut ? rest : cut, error)) {
				return false;
			}
		}
	}
	return true;
}

static struct redis_tls_context *create_context(const char *ca_file, bool is_verified)
{
	struct redis_tls_options options = {
	    .ca_file = ca_file, .cert_file = "", .key_file = "", .is_verified = is_verified};
	struct error error = {""};
	struct redis_tls_context *context = redis_tls_context_create(&options, &error);

	assert_non_null(context);
	return context;
}

/* Plain bytes come through both ways, whole and a byte at a time, over many TLS records. */
static void test_tls_carries_bytes_in_any_cut(void **state)
{
	static const size_t cuts[] = {1, 7, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct redis_tls_context *context;
		struct server server;
		struct redis_tls *tls;
		struct error error = {""};
		char bytes[50000];
		char taken[50000];
		size_t length = 0;
		size_t got = 1;

		server_init(&server);
		context = create_context(CERTIFICATE, true);
		tls = redis_tls_create(context, "redis.test");
		assert_false(redis_tls_is_open(tls));
		assert_true(redis_tls_read(tls, taken, sizeof(taken), &got, &error));
		assert_int_equal(got, 0);
		assert_true(carry(&server, tls, cuts[i], &error));
		assert_true(redis_tls_is_open(tls));
		redis_tls_write(tls, "hello", 5);
		assert_true(carry(&server, tls, cuts[i], &error));
		assert_int_equal(SSL_read(server.ssl, taken, sizeof(taken)), 5);
		assert_memory_equal(taken, "hello", 5);
		memset(bytes, 'x', sizeof(bytes));
		assert_int_equal(SSL_write(server.ssl, bytes, sizeof(bytes)), sizeof(bytes));
		assert_true(carry(&server, tls, cuts[i], &error));
		do {
			assert_true(redis_tls_read(tls, taken + length, 1000, &got, &error));
			length += got;
		} while (got > 0 && length < sizeof(taken) - 1000);
		assert_true(length > 40000);
		assert_memory_equal(taken, bytes, length);
		redis_tls_destroy(tls);
		redis_tls_context_destroy(context);
		server_finish(&server);
	}
}

/* redis_tls.h: the certificate is for the host, a name or an address, and of the authority. */
static void test_tls_holds_the_certificate_to_host_and_authority(void **state)
{
	static const struct {
		const char *host;
		bool has_ca;
		bool is_verified;
		const char *refusal; /* NULL: trusted */
	} cases[] = {
	    {"redis.test", true, true, NULL},
	    {"192.0.2.1", true, true, NULL},
	    {"other.test", true, true, "ostname mismatch"},
	    {"192.0.2.2", true, true, "IP address mismatch"},
	    {"2001:db8::1", true, true, "IP address mismatch"},
	    {"redis.test", false, true, "self-signed certificate"},
	    {"other.test", false, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redis_tls_context *context;
		struct server server;
		struct redis_tls *tls;
		struct error error = {""};

		server_init(&server);
		context = create_context(cases[i].has_ca ? CERTIFICATE : "", cases[i].is_verified);
		tls = redis_tls_create(context, cases[i].host);
		assert_int_equal(carry(&server, tls, 100, &error), cases[i].refusal == NULL);
		assert_int_equal(redis_tls_is_open(tls), cases[i].refusal == NULL);
		if (cases[i].refusal != NULL) {
			assert_non_null(strstr(error.text, cases[i].refusal));
		}
		redis_tls_destroy(tls);
		redis_tls_context_destroy(context);
		server_finish(&server);
	}
}

/* The server's farewell is an end, and what is no TLS is refused, before and behind the start. */
static void test_tls_ends_when_the_server_ends_or_breaks_it(void **state)
{
	struct redis_tls_context *context;
	struct redis_tls *tls;
	struct server server;
	struct error error = {""};
	char bytes[100];
	size_t got;

	(void)state;
	server_init(&server);
	context = create_context(CERTIFICATE, true);
	tls = redis_tls_create(context, "redis.test");
	assert_false(redis_tls_feed(tls, "-ERR what?\r\n", 12, &error));
	assert_memory_equal(error.text, "TLS: ", 5);
	redis_tls_destroy(tls);

	tls = redis_tls_create(context, "redis.test");
	assert_true(carry(&server, tls, 100, &error));
	(void)SSL_shutdown(server.ssl);
	assert_true(carry(&server, tls, 100, &error));
	assert_false(redis_tls_read(tls, bytes, sizeof(bytes), &got, &error));
	assert_string_equal(error.text, "TLS: the server ended it");
	redis_tls_destroy(tls);
	server_finish(&server);

	server_init(&server);
	redis_tls_context_destroy(context);
	context = create_context(CERTIFICATE, true);
	tls = redis_tls_create(context, "redis.test");
	assert_true(carry(&server, tls, 100, &error));
	assert_true(redis_tls_feed(tls, "nonsense that is no record", 26, &error));
	assert_false(redis_tls_read(tls, bytes, sizeof(bytes), &got, &error));
	assert_memory_equal(error.text, "TLS: ", 5);
	redis_tls_write(tls, "x", 1); /* is lost, and harmless */
	redis_tls_destroy(tls);
	redis_tls_context_destroy(context);
	server_finish(&server);
}

/* A file that cannot be used is named, with its option. */
static void test_tls_context_refuses_files_it_cannot_use(void **state)
{
	static const struct {
		struct redis_tls_options options;
		const char *where;
	} cases[] = {
	    {{"/nonexistent", "", "", true}, "tls_ca: /nonexistent: "},
	    {{"/dev/null", "", "", true}, "tls_ca: /dev/null: "},
	    {{"", "/nonexistent", "/nonexistent", true}, "tls_cert: /nonexistent: "},
	};
	struct redis_tls_options no_key = {"", CERTIFICATE, "/nonexistent", true};
	struct server server;
	struct error error = {""};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(redis_tls_context_create(&cases[i].options, &error));
		assert_memory_equal(error.text, cases[i].where, strlen(cases[i].where));
	}
	server_init(&server);
	assert_null(redis_tls_context_create(&no_key, &error));
	assert_memory_equal(error.text, "tls_key: /nonexistent: ", 23);
	server_finish(&server);
	redis_tls_context_destroy(NULL);
	redis_tls_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_carries_bytes_in_any_cut),
	    cmocka_unit_test(test_tls_holds_the_certificate_to_host_and_authority),
	    cmocka_unit_test(test_tls_ends_when_the_server_ends_or_breaks_it),
	    cmocka_unit_test(test_tls_context_refuses_files_it_cannot_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
