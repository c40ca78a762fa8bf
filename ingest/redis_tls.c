/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL between two BIOs in memory. */
#include "ingest/redis_tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "server/base/memory.h"

struct redis_tls_context {
	SSL_CTX *ssl;
};

struct redis_tls {
	SSL *ssl;
	BIO *in;  /* from the socket; the SSL's */
	BIO *out; /* to the socket; the SSL's */
};

/* Takes the oldest entry of OpenSSL's queue and empties that. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return text != NULL ? text : "unknown reason";
}

/* --- context ------------------------------------------------------------ */

static bool use_ca(SSL_CTX *ssl, const struct redis_tls_options *options, struct error *error)
{
	if (options->ca_file[0] == '\0') {
		if (SSL_CTX_set_default_verify_paths(ssl) != 1) {
			error_set(error, "the system's certificates: %s", reason());
			return false;
		}
	} else if (SSL_CTX_load_verify_locations(ssl, options->ca_file, NULL) != 1) {
		error_set(error, "tls_ca: %s: %s", options->ca_file, reason());
		return false;
	}
	return true;
}

static bool use_certificate(SSL_CTX *ssl, const struct redis_tls_options *options,
                            struct error *error)
{
	if (options->cert_file[0] == '\0') {
		return true;
	}
	if (SSL_CTX_use_certificate_chain_file(ssl, options->cert_file) != 1) {
		error_set(error, "tls_cert: %s: %s", options->cert_file, reason());
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(ssl, options->key_file, SSL_FILETYPE_PEM) != 1) {
		error_set(error, "tls_key: %s: %s", options->key_file, reason());
		return false;
	}
	return true;
}

struct redis_tls_context *redis_tls_context_create(const struct redis_tls_options *options,
                                                   struct error *error)
{
	struct redis_tls_context *context = mem_new(struct redis_tls_context);

	ERR_clear_error();
	context->ssl = SSL_CTX_new(TLS_client_method());
	require(context->ssl != NULL);
	(void)SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
	SSL_CTX_set_verify(context->ssl, options->is_verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
	                   NULL);
	if (!use_ca(context->ssl, options, error) ||
	    !use_certificate(context->ssl, options, error)) {
		redis_tls_context_destroy(context);
		return NULL;
	}
	return context;
}

void redis_tls_context_destroy(struct redis_tls_context *context)
{
	if (context != NULL) {
		SSL_CTX_free(context->ssl);
		free(context);
	}
}

/* --- connection --------------------------------------------------------- */

/* RFC 6066 §3: an address is not sent as the server's name. */
static void set_host(SSL *ssl, const char *host)
{
	struct in6_addr ignored;

	if (inet_pton(AF_INET, host, &ignored) == 1 || inet_pton(AF_INET6, host, &ignored) == 1) {
		require(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1);
	} else {
		(void)SSL_set_tlsext_host_name(ssl, host);
		require(SSL_set1_host(ssl, host) == 1);
	}
}

struct redis_tls *redis_tls_create(const struct redis_tls_context *context, const char *host)
{
	struct redis_tls *tls = mem_new(struct redis_tls);

	tls->ssl = SSL_new(context->ssl);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	require(tls->ssl != NULL && tls->in != NULL && tls->out != NULL);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	set_host(tls->ssl, host);
	SSL_set_connect_state(tls->ssl);
	(void)SSL_do_handshake(tls->ssl);
	ERR_clear_error();
	return tls;
}

void redis_tls_destroy(struct redis_tls *tls)
{
	if (tls != NULL) {
		SSL_free(tls->ssl);
		free(tls);
	}
}

static void explain(const struct redis_tls *tls, struct error *error)
{
	long verified = SSL_get_verify_result(tls->ssl);

	if (verified != X509_V_OK && !redis_tls_is_open(tls)) {
		error_set(error, "TLS: the server's certificate: %s",
		          X509_verify_cert_error_string(verified));
	} else {
		error_set(error, "TLS: %s", reason());
	}
	ERR_clear_error();
}

static bool wants_more(const struct redis_tls *tls, int result)
{
	int wanted = SSL_get_error(tls->ssl, result);

	return wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE;
}

bool redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t length, struct error *error)
{
	size_t written;
	int result;

	ERR_clear_error();
	require(BIO_write_ex(tls->in, bytes, length, &written) == 1 && written == length);
	if (redis_tls_is_open(tls)) {
		return true;
	}
	result = SSL_do_handshake(tls->ssl);
	if (result == 1 || wants_more(tls, result)) {
		return true;
	}
	explain(tls, error);
	return false;
}

bool redis_tls_is_open(const struct redis_tls *tls)
{
	return SSL_is_init_finished(tls->ssl);
}

bool redis_tls_read(struct redis_tls *tls, char *bytes, size_t size, size_t *length,
                    struct error *error)
{
	int result;

	*length = 0;
	if (!redis_tls_is_open(tls)) {
		return true;
	}
	ERR_clear_error();
	result = SSL_read_ex(tls->ssl, bytes, size, length);
	if (result == 1 || wants_more(tls, result)) {
		return true;
	}
	if (SSL_get_error(tls->ssl, result) == SSL_ERROR_ZERO_RETURN) {
		error_set(error, "TLS: the server ended it");
	} else {
		explain(tls, error);
	}
	return false;
}

void redis_tls_write(struct redis_tls *tls, const char *bytes, size_t length)
{
	size_t written;

	ERR_clear_error();
	(void)SSL_write_ex(tls->ssl, bytes, length, &written);
	ERR_clear_error();
}

void redis_tls_take(struct redis_tls *tls, struct buffer *out)
{
	size_t waiting = BIO_ctrl_pending(tls->out);

	if (waiting > 0) {
		size_t taken;

		require(BIO_read_ex(tls->out, buffer_reserve(out, waiting), waiting, &taken) == 1);
		out->length += taken;
	}
}
