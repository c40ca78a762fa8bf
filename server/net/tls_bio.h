/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_BIO_H
#define SERVER_NET_TLS_BIO_H

#include <openssl/bio.h>
#include <stddef.h>

#include "server/base/buffer.h"

/*
 * What OpenSSL takes for a socket: it reads lent bytes where they are, and what it writes is
 * gathered in a buffer that is empty, and owns nothing, while there is nothing to send.
 *
 * Threads: its session's.
 */
struct tls_bio {
	const char *in; /* lent; not read yet */
	size_t in_length;
	struct buffer out; /* owned by whoever embeds this */
};

/* Gives the method of such BIOs, to be ended with BIO_meth_free() after the last of them. */
BIO_METHOD *tls_bio_method_create(void);

/* Gives a BIO over `ends`, which is lent for its life. */
BIO *tls_bio_create(const BIO_METHOD *method, struct tls_bio *ends);

#endif
