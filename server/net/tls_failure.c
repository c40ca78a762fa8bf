/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stddef.h>

/* Those of alerts that the client has sent are SSL_AD_REASON_OFFSET and its number. */
enum tls_failure tls_failure_of(unsigned long error)
{
	if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
		return TLS_FAILURE_OTHER;
	}
	switch (ERR_GET_REASON(error)) {
	case SSL_R_HTTP_REQUEST:
	case SSL_R_WRONG_VERSION_NUMBER: /* of the record: random bytes have it */
		return TLS_FAILURE_PLAIN;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return TLS_FAILURE_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SHARED_GROUPS:
	case SSL_R_NO_SUITABLE_GROUPS:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
		return TLS_FAILURE_CIPHER;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return TLS_FAILURE_PROTOCOL;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		return TLS_FAILURE_CERTIFICATE;
	default:
		return TLS_FAILURE_OTHER;
	}
}

void tls_failure_count(struct metrics *metrics, enum tls_failure failure)
{
	static const size_t members[] = {
	    [TLS_FAILURE_PLAIN] = offsetof(struct metrics, tls_failed_plain),
	    [TLS_FAILURE_LEFT] = offsetof(struct metrics, tls_failed_left),
	    [TLS_FAILURE_TIMEOUT] = offsetof(struct metrics, tls_failed_timeout),
	    [TLS_FAILURE_VERSION] = offsetof(struct metrics, tls_failed_version),
	    [TLS_FAILURE_CIPHER] = offsetof(struct metrics, tls_failed_cipher),
	    [TLS_FAILURE_PROTOCOL] = offsetof(struct metrics, tls_failed_protocol),
	    [TLS_FAILURE_CERTIFICATE] = offsetof(struct metrics, tls_failed_certificate),
	    [TLS_FAILURE_OTHER] = offsetof(struct metrics, tls_failed_other),
	};

	metric_add((metric *)(void *)((char *)metrics + members[failure]), 1);
}
