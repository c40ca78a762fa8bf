/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "server/base/memory.h"
#include "server/net/tls_certificate.h"
#include "server/net/tls_tickets.h"

#define SECURITY_LEVEL 2 /* SSL_CTX_set_security_level(3): RSA of 2048 bits, no SHA-1 */
#define PROTOCOL_MAX   32
#define TICKETS        1 /* for each TLS 1.3 handshake: a client comes back alone */

/* A certificate, with the rules, and with those of other kinds of key that go with it. */
struct choice {
	SSL_CTX *ssl;
	X509 *certificate; /* owned by `ssl` */
};

struct tls_context {
	atomic_uint references;
	BIO_METHOD *method;
	struct tls_tickets *tickets;
	struct choice *choices;
	size_t count;
	unsigned handshake_timeout_s;
	uint64_t not_after_s;
};

/* --- handshakes --------------------------------------------------------- */

static int on_server_name(SSL *ssl, int *alert, void *owner)
{
	const struct tls_context *context = owner;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name != NULL && i < context->count; i++) {
		const struct choice *choice = &context->choices[i];

		if (X509_check_host(choice->certificate, name, strlen(name), 0, NULL) == 1) {
			(void)SSL_set_SSL_CTX(ssl, choice->ssl);
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301 §3.2: who asks, and not for what is spoken here, is told so. */
static int on_protocols(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                        const unsigned char *offered, unsigned offered_length, void *owner)
{
	const char *protocol = SSL_get_app_data(ssl);
	char ours[1 + PROTOCOL_MAX + 1];
	size_t length = strlen(protocol);
	unsigned char *found;

	(void)owner;
	require(length <= PROTOCOL_MAX);
	ours[0] = (char)length;
	(void)snprintf(ours + 1, sizeof(ours) - 1, "%s", protocol);
	if (SSL_select_next_proto(&found, chosen_length, (const unsigned char *)ours,
	                          (unsigned)length + 1, offered,
	                          offered_length) != OPENSSL_NPN_NEGOTIATED) {
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	/* It lies in either list, and ours is on the stack. */
	*chosen = (const unsigned char *)protocol;
	return SSL_TLSEXT_ERR_OK;
}

static bool use_ticket_key(struct tls_ticket_key *key, const unsigned char *iv,
                           EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool is_new)
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv,
	                         is_new ? 1 : 0) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0, no ticket; 1, go on; 2, and make a new one. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int is_new)
{
	const struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	uint64_t now_s = uv_hrtime() / 1000000000;
	struct tls_ticket_key key;
	bool is_current = true;
	bool is_used;

	if (is_new != 0) {
		tls_tickets_current(context->tickets, now_s, &key);
		memcpy(name, key.name, TLS_TICKETS_NAME);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
			return -1;
		}
	} else if (!tls_tickets_find(context->tickets, now_s, name, &key, &is_current)) {
		return 0;
	}
	is_used = use_ticket_key(&key, iv, cipher, mac, is_new != 0);
	OPENSSL_cleanse(&key, sizeof(key));
	if (!is_used) {
		return -1;
	}
	return is_current ? 1 : 2;
}

/* --- certificates ------------------------------------------------------- */

static void set_rules(struct tls_context *context, SSL_CTX *ssl, enum conf_tls_version min_version)
{
	int version = min_version == CONF_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;

	SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
	require(SSL_CTX_set_min_proto_version(ssl, version) == 1);
	(void)SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(ssl, TICKETS);
	(void)SSL_CTX_set_timeout(ssl, TLS_TICKETS_ROTATE_S);
	(void)SSL_CTX_set_app_data(ssl, context);
	(void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
	(void)SSL_CTX_set_tlsext_servername_callback(ssl, on_server_name);
	(void)SSL_CTX_set_tlsext_servername_arg(ssl, context);
	SSL_CTX_set_alpn_select_cb(ssl, on_protocols, NULL);
}

/* One that is not good now is taken: better for clients that do not look than nothing at all. */
static bool add_certificate(struct tls_context *context, const struct conf_certificate *files,
                            enum conf_tls_version min_version, struct error *error)
{
	struct choice *choice = &context->choices[context->count++];
	uint64_t not_after_s;

	choice->ssl = SSL_CTX_new(TLS_server_method());
	require(choice->ssl != NULL);
	set_rules(context, choice->ssl, min_version);
	if (!tls_certificate_use(choice->ssl, files, error)) {
		return false;
	}
	choice->certificate = SSL_CTX_get0_certificate(choice->ssl);
	tls_certificate_tell(choice->certificate, files->certificate);
	not_after_s = tls_certificate_not_after_s(choice->certificate);
	if (context->not_after_s == 0 || not_after_s < context->not_after_s) {
		context->not_after_s = not_after_s;
	}
	return true;
}

/* OpenSSL has a place for each kind of key, and refuses a second one there. */
static void pair(const struct choice *choice, const struct choice *other)
{
	STACK_OF(X509) *chain = NULL;

	if (tls_certificate_covers(other->certificate, choice->certificate)) {
		(void)SSL_CTX_get0_chain_certs(other->ssl, &chain);
		(void)SSL_CTX_use_cert_and_key(choice->ssl, other->certificate,
		                               SSL_CTX_get0_privatekey(other->ssl), chain, 0);
		ERR_clear_error();
	}
}

/* The later one still has only its own when it is looked at. */
static void pair_all(const struct tls_context *context)
{
	for (size_t i = 0; i < context->count; i++) {
		for (size_t j = i + 1; j < context->count; j++) {
			pair(&context->choices[i], &context->choices[j]);
		}
	}
}

/* --- life --------------------------------------------------------------- */

struct tls_context *tls_context_create(const struct tls_context_options *options,
                                       struct error *error)
{
	const struct conf_certificates *certificates = options->certificates;
	struct tls_context *context = mem_new(struct tls_context);

	require(certificates->count > 0);
	ERR_clear_error();
	atomic_init(&context->references, 1);
	context->method = tls_bio_method_create();
	context->tickets = tls_tickets_create();
	context->handshake_timeout_s = options->handshake_timeout_s;
	context->choices = mem_zeroed(certificates->count * sizeof(context->choices[0]));
	for (size_t i = 0; i < certificates->count; i++) {
		if (!add_certificate(context, &certificates->items[i], options->min_version,
		                     error)) {
			tls_context_unref(context);
			return NULL;
		}
	}
	pair_all(context);
	return context;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
	(void)atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
	return context;
}

void tls_context_unref(struct tls_context *context)
{
	if (context == NULL ||
	    atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) > 1) {
		return;
	}
	for (size_t i = 0; i < context->count; i++) {
		SSL_CTX_free(context->choices[i].ssl);
	}
	free(context->choices);
	tls_tickets_destroy(context->tickets);
	BIO_meth_free(context->method);
	free(context);
}

unsigned tls_context_handshake_timeout_s(const struct tls_context *context)
{
	return context->handshake_timeout_s;
}

uint64_t tls_context_not_after_s(const struct tls_context *context)
{
	return context->not_after_s;
}

SSL *tls_context_open(struct tls_context *context, const char *protocol, struct tls_bio *ends)
{
	SSL *ssl = SSL_new(context->choices[0].ssl);
	BIO *bio;

	require(ssl != NULL);
	bio = tls_bio_create(context->method, ends);
	SSL_set_bio(ssl, bio, bio);
	(void)SSL_set_app_data(ssl, (char *)protocol);
	SSL_set_accept_state(ssl);
	return ssl;
}
