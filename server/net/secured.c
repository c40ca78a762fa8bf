/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/secured.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/connection_tls.h"
#include "server/net/tls_failure.h"
#include "server/net/tls_session.h"

#define CLIENT_HELLO 0x16 /* RFC 8446 §5.1: the type of a client's first record, "handshake" */

struct secured {
	struct connection *connection;
	struct listener_owner owner;
	struct tls_context *context; /* a share */
	struct deadline deadline;
};

static const struct log_scope log_scope = {.name = "listener"};

static void let_go(struct secured *secured)
{
	deadline_disarm(&secured->connection->net->deadlines, &secured->deadline);
	tls_context_unref(secured->context);
	free(secured);
}

static enum tls_failure failure_of(const struct connection *connection, enum close_reason reason)
{
	switch (reason) {
	case CLOSE_TLS_WANTED:
		return TLS_FAILURE_PLAIN;
	case CLOSE_TLS_FAILED:
		return tls_session_failure(connection->tls);
	case CLOSE_TIMEOUT:
		return TLS_FAILURE_TIMEOUT;
	case CLOSE_CLIENT_CLOSED:
	case CLOSE_CLIENT_RESET:
		return TLS_FAILURE_LEFT;
	default:
		return TLS_FAILURE_OTHER;
	}
}

/* In TLS there is no protocol yet to say goodbye in; what OpenSSL has to say waits to be sent. */
static void on_closing(struct connection *connection, enum close_reason reason)
{
	const struct secured *secured = connection->owner;
	const struct listener_owner *owner = &secured->owner;
	char name[PEER_TEXT_MAX];

	tls_failure_count(connection->net->metrics, failure_of(connection, reason));
	log_debug(&log_scope, "listener.tls_failed", "%s: %s: %s",
	          peer_text(&connection->peer, name), close_reason_row(reason)->label,
	          connection->tls != NULL ? tls_session_fault(connection->tls) : "none was begun");
	if (reason == CLOSE_TLS_WANTED && owner->tls.refusal != NULL) {
		const char *words = owner->tls.refusal(owner->pointer, reason);

		connection_send_bytes(connection, words, strlen(words));
	}
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	(void)reason;
	let_go(connection->owner);
}

static void on_due(struct deadline *deadline)
{
	struct secured *secured = container_of(deadline, struct secured, deadline);

	connection_close(secured->connection, CLOSE_TIMEOUT);
}

/* Called first when the handshake is done.  What came behind it is the owner's. */
static size_t on_handshake_done(struct connection *connection, const char *bytes, size_t length)
{
	struct secured *secured = connection->owner;
	struct listener_owner owner = secured->owner;
	char name[PEER_TEXT_MAX];

	(void)bytes;
	(void)length;
	require(tls_session_is_established(connection->tls));
	metric_add(&connection->net->metrics->tls_handshakes, 1);
	log_debug(&log_scope, "listener.tls", "%s: %s, %s", peer_text(&connection->peer, name),
	          tls_session_version(connection->tls), tls_session_cipher(connection->tls));
	let_go(secured);
	owner.on_connection(owner.pointer, connection);
	connection_resume(connection);
	return 0;
}

static const struct connection_ops handshake_ops = {
    .on_input = on_handshake_done,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

/* One byte tells who does not speak TLS, and can be answered in words. */
static size_t on_first_input(struct connection *connection, const char *bytes, size_t length)
{
	struct secured *secured = connection->owner;

	if (length == 0) {
		return 0;
	}
	if (bytes[0] != CLIENT_HELLO) {
		connection_close(connection, CLOSE_TLS_WANTED);
		return length;
	}
	connection->ops = &handshake_ops;
	connection_secure(connection,
	                  tls_session_create(secured->context, secured->owner.tls.protocol), bytes,
	                  length);
	return length;
}

static const struct connection_ops first_ops = {
    .on_input = on_first_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

void secured_begin(struct connection *connection, const struct listener_owner *owner)
{
	struct secured *secured = mem_new(struct secured);

	secured->connection = connection;
	secured->owner = *owner;
	secured->context = tls_holder_get(owner->tls.holder);
	secured->deadline.on_due = on_due;
	deadline_arm(&connection->net->deadlines, &secured->deadline,
	             (uint64_t)tls_context_handshake_timeout_s(secured->context) * 1000);
	connection->ops = &first_ops;
	connection->owner = secured;
}
