/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_TOPICS_H
#define PROTOCOLS_IRC_IRC_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/deadlines.h"
#include "server/net/net.h"

/*
 * Another topic reaches those who have joined: a TOPIC for each of their channels whose text has
 * become another one.
 *
 *   irc_topics_change() ──> sessions that are untold ── IRC_TOPICS_PER_TURN lines a turn ──> told
 *
 * A client in every channel gets a thousand lines, and there may be thousands of clients: so they
 * are told by and by, between what else there is to do, and one that takes its lines too
 * slowly waits until it has taken some.
 *
 * Threads: the worker's.
 */
#define IRC_TOPICS_PER_TURN 1000 /* lines, of a microsecond each */

struct irc_server;
struct irc_session;

/* A part of struct irc_server. */
struct irc_topics {
	struct irc_server *server;  /* lent */
	struct net_task task;       /* waits while there are lines for the next turn */
	struct deadline later;      /* armed while all that are untold are too slow */
	struct irc_session *untold; /* a list: irc_session.prev_untold, next_untold */
	size_t count;               /* of them */
	char *before;               /* the topic they know; NULL: not all know the same */
};

/* Begin with nobody untold.  Lent for its life: the server. */
void irc_topics_init(struct irc_topics *topics, struct irc_server *server);

/* The server has another topic than this one: tell everyone in a channel. */
void irc_topics_change(struct irc_topics *topics, const char *before);

/* The session ends: it is told nothing more. */
void irc_topics_forget(struct irc_topics *topics, struct irc_session *session);

#endif
