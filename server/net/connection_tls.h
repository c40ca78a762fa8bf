/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CONNECTION_TLS_H
#define SERVER_NET_CONNECTION_TLS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * TLS over a connection: between its socket and its owner, who sends and takes as without.  What
 * the socket takes next is sealed a record at a time (sealing.h); all else waits as it was queued.
 *
 * Threads: the worker's.
 */
struct connection;
struct tls_session;

/*
 * Speak TLS from now on, in a session that is given; `length` bytes of the client's have come
 * already.  The owner gets no input before the handshake is done: on_input() is called then, be
 * there any or not, and from then on with what the records hold.
 */
void connection_secure(struct connection *connection, struct tls_session *session,
                       const char *bytes, size_t length);

/* Whether nobody can read or change what goes over it, up to whoever ends TLS: the client. */
bool connection_is_secure(const struct connection *connection);

#endif
