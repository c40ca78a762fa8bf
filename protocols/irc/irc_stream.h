/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_STREAM_H
#define PROTOCOLS_IRC_IRC_STREAM_H

#include "protocols/irc/irc_server.h"
#include "server/net/connection.h"

/*
 * IRC as RFC 2812 has it: lines in a TCP stream.
 *
 *   connection <── bytes, wires, the end ──> irc_session
 *
 * Threads: the worker's.
 */

/* A client has come: from here to its end the connection belongs to a session. */
void irc_stream_open(struct irc_server *server, struct connection *connection);

#endif
