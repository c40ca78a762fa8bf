/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "server/base/memory.h"

SSL_CTX *tls_client_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	require(context != NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                                    SSL_MODE_RELEASE_BUFFERS);
	return context;
}

SSL *tls_client_begin(SSL_CTX *context, int descriptor)
{
	SSL *client = SSL_new(context);

	require(client != NULL && SSL_set_fd(client, descriptor) == 1);
	ERR_clear_error();
	(void)SSL_connect(client);
	return client;
}

bool tls_client_is_established(const SSL *client)
{
	return SSL_is_init_finished(client) == 1;
}

/* Gives what the system call would, for a call of OpenSSL's that has not succeeded. */
static ssize_t failure_of(const SSL *client)
{
	switch (SSL_get_error(client, 0)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return -1; /* with its errno */
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t tls_client_receive(SSL *client, char *bytes, size_t size)
{
	size_t length;

	ERR_clear_error();
	return SSL_read_ex(client, bytes, size, &length) == 1 ? (ssize_t)length
	                                                      : failure_of(client);
}

ssize_t tls_client_send(SSL *client, const char *bytes, size_t length)
{
	size_t sent;

	ERR_clear_error();
	return SSL_write_ex(client, bytes, length, &sent) == 1 ? (ssize_t)sent : failure_of(client);
}
