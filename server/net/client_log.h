/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENT_LOG_H
#define SERVER_NET_CLIENT_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What clients do, in the log at info: who came, registered, subscribed, and how it ended, with
 * its totals.  A storm of clients must not fill a disk, nor keep a worker waiting: all workers
 * together write so many lines a second, CLIENT_LOG_BURST_S seconds of them at once if there were
 * none before, and none that whoever reads the log has no room for.  The others are counted, and a
 * line a second tells of them.  At level debug all are written.
 *
 *   session ── client_log_wants() ──> client_line.h
 *                    └── counted ── client_log_tell() ──> log.suppressed
 *
 * Threads: any.
 */
#define CLIENT_LOG_BURST_S 10

struct net;

enum client_event {
	CLIENT_CONNECTED,
	CLIENT_REGISTERED,
	CLIENT_SUBSCRIBED,
	CLIENT_DISCONNECTED,
	CLIENT_EVENTS
};

/* One of the process.  All zero writes no lines. */
struct client_log {
	_Atomic uint64_t interval_ns; /* from line to line; 0: there are none */
	_Atomic uint64_t due_ns; /* when the lines so far would have been written at the rate */
	_Atomic uint64_t suppressed[CLIENT_EVENTS];
};

/* Write so many lines a second from now on; 0: none. */
void client_log_set_rate(struct client_log *log, unsigned rate);

/* Whether a line about this event may be written, at net.clock's time; one that may counts. */
bool client_log_wants(const struct net *net, enum client_event event);

/*
 * Write a line about those that were not written since the last time, if there are any.  It waits
 * for room as other lines do: who must not wait asks log_has_room() first.
 */
void client_log_tell(struct client_log *log);

/* Lends the word of an event, "connected". */
const char *client_log_event_name(enum client_event event);

#endif
