/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "server/base/memory.h"

struct tls_session {
	struct tls_context *context; /* a share */
	SSL *ssl;
	struct tls_bio ends;
	struct buffer ready; /* lent to who sends it: does not move before it is sent */
	size_t sent;         /* of `ready` */
	unsigned long fault; /* of OpenSSL's queue */
	bool has_failed;
	bool has_ended; /* close_notify was made */
};

struct tls_session *tls_session_create(struct tls_context *context, const char *protocol)
{
	struct tls_session *session = mem_new(struct tls_session);

	session->context = tls_context_ref(context);
	session->ssl = tls_context_open(context, protocol, &session->ends);
	return session;
}

void tls_session_destroy(struct tls_session *session)
{
	if (session == NULL) {
		return;
	}
	SSL_free(session->ssl);
	buffer_finish(&session->ends.out);
	buffer_finish(&session->ready);
	tls_context_unref(session->context);
	free(session);
}

static void fail(struct tls_session *session)
{
	session->has_failed = true;
	session->fault = ERR_get_error();
	ERR_clear_error();
}

/* --- input -------------------------------------------------------------- */

static enum tls_session_progress progress_of(struct tls_session *session)
{
	switch (SSL_get_error(session->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return TLS_SESSION_GOES_ON;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_SESSION_ENDED;
	default:
		fail(session);
		return TLS_SESSION_FAILED;
	}
}

enum tls_session_progress tls_session_open(struct tls_session *session, const char *bytes,
                                           size_t length, struct buffer *plain)
{
	enum tls_session_progress progress = TLS_SESSION_FAILED;
	bool has_more = !session->has_failed;

	ERR_clear_error(); /* SSL_get_error(3): it looks at the thread's queue */
	session->ends.in = bytes;
	session->ends.in_length = length;
	while (has_more) {
		char *room = buffer_reserve(plain, TLS_SESSION_RECORD_MAX);
		size_t got = 0;

		has_more = SSL_read_ex(session->ssl, room, TLS_SESSION_RECORD_MAX, &got) == 1;
		plain->length += got;
		if (!has_more) {
			progress = progress_of(session);
		}
	}
	session->ends.in = NULL;
	session->ends.in_length = 0;
	return progress;
}

bool tls_session_is_established(const struct tls_session *session)
{
	return SSL_is_init_finished(session->ssl) == 1;
}

bool tls_session_is_at_end(const struct tls_session *session)
{
	return (SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/* --- output ------------------------------------------------------------- */

bool tls_session_seal(struct tls_session *session, const char *bytes, size_t length)
{
	size_t written;

	require(length > 0 && length <= TLS_SESSION_RECORD_MAX);
	if (session->has_failed || session->has_ended) {
		return false;
	}
	ERR_clear_error();
	if (SSL_write_ex(session->ssl, bytes, length, &written) != 1) {
		fail(session);
		return false;
	}
	require(written == length);
	return true;
}

void tls_session_end(struct tls_session *session)
{
	if (!session->has_failed && !session->has_ended && tls_session_is_established(session)) {
		session->has_ended = true;
		ERR_clear_error();
		(void)SSL_shutdown(session->ssl);
		ERR_clear_error();
	}
}

size_t tls_session_waiting(const struct tls_session *session)
{
	return session->ready.length - session->sent + session->ends.out.length;
}

size_t tls_session_peek(struct tls_session *session, struct iovec *piece)
{
	if (session->ready.length == 0) {
		session->ready = session->ends.out;
		session->ends.out = (struct buffer){0};
	}
	if (session->ready.length == 0) {
		return 0;
	}
	*piece = (struct iovec){.iov_base = session->ready.bytes + session->sent,
	                        .iov_len = session->ready.length - session->sent};
	return 1;
}

void tls_session_sent(struct tls_session *session, size_t length)
{
	require(length <= session->ready.length - session->sent);
	session->sent += length;
	if (session->sent == session->ready.length) {
		buffer_finish(&session->ready);
		session->sent = 0;
	}
}

/* --- what it is --------------------------------------------------------- */

enum tls_failure tls_session_failure(const struct tls_session *session)
{
	require(session->has_failed);
	return tls_failure_of(session->fault);
}

const char *tls_session_fault(const struct tls_session *session)
{
	const char *text = ERR_reason_error_string(session->fault);

	if (!session->has_failed) {
		return "none";
	}
	return text != NULL ? text : "unknown reason";
}

const char *tls_session_version(const struct tls_session *session)
{
	return SSL_get_version(session->ssl);
}

const char *tls_session_cipher(const struct tls_session *session)
{
	return SSL_get_cipher_name(session->ssl);
}
