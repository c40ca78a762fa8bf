/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_SESSION_H
#define SERVER_NET_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "server/base/buffer.h"
#include "server/net/tls_context.h"
#include "server/net/tls_failure.h"

/*
 * The server's side of TLS over one connection, between the socket and who speaks through it;
 * neither moves here: bytes go in and come out.
 *
 *   socket ── tls_session_open() ──> plain bytes
 *   plain bytes ── tls_session_seal() ──> records ── tls_session_peek(), _sent() ──> socket
 *
 * Records are made one at a time, when the socket can take one: what waits, waits as it was.
 * While nothing is on the way it holds no buffers.
 *
 * Threads: its holder's; it may go to another thread in between.
 */
#define TLS_SESSION_RECORD_MAX 16384 /* plain bytes of a record, RFC 8446 §5.1 */

struct tls_session;

enum tls_session_progress {
	TLS_SESSION_GOES_ON,
	TLS_SESSION_ENDED,  /* the client has said that no more comes from it */
	TLS_SESSION_FAILED, /* no more is read or sealed; an alert may wait to be sent */
};

/* Gives a session; shares `context`, lends `protocol` as tls_context_open() does. */
struct tls_session *tls_session_create(struct tls_context *context, const char *protocol);

/* Free it.  NULL does nothing. */
void tls_session_destroy(struct tls_session *session);

/* Take bytes of the client's, all of them, and add to `plain` what they hold. */
enum tls_session_progress tls_session_open(struct tls_session *session, const char *bytes,
                                           size_t length, struct buffer *plain);

/* Whether the handshake is done: what comes is the client's, and can be sealed for it. */
bool tls_session_is_established(const struct tls_session *session);

/* Whether the client has said that no more comes from it. */
bool tls_session_is_at_end(const struct tls_session *session);

/* Make a record of up to TLS_SESSION_RECORD_MAX bytes; false when the session has failed. */
bool tls_session_seal(struct tls_session *session, const char *bytes, size_t length);

/* Say that no more comes from us (close_notify), if that can be said and was not. */
void tls_session_end(struct tls_session *session);

/* How many bytes wait to be sent. */
size_t tls_session_waiting(const struct tls_session *session);

/* Lends the first of them until tls_session_sent(); 0 pieces when there are none, else 1. */
size_t tls_session_peek(struct tls_session *session, struct iovec *piece);

/* Forget the first `length` of what tls_session_peek() gave: they were sent. */
void tls_session_sent(struct tls_session *session, size_t length);

/* Why it has failed; it has. */
enum tls_failure tls_session_failure(const struct tls_session *session);

/* Lends why it has failed, in OpenSSL's words. */
const char *tls_session_fault(const struct tls_session *session);

/* Lends the version that was agreed on, such as "TLSv1.3". */
const char *tls_session_version(const struct tls_session *session);

/* Lends the cipher suite that was agreed on. */
const char *tls_session_cipher(const struct tls_session *session);

#endif
