/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_SEALING_H
#define SERVER_NET_SEALING_H

#include <stdbool.h>

#include "server/net/net.h"
#include "server/net/outbox.h"
#include "server/net/tls_session.h"

/*
 * From an outbox into a TLS session, a record at a time: small wires share one.
 *
 *   outbox [a][b][c] ── sealing_next() ──> record "abc" ──> socket
 *
 * Threads: the worker's.
 */

/*
 * Have something wait in the session when there is anything to send: a record is made when none
 * waits.  False when there is not.  What a session that has failed cannot take is dropped.
 */
bool sealing_next(struct net *net, struct tls_session *session, struct outbox *outbox);

#endif
