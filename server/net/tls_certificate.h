/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_CERTIFICATE_H
#define SERVER_NET_TLS_CERTIFICATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf/conf_member.h"
#include "server/base/error.h"

/*
 * A certificate with its chain and its key, from their files, and what it says.
 *
 * Threads: any; no state.
 */

/*
 * Have `ssl` use those of the files; false with `error` set to which file is wrong, and why.
 * Nobody is asked for a passphrase.
 */
bool tls_certificate_use(SSL_CTX *ssl, const struct conf_certificate *files, struct error *error);

/* Say in the log until when it is good, and warn when it is not now.  `file` is its name there. */
void tls_certificate_tell(const X509 *certificate, const char *file);

/* Unix time, in seconds, at which it expires; 0 when that cannot be read. */
uint64_t tls_certificate_not_after_s(const X509 *certificate);

/*
 * Whether it can stand for the other: every host name and address of that is one of its own.
 * False when the other has none.
 */
bool tls_certificate_covers(X509 *certificate, X509 *other);

#endif
