/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SERVER_NET_TLS_PEER_H
#define TEST_SERVER_NET_TLS_PEER_H

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf_member.h"
#include "server/base/buffer.h"
#include "server/base/memory.h"
#include "server/net/tls_context.h"

/*
 * Certificates made on the spot, in files of the working directory, and OpenSSL's own client
 * between two BIOs in memory.
 */
struct tls_files {
	char certificate[64];
	char key[64];
};

#define TLS_PEER_TIMEOUT_S 10 /* for a handshake, of make_context() */

enum tls_key { TLS_KEY_EC, TLS_KEY_RSA };

static inline EVP_PKEY *make_key(const char *file, enum tls_key kind)
{
	EVP_PKEY *key = kind == TLS_KEY_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
	FILE *stream = fopen(file, "w");

	assert_non_null(key);
	assert_non_null(stream);
	assert_int_equal(PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(stream);
	return key;
}

static inline void write_certificate(const char *file, X509 *certificate)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_int_equal(PEM_write_X509(stream, certificate), 1);
	(void)fclose(stream);
}

/* Write tls-PREFIX-ID.pem and its key: for `names` ("DNS:a,DNS:b"), and for so many seconds. */
static inline void make_certificate_of(enum tls_key kind, struct tls_files *files,
                                       const char *prefix, const char *names, long seconds)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	EVP_PKEY *key;

	(void)snprintf(files->certificate, sizeof(files->certificate), "tls-%s-%d.crt", prefix,
	               (int)getpid());
	(void)snprintf(files->key, sizeof(files->key), "tls-%s-%d.key", prefix, (int)getpid());
	key = make_key(files->key, kind);
	assert_int_equal(X509_set_version(certificate, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -7200));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), seconds));
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	                                            (const unsigned char *)prefix, -1, -1, 0),
	                 1);
	assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	write_certificate(files->certificate, certificate);
	X509_EXTENSION_free(extension);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static inline void make_certificate(struct tls_files *files, const char *prefix, const char *names,
                                    long seconds)
{
	make_certificate_of(TLS_KEY_EC, files, prefix, names, seconds);
}

static inline void remove_certificate(const struct tls_files *files)
{
	(void)unlink(files->certificate);
	(void)unlink(files->key);
}

/* Gives a context with one certificate, for "one.test". */
static inline struct tls_context *make_context(void)
{
	struct conf_certificate item;
	struct conf_certificates certificates = {.items = &item, .count = 1};
	struct tls_context_options options = {.certificates = &certificates,
	                                      .handshake_timeout_s = TLS_PEER_TIMEOUT_S};
	struct tls_files files;
	struct error error = {""};
	struct tls_context *context;

	make_certificate(&files, "one", "DNS:one.test", 3600);
	item = (struct conf_certificate){.certificate = files.certificate, .key = files.key};
	context = tls_context_create(&options, &error);
	assert_string_equal(error.text, "");
	remove_certificate(&files);
	return context;
}

/* --- the client ------------------------------------------------------------------ */

struct tls_peer {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in;  /* from the server */
	BIO *out; /* to the server */
};

static inline void peer_open(struct tls_peer *peer)
{
	peer->context = SSL_CTX_new(TLS_client_method());
	peer->ssl = SSL_new(peer->context);
	peer->in = BIO_new(BIO_s_mem());
	peer->out = BIO_new(BIO_s_mem());
	SSL_set_bio(peer->ssl, peer->in, peer->out);
	SSL_set_connect_state(peer->ssl);
}

static inline void peer_close(struct tls_peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
}

/* Add what the client has for the server. */
static inline void peer_take(struct tls_peer *peer, struct buffer *out)
{
	char bytes[4096];
	int length;

	while ((length = BIO_read(peer->out, bytes, sizeof(bytes))) > 0) {
		buffer_append(out, bytes, (size_t)length);
	}
}

/* Give the client bytes of the server's; what they hold is added to `plain`. */
static inline void peer_give(struct tls_peer *peer, const char *bytes, size_t length,
                             struct buffer *plain)
{
	char got[4096];
	int count;

	if (length > 0) {
		assert_int_equal(BIO_write(peer->in, bytes, (int)length), (int)length);
	}
	while ((count = SSL_read(peer->ssl, got, sizeof(got))) > 0) {
		buffer_append(plain, got, (size_t)count);
	}
}

static inline void peer_say(struct tls_peer *peer, const char *bytes, size_t length)
{
	assert_int_equal(SSL_write(peer->ssl, bytes, (int)length), (int)length);
}

#endif
