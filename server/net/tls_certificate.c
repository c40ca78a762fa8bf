/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/base/log.h"

static const struct log_scope tls_log = {.name = "tls"};

/* Takes the oldest entry of OpenSSL's queue and empties that. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return text != NULL ? text : "unknown reason";
}

/* --- files -------------------------------------------------------------- */

/* Nobody is there to be asked: without this OpenSSL would ask on the terminal. */
static int on_passphrase(char *passphrase, int size, int is_writing, void *owner)
{
	(void)passphrase;
	(void)size;
	(void)is_writing;
	*(bool *)owner = true;
	return -1;
}

/* Whether there is a file; what OpenSSL says when there is none is of no use to anyone. */
static bool is_readable(const char *file, struct error *error)
{
	FILE *stream = fopen(file, "r");

	if (stream == NULL) {
		error_set(error, "%s: %s", file, strerror(errno));
		return false;
	}
	(void)fclose(stream);
	return true;
}

static bool use_key(SSL_CTX *ssl, const struct conf_certificate *files, struct error *error)
{
	bool was_asked = false;
	bool is_used;

	if (!is_readable(files->key, error)) {
		return false;
	}
	SSL_CTX_set_default_passwd_cb(ssl, on_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ssl, &was_asked);
	is_used = SSL_CTX_use_PrivateKey_file(ssl, files->key, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
	if (was_asked) {
		error_set(error, "%s: the key is encrypted (want one without a passphrase)",
		          files->key);
	} else if (is_used && SSL_CTX_check_private_key(ssl) == 1) {
		return true;
	} else if (is_used || ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509) {
		error_set(error, "%s: the key is not that of the certificate in %s", files->key,
		          files->certificate);
	} else {
		error_set(error, "%s: no key in PEM: %s", files->key, reason());
	}
	ERR_clear_error();
	return false;
}

bool tls_certificate_use(SSL_CTX *ssl, const struct conf_certificate *files, struct error *error)
{
	if (!is_readable(files->certificate, error)) {
		return false;
	}
	if (SSL_CTX_use_certificate_chain_file(ssl, files->certificate) != 1) {
		error_set(error, "%s: no certificate in PEM: %s", files->certificate, reason());
		return false;
	}
	return use_key(ssl, files, error);
}

/* --- what it says ------------------------------------------------------- */

static void write_date(const ASN1_TIME *time, char text[static sizeof("2026-01-01")])
{
	struct tm date = {0};

	if (ASN1_TIME_to_tm(time, &date) != 1 ||
	    strftime(text, sizeof("2026-01-01"), "%Y-%m-%d", &date) == 0) {
		(void)snprintf(text, sizeof("2026-01-01"), "?");
	}
}

void tls_certificate_tell(const X509 *certificate, const char *file)
{
	char begin[sizeof("2026-01-01")];
	char end[sizeof("2026-01-01")];

	write_date(X509_get0_notBefore(certificate), begin);
	write_date(X509_get0_notAfter(certificate), end);
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
		log_warn(&tls_log, "tls.expired", "%s: the certificate expired on %s", file, end);
	} else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		log_warn(&tls_log, "tls.not_yet_valid",
		         "%s: the certificate is not valid before %s", file, begin);
	} else {
		log_info(&tls_log, "tls.certificate", "%s: valid until %s", file, end);
	}
}

uint64_t tls_certificate_not_after_s(const X509 *certificate)
{
	struct tm date = {0};
	time_t time;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &date) != 1) {
		return 0;
	}
	time = timegm(&date);
	return time > 0 ? (uint64_t)time : 0;
}

static bool covers_name(X509 *certificate, const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

	switch (type) {
	case GEN_DNS:
		return X509_check_host(certificate, (const char *)ASN1_STRING_get0_data(value),
		                       (size_t)ASN1_STRING_length(value), 0, NULL) == 1;
	case GEN_IPADD:
		return X509_check_ip(certificate, ASN1_STRING_get0_data(value),
		                     (size_t)ASN1_STRING_length(value), 0) == 1;
	default:
		return true; /* nobody comes here for a mailbox */
	}
}

bool tls_certificate_covers(X509 *certificate, X509 *other)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(other, NID_subject_alt_name, NULL, NULL);
	bool covers = names != NULL && sk_GENERAL_NAME_num(names) > 0;

	for (int i = 0; covers && i < sk_GENERAL_NAME_num(names); i++) {
		covers = covers_name(certificate, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return covers;
}
