/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CONNECTION_OPS_H
#define SERVER_NET_CONNECTION_OPS_H

#include <stddef.h>

#include "server/net/close_reason.h"

/*
 * What a connection calls: the side of its owner, a session or what is not one yet.
 *
 * Threads: the worker's.
 */
struct connection;
struct migrant;

struct connection_ops {
	/*
	 * Bytes of the client, lent: what was held and what has arrived since, or none.  Returns
	 * how many are done with; the rest is held and comes again with what arrives next, or
	 * after connection_resume(), which alone goes on once NET_HELD_MAX bytes are held.
	 * After connection_pause() all of it waits for connection_resume().
	 * Between two commands ask connection_is_choked(), and return early when it is.
	 */
	size_t (*on_input)(struct connection *connection, const char *bytes, size_t length);

	/*
	 * It is to end for this reason.  Unsubscribe, disarm, send the last word with
	 * connection_send() when the reason is told (close_reason_row()).  Called once before
	 * on_closed(), when nothing can be sent any more too; not for one that was detached.
	 */
	void (*on_closing)(struct connection *connection, enum close_reason reason);

	/* It has ended and is freed after this: drop every pointer to it. */
	void (*on_closed)(struct connection *connection, enum close_reason reason);
};

typedef void on_detached_fn(struct connection *connection, struct migrant *migrant);

#endif
