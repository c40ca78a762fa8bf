/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_SECURED_H
#define SERVER_NET_SECURED_H

#include "server/net/proxied.h"

/*
 * A connection to a listener that speaks TLS, until the handshake is done:
 *
 *   listener ──> (proxied) ──> secured ── handshake ──> on_connection()
 *
 * Who does not finish it in time, or cannot, is let go; nobody has heard of that client then.
 * One whose first byte is no TLS is told so in plain words, the protocol's, by owner->tls.refusal.
 *
 * Threads: the worker's.
 */

/*
 * Wait for the handshake, and do it as owner->tls says.  The connection has no owner yet; what
 * `owner` points to outlives it.  What has come already is taken after connection_resume().
 */
void secured_begin(struct connection *connection, const struct listener_owner *owner);

#endif
