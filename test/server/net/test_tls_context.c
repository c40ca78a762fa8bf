/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_context: which certificate a client gets, what is spoken, what is refused. */
#include "server/net/tls_context.h"

#include <time.h>

#include "server/net/tls_session.h"
#include "test/server/net/tls_peer.h"

static struct tls_context *create(const struct tls_files *files, size_t count,
                                  enum conf_tls_version version, struct error *error)
{
	struct conf_certificate items[4];
	struct conf_certificates certificates = {.items = items, .count = count};
	struct tls_context_options options = {.certificates = &certificates,
	                                      .min_version = version};

	for (size_t i = 0; i < count; i++) {
		items[i] = (struct conf_certificate){.certificate = files[i].certificate,
		                                     .key = files[i].key};
	}
	return tls_context_create(&options, error);
}

/* Shake hands; false when that fails on the server's side. */
static bool shake(struct tls_context *context, struct tls_peer *peer)
{
	struct tls_session *session = tls_session_create(context, "irc");
	enum tls_session_progress progress = TLS_SESSION_GOES_ON;
	struct buffer plain = {0};
	struct iovec piece;
	bool is_done;

	for (unsigned i = 0; i < 4 && progress == TLS_SESSION_GOES_ON; i++) {
		struct buffer bytes = {0};

		peer_give(peer, "", 0, &plain);
		peer_take(peer, &bytes);
		progress = tls_session_open(session, bytes.bytes, bytes.length, &plain);
		buffer_finish(&bytes);
		while (tls_session_peek(session, &piece) > 0) {
			peer_give(peer, piece.iov_base, piece.iov_len, &plain);
			tls_session_sent(session, piece.iov_len);
		}
	}
	is_done = tls_session_is_established(session) && SSL_is_init_finished(peer->ssl) == 1;
	tls_session_destroy(session);
	buffer_finish(&plain);
	return is_done;
}

/* Copies the common name of the certificate that a client gets who asks for `name`. */
static void ask(struct tls_context *context, const char *name, char got[64])
{
	struct tls_peer peer;
	X509 *certificate;

	peer_open(&peer);
	if (name != NULL) {
		assert_int_equal(SSL_set_tlsext_host_name(peer.ssl, name), 1);
	}
	assert_true(shake(context, &peer));
	certificate = SSL_get1_peer_certificate(peer.ssl);
	assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
	                                      got, 64) > 0);
	X509_free(certificate);
	peer_close(&peer);
}

/* tls_context.h: the first that is for the name, wildcards as RFC 6125 has them, else the first. */
static void test_tls_context_chooses_by_name(void **state)
{
	static const char *const cases[][2] = {
	    {"one.test", "one"},     {"two.test", "two"},       {"TWO.test", "two"},
	    {"a.wild.test", "wild"}, {"a.b.wild.test", "one"},  {"wild.test", "one"},
	    {"irc.two.test", "two"}, {"elsewhere.test", "one"}, {NULL, "one"},
	};
	struct tls_files files[3];
	struct tls_context *context;
	struct error error = {""};

	(void)state;
	make_certificate(&files[0], "one", "DNS:one.test", 3600);
	make_certificate(&files[1], "two", "DNS:two.test,DNS:irc.two.test", 3600);
	make_certificate(&files[2], "wild", "DNS:*.wild.test", 3600);
	context = create(files, 3, CONF_TLS_1_2, &error);
	assert_non_null(context);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[64];

		ask(context, cases[i][0], got);
		assert_string_equal(got, cases[i][1]);
	}
	tls_context_unref(context);
	for (size_t i = 0; i < 3; i++) {
		remove_certificate(&files[i]);
	}
}

/* Copies the common name that a client gets which can check one kind of signature only. */
static void ask_for_kind(struct tls_context *context, const char *name, const char *kind,
                         char got[64])
{
	struct tls_peer peer;
	X509 *certificate;

	peer_open(&peer);
	assert_int_equal(SSL_set1_sigalgs_list(peer.ssl, kind), 1);
	assert_int_equal(SSL_set_tlsext_host_name(peer.ssl, name), 1);
	got[0] = '\0';
	if (shake(context, &peer)) {
		certificate = SSL_get1_peer_certificate(peer.ssl);
		assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
		                                      NID_commonName, got, 64) > 0);
		X509_free(certificate);
	}
	peer_close(&peer);
}

/*
 * tls_context.h: one of another kind of key for the same names goes with the first; one for
 * fewer does not; nor does a second one of the same kind.
 */
static void test_tls_context_has_a_certificate_for_each_kind_of_key(void **state)
{
	static const struct {
		const char *name, *kind, *got;
	} cases[] = {
	    {"a.test", "ECDSA+SHA256", "ec"},    {"a.test", "RSA-PSS+SHA256", "rsa"},
	    {"b.test", "ECDSA+SHA256", "ec"},    {"b.test", "RSA-PSS+SHA256", "rsa"},
	    {"none.test", "ECDSA+SHA256", "ec"}, {"none.test", "RSA-PSS+SHA256", "rsa"},
	    {"c.test", "ECDSA+SHA256", "alone"}, {"c.test", "RSA-PSS+SHA256", ""},
	};
	struct tls_files files[4];
	struct tls_context *context;
	struct error error = {""};

	(void)state;
	make_certificate(&files[0], "ec", "DNS:a.test,DNS:b.test", 3600);
	make_certificate(&files[1], "alone", "DNS:a.test,DNS:c.test,DNS:b.test", 3600);
	make_certificate_of(TLS_KEY_RSA, &files[2], "few", "DNS:a.test", 3600);
	make_certificate_of(TLS_KEY_RSA, &files[3], "rsa", "DNS:b.test,DNS:a.test", 3600);
	context = create(files, 4, CONF_TLS_1_2, &error);
	assert_non_null(context);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[64];

		ask_for_kind(context, cases[i].name, cases[i].kind, got);
		assert_string_equal(got, cases[i].got);
	}
	tls_context_unref(context);
	for (size_t i = 0; i < 4; i++) {
		remove_certificate(&files[i]);
	}
}

/* ibid.: the end of the first to expire, whichever it is. */
static void test_tls_context_knows_the_first_end(void **state)
{
	static const long ends[] = {7200, 3600, 9000};
	uint64_t now_s = (uint64_t)time(NULL);
	struct tls_files files[3];
	struct tls_context *context;
	struct error error = {""};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "t%zu", i);
		make_certificate(&files[i], name, "DNS:one.test", ends[i]);
	}
	context = create(files, 3, CONF_TLS_1_2, &error);
	assert_in_range(tls_context_not_after_s(context), now_s + 3600, now_s + 3660);
	tls_context_unref(context);
	for (size_t i = 0; i < 3; i++) {
		remove_certificate(&files[i]);
	}
}

/* RFC 7301 §3.2: the protocol is the listener's; who offers others only is refused. */
static void test_tls_context_speaks_one_protocol(void **state)
{
	static const struct {
		const char *offered; /* as in the extension; NULL: none */
		bool is_taken;
	} cases[] = {
	    {NULL, true},
	    {"\x03irc", true},
	    {"\x02h2\x03irc", true},
	    {"\x02h2\x08http/1.1", false},
	};
	struct tls_context *context = make_context();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *offered = cases[i].offered;
		const unsigned char *chosen;
		unsigned length;
		struct tls_peer peer;

		peer_open(&peer);
		if (offered != NULL) {
			assert_int_equal(SSL_set_alpn_protos(peer.ssl,
			                                     (const unsigned char *)offered,
			                                     (unsigned)strlen(offered)),
			                 0);
		}
		assert_int_equal(shake(context, &peer), cases[i].is_taken);
		SSL_get0_alpn_selected(peer.ssl, &chosen, &length);
		assert_int_equal(length, cases[i].is_taken && offered != NULL ? 3 : 0);
		peer_close(&peer);
	}
	tls_context_unref(context);
}

/* options.def, tls.min_version; RFC 8996: nothing older than 1.2 in any case. */
static void test_tls_context_has_an_oldest_version(void **state)
{
	static const struct {
		enum conf_tls_version min;
		int spoken;
		bool is_taken;
	} cases[] = {
	    {CONF_TLS_1_2, TLS1_1_VERSION, false}, {CONF_TLS_1_2, TLS1_2_VERSION, true},
	    {CONF_TLS_1_2, TLS1_3_VERSION, true},  {CONF_TLS_1_3, TLS1_2_VERSION, false},
	    {CONF_TLS_1_3, TLS1_3_VERSION, true},
	};
	struct tls_files files;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {""};
		struct tls_context *context = create(&files, 1, cases[i].min, &error);
		struct tls_peer peer;

		peer_open(&peer);
		SSL_set_security_level(peer.ssl, 0); /* its own would refuse 1.1 */
		assert_int_equal(SSL_set_min_proto_version(peer.ssl, cases[i].spoken), 1);
		assert_int_equal(SSL_set_max_proto_version(peer.ssl, cases[i].spoken), 1);
		assert_int_equal(shake(context, &peer), cases[i].is_taken);
		peer_close(&peer);
		tls_context_unref(context);
	}
	remove_certificate(&files);
}

static void write_text(const char *file, const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	(void)fclose(stream);
}

static void encrypt_key(const char *file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_int_equal(PEM_write_PrivateKey(stream, key, EVP_aes_128_cbc(),
	                                      (const unsigned char *)"secret", 6, NULL, NULL),
	                 1);
	(void)fclose(stream);
	EVP_PKEY_free(key);
}

/* The sentence begins with `file` and has `words` in it. */
static void assert_refused(const struct tls_files *files, const char *file, const char *words)
{
	struct error error = {""};

	assert_null(create(files, 1, CONF_TLS_1_2, &error));
	assert_memory_equal(error.text, file, strlen(file));
	assert_non_null(strstr(error.text, words));
}

/* tls_context.h: what cannot be used is named, file and reason; OpenSSL asks nobody for words. */
static void test_tls_context_names_the_file_that_is_wrong(void **state)
{
	struct tls_files files, other, missing;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	make_certificate(&other, "two", "DNS:two.test", 3600);
	missing = files;
	(void)snprintf(missing.certificate, sizeof(missing.certificate), "no-such.crt");
	assert_refused(&missing, "no-such.crt: ", "No such file");
	missing = files;
	(void)snprintf(missing.key, sizeof(missing.key), "no-such.key");
	assert_refused(&missing, "no-such.key: ", "No such file");
	missing = files;
	memcpy(missing.key, other.key, sizeof(missing.key));
	assert_refused(&missing, other.key, "is not that of the certificate in ");
	encrypt_key(other.key);
	assert_refused(&missing, other.key, "is encrypted");
	write_text(other.key, "no key\n");
	assert_refused(&missing, other.key, "no key in PEM: ");
	write_text(files.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n");
	assert_refused(&files, files.certificate, "no certificate in PEM: ");
	remove_certificate(&files);
	remove_certificate(&other);
}

/* ibid.: a key of another kind than the certificate's is not its key either. */
static void test_tls_context_refuses_a_key_of_another_kind(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct tls_files files;
	FILE *stream;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	stream = fopen(files.key, "w");
	assert_non_null(stream);
	assert_int_equal(PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(stream);
	EVP_PKEY_free(key);
	assert_refused(&files, files.key, "is not that of the certificate in ");
	remove_certificate(&files);
}

/* ibid.: one that has expired is taken, so that a late renewal does not stop the server. */
static void test_tls_context_takes_an_expired_certificate(void **state)
{
	struct error error = {""};
	struct tls_files files;
	struct tls_context *context;
	char got[64];

	(void)state;
	make_certificate(&files, "old", "DNS:old.test", -60);
	context = create(&files, 1, CONF_TLS_1_2, &error);
	assert_non_null(context);
	ask(context, "old.test", got);
	assert_string_equal(got, "old");
	tls_context_unref(context);
	tls_context_unref(NULL);
	remove_certificate(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_context_chooses_by_name),
	    cmocka_unit_test(test_tls_context_has_a_certificate_for_each_kind_of_key),
	    cmocka_unit_test(test_tls_context_knows_the_first_end),
	    cmocka_unit_test(test_tls_context_speaks_one_protocol),
	    cmocka_unit_test(test_tls_context_has_an_oldest_version),
	    cmocka_unit_test(test_tls_context_names_the_file_that_is_wrong),
	    cmocka_unit_test(test_tls_context_refuses_a_key_of_another_kind),
	    cmocka_unit_test(test_tls_context_takes_an_expired_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
