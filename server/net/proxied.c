/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/proxied.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/proxy_protocol.h"
#include "server/net/secured.h"

struct proxied {
	struct connection *connection;
	struct listener_owner owner;
	struct deadline deadline;
};

static const struct log_scope log_scope = {.name = "listener"};

static void let_go(struct proxied *proxied)
{
	deadline_disarm(&proxied->connection->net->deadlines, &proxied->deadline);
	free(proxied);
}

/* Nobody knows yet which protocol to say goodbye in. */
static void on_closing(struct connection *connection, enum close_reason reason)
{
	struct proxied *proxied = connection->owner;

	(void)reason;
	deadline_disarm(&connection->net->deadlines, &proxied->deadline);
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	(void)reason;
	let_go(connection->owner);
}

static void refuse_header(struct connection *connection, enum close_reason reason)
{
	char name[PEER_TEXT_MAX];

	metric_add(&connection->net->metrics->proxy_headers_refused, 1);
	log_debug(&log_scope, "listener.proxy_header", "%s: no PROXY header: %s",
	          peer_text(&connection->peer, name), close_reason_row(reason)->label);
	connection_close(connection, reason);
}

static void on_due(struct deadline *deadline)
{
	struct proxied *proxied = container_of(deadline, struct proxied, deadline);

	refuse_header(proxied->connection, CLOSE_TIMEOUT);
}

struct admission proxied_admission(const struct listener_owner *owner)
{
	return owner->admission != NULL ? owner->admission(owner->pointer) : (struct admission){0};
}

static void refuse_client(struct proxied *proxied, enum close_reason reason)
{
	const struct listener_owner *owner = &proxied->owner;
	struct connection *connection = proxied->connection;

	refusals_note(connection->net, &connection->peer, reason);
	if (owner->refusal != NULL) {
		const char *words = owner->refusal(owner->pointer, reason);

		connection_send_bytes(connection, words, strlen(words));
	}
	connection_close(connection, reason);
}

static void hand_over(struct proxied *proxied, const struct proxy_protocol_header *header)
{
	struct listener_owner owner = proxied->owner;
	struct connection *connection = proxied->connection;
	struct admission admission = proxied_admission(&owner);
	enum close_reason reason;

	if (header->has_client) {
		connection->peer = header->client;
	}
	if (!admission_move(&admission, connection->net, &connection->peer, &connection->place,
	                    &reason)) {
		refuse_client(proxied, reason);
		return;
	}
	let_go(proxied);
	if (owner.tls.holder != NULL) {
		secured_begin(connection, &owner);
	} else {
		owner.on_connection(owner.pointer, connection);
	}
	connection_resume(connection); /* with what stands behind the header */
}

static size_t on_input(struct connection *connection, const char *bytes, size_t length)
{
	struct proxy_protocol_header header;

	switch (proxy_protocol_read(bytes, length, &header)) {
	case PROXY_PROTOCOL_PART:
		return 0;
	case PROXY_PROTOCOL_BAD:
		refuse_header(connection, CLOSE_PROTOCOL_ERROR);
		return length;
	default:
		hand_over(connection->owner, &header);
		return header.length;
	}
}

static const struct connection_ops ops = {
    .on_input = on_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

void proxied_begin(struct connection *connection, const struct listener_owner *owner)
{
	struct proxied *proxied = mem_new(struct proxied);

	proxied->connection = connection;
	proxied->owner = *owner;
	proxied->deadline.on_due = on_due;
	deadline_arm(&connection->net->deadlines, &proxied->deadline, PROXIED_TIMEOUT_MS);
	connection->ops = &ops;
	connection->owner = proxied;
}
