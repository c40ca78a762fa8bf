/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_HOLDER_H
#define SERVER_NET_TLS_HOLDER_H

#include "server/net/tls_context.h"

/*
 * The context for clients that come now.  It can be exchanged while all workers listen: who is
 * connected keeps the one it came with.
 *
 * Threads: any; it has a lock, which is taken when a client comes.
 */
struct tls_holder;

/* Gives a holder of `context`, whose reference is given. */
struct tls_holder *tls_holder_create(struct tls_context *context);

/* Free it, and give its reference back.  NULL does nothing. */
void tls_holder_destroy(struct tls_holder *holder);

/* Gives a reference to the context of now. */
struct tls_context *tls_holder_get(struct tls_holder *holder);

/* Hold another one from now on; its reference is given. */
void tls_holder_put(struct tls_holder *holder, struct tls_context *context);

#endif
