/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENT_KIND_H
#define SERVER_NET_CLIENT_KIND_H

/*
 * What a client speaks, by front-end and transport: labels of the metrics, words of the list
 * of clients.  client_kinds.def has the table.
 *
 * Threads: constant.
 */
enum client_kind {
#define CLIENT_KIND(id, front_end, transport) CLIENT_##id,
#include "server/net/client_kinds.def"
#undef CLIENT_KIND
	CLIENT_KINDS
};

struct client_kind_row {
	const char *front_end; /* "socketio" */
	const char *transport; /* "websocket" */
};

/* Lends the row of a kind. */
const struct client_kind_row *client_kind_row(enum client_kind kind);

#endif
