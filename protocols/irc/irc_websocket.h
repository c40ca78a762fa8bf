/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_WEBSOCKET_H
#define PROTOCOLS_IRC_IRC_WEBSOCKET_H

#include "protocols/front_end.h"
#include "protocols/http/http_exchange.h"

/*
 * IRC over WebSocket, an endpoint of the HTTP listener (IRCv3 "WebSocket support"): a line a
 * message.  Its sessions are the IRC front-end's, and know the same channels.
 *
 *   websocket ── message ──> lines ──> irc_session
 *   irc_session, irc_wires ── a frame for each line ──> outbox
 *
 * Threads: the worker's.
 */
#define IRC_WEBSOCKET_PATH "/irc"

/* Gives a worker's state of the endpoint. */
void *irc_websocket_start(const struct front_end_env *env);

/* An upgrade becomes a session; 404 while the IRC front-end is off, 426 without an upgrade. */
void irc_websocket_on_request(void *state, struct http_exchange *exchange);

/* Free what start() gave. */
void irc_websocket_destroy(void *state);

#endif
