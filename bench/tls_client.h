/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TLS_CLIENT_H
#define BENCH_TLS_CLIENT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A client's side of TLS on a socket that does not block.  The certificate is not looked at: what
 * is measured is the server's own.
 *
 * Threads: the caller's.
 */

/* Gives what clients are made of, to be ended with SSL_CTX_free(). */
SSL_CTX *tls_client_context(void);

/* Gives a client on a connected socket, to be ended with SSL_free(); its hello is sent. */
SSL *tls_client_begin(SSL_CTX *context, int descriptor);

/* Whether the handshake is done; what is read goes on with it. */
bool tls_client_is_established(const SSL *client);

/*
 * As recv(2) and send(2): -1 with EAGAIN in errno when it has to wait, and with EPROTO when TLS
 * has failed.  At most a record is read at a time, and none stays behind.
 */
ssize_t tls_client_receive(SSL *client, char *bytes, size_t size);
ssize_t tls_client_send(SSL *client, const char *bytes, size_t length);

#endif
