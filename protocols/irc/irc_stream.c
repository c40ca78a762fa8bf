/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_stream.h"

#include "protocols/irc/irc_session.h"

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

void irc_stream_open(struct irc_server *server, struct connection *connection)
{
	connection->ops = &ops;
	connection->owner = irc_session_create(server, connection, IRC_FRAMING_STREAM);
}
