/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_stream.h"

#include "protocols/irc/irc_session.h"

#define TLS_CLIENT_HELLO 0x16 /* RFC 8446 §5.1: the type of the first record, "handshake" */

static size_t on_input(struct connection *connection, const char *bytes, size_t length)
{
	return irc_session_take(connection->owner, bytes, length);
}

static void on_closing(struct connection *connection, enum close_reason reason)
{
	irc_session_end(connection->owner, reason);
}

static void on_closed(struct connection *connection, enum close_reason reason)
{
	(void)reason;
	irc_session_destroy(connection->owner);
}

static const struct connection_ops ops = {
    .on_input = on_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

/*
 * A client that means another port would wait for its handshake in vain, since no line comes from
 * it.  One that speaks TLS takes the goodbye for a wrong version, at once.
 */
static size_t on_first_input(struct connection *connection, const char *bytes, size_t length)
{
	if (length > 0 && bytes[0] == TLS_CLIENT_HELLO) {
		connection_close(connection, CLOSE_TLS_UNWANTED);
		return length;
	}
	connection->ops = &ops;
	return on_input(connection, bytes, length);
}

static const struct connection_ops first_ops = {
    .on_input = on_first_input,
    .on_closing = on_closing,
    .on_closed = on_closed,
};

void irc_stream_open(struct irc_server *server, struct connection *connection)
{
	connection->ops = &first_ops;
	connection->owner = irc_session_create(server, connection, IRC_FRAMING_STREAM);
}
