/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_bio.h"

#include <openssl/bio.h>
#include <string.h>

#include "server/base/memory.h"

static int on_write(BIO *bio, const char *bytes, size_t length, size_t *written)
{
	struct tls_bio *ends = BIO_get_data(bio);

	buffer_append(&ends->out, bytes, length);
	*written = length;
	return 1;
}

static int on_read(BIO *bio, char *bytes, size_t size, size_t *length)
{
	struct tls_bio *ends = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (ends->in_length == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*length = size < ends->in_length ? size : ends->in_length;
	memcpy(bytes, ends->in, *length);
	ends->in += *length;
	ends->in_length -= *length;
	return 1;
}

/* Nothing is buffered here, so that all is flushed at any time. */
static long on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_bio_method_create(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");

	require(method != NULL && BIO_meth_set_write_ex(method, on_write) == 1 &&
	        BIO_meth_set_read_ex(method, on_read) == 1 &&
	        BIO_meth_set_ctrl(method, on_control) == 1);
	return method;
}

BIO *tls_bio_create(const BIO_METHOD *method, struct tls_bio *ends)
{
	BIO *bio = BIO_new(method);

	require(bio != NULL);
	BIO_set_data(bio, ends);
	BIO_set_init(bio, 1);
	return bio;
}
