/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_CONTEXT_H
#define SERVER_NET_TLS_CONTEXT_H

#include <openssl/types.h>
#include <stdint.h>

#include "conf/conf_member.h"
#include "server/base/error.h"
#include "server/net/tls_bio.h"

/*
 * What TLS sessions are made of: certificates with their keys, and the rules.  TLS 1.2 or later
 * with OpenSSL's ciphers of security level 2; no compression, no renegotiation, no client
 * certificates.
 *
 * A client that names the host it wants (SNI, RFC 6066 §3) gets the first certificate that is
 * for that name, and the first of all when none is, as does one that names nothing.  With a
 * certificate goes the first behind it of each other kind of key (RSA, EC ...) that is for all
 * its names too: the client gets the one of them that it can check.
 *
 * Threads: immutable but for the tickets' keys, which have a lock; shared by reference.
 */
struct tls_context;

struct tls_context_options {
	const struct conf_certificates *certificates; /* one at least */
	enum conf_tls_version min_version;
	unsigned handshake_timeout_s; /* what tls_context_handshake_timeout_s() gives */
};

/*
 * Gives a context, with one reference, read from the files of `options`; NULL with `error` set
 * to which file is wrong and why.  A certificate out of its time is taken, and told in the log.
 */
struct tls_context *tls_context_create(const struct tls_context_options *options,
                                       struct error *error);

/* Gives another reference. */
struct tls_context *tls_context_ref(struct tls_context *context);

/* Give one back; the last frees it.  NULL does nothing. */
void tls_context_unref(struct tls_context *context);

/* How long a handshake may take. */
unsigned tls_context_handshake_timeout_s(const struct tls_context *context);

/* Unix time, in seconds, at which the first of its certificates expires. */
uint64_t tls_context_not_after_s(const struct tls_context *context);

/*
 * Gives the server's side of a session over `ends` (lent), to be ended with SSL_free() before the
 * caller's reference is.  `protocol` is what is spoken inside, as ALPN has it (RFC 7301; lent):
 * a client that asks for others only is refused.
 */
SSL *tls_context_open(struct tls_context *context, const char *protocol, struct tls_bio *ends);

#endif
