/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CONNECTION_TURN_H
#define SERVER_NET_CONNECTION_TURN_H

/*
 * What net.c does to a connection at the end of a turn; nobody else's business.
 *
 * Threads: the worker's.
 */
#include <stdbool.h>

struct connection;

/* Whether all it was marked for is to take up its input, and it did so this turn already. */
bool connection_had_its_turn(const struct connection *connection);

/* Begin to close, detach or resume, whichever the connection was marked for. */
void connection_turn(struct connection *connection);

/* Write what waits, as far as the client takes it. */
void connection_flush(struct connection *connection);

#endif
