/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_FAILURE_H
#define SERVER_NET_TLS_FAILURE_H

#include "server/metrics.h"

/*
 * Why a handshake was not done, in as many words as an operator can act on.
 *
 * Threads: any; no state.
 */
enum tls_failure {
	TLS_FAILURE_PLAIN,       /* what came was no TLS */
	TLS_FAILURE_LEFT,        /* the client went away */
	TLS_FAILURE_TIMEOUT,     /* it took too long */
	TLS_FAILURE_VERSION,     /* none in common */
	TLS_FAILURE_CIPHER,      /* nothing in common to encrypt, agree on a key or sign with */
	TLS_FAILURE_PROTOCOL,    /* it asked for others than what is spoken (ALPN) */
	TLS_FAILURE_CERTIFICATE, /* it does not take the certificate */
	TLS_FAILURE_OTHER,
};

/* What an error of OpenSSL's, as ERR_get_error(3) gives it, stands for. */
enum tls_failure tls_failure_of(unsigned long error);

/* Count one. */
void tls_failure_count(struct metrics *metrics, enum tls_failure failure);

#endif
