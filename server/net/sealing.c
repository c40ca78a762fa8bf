/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/sealing.h"

#define RECORD_PIECES 64 /* of one record; 16 KiB of IRC lines are about as many */

static size_t at_most(size_t length, size_t max)
{
	return length < max ? length : max;
}

/* Joins pieces up to the size of a record; a first one that fills it is taken as it is. */
static struct iovec join(struct net *net, const struct iovec *pieces, size_t count)
{
	struct buffer *joined = &net->joined;

	if (count == 1 || pieces[0].iov_len >= TLS_SESSION_RECORD_MAX) {
		return (struct iovec){.iov_base = pieces[0].iov_base,
		                      .iov_len =
		                          at_most(pieces[0].iov_len, TLS_SESSION_RECORD_MAX)};
	}
	buffer_clear(joined);
	for (size_t i = 0; i < count; i++) {
		buffer_append(joined, pieces[i].iov_base,
		              at_most(pieces[i].iov_len, TLS_SESSION_RECORD_MAX - joined->length));
	}
	return (struct iovec){.iov_base = joined->bytes, .iov_len = joined->length};
}

static void seal(struct net *net, struct tls_session *session, struct outbox *outbox)
{
	struct iovec pieces[RECORD_PIECES];
	size_t count = 1;
	struct iovec record;

	if (!slices_find(&net->slices, outbox, pieces)) {
		count = outbox_peek(outbox, pieces, RECORD_PIECES);
	}
	record = join(net, pieces, count);
	if (tls_session_seal(session, record.iov_base, record.iov_len)) {
		outbox_advance(&net->pool, outbox, record.iov_len);
	} else {
		outbox_clear(&net->pool, outbox);
	}
}

bool sealing_next(struct net *net, struct tls_session *session, struct outbox *outbox)
{
	if (tls_session_waiting(session) == 0 && outbox->bytes > 0) {
		seal(net, session, outbox);
	}
	return tls_session_waiting(session) > 0;
}
