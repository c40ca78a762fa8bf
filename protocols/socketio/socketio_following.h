/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_FOLLOWING_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_FOLLOWING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/feed/change.h"

/*
 * What a session has subscribed to with objects, and its catching up.
 *
 *   subscribe ──> live ── an object has `since` ──> catching up ── all was sent ──> live
 *                   bus                                history
 *
 * While it catches up, a session gets nothing from the bus: it walks through the worker's
 * memory, in portions, and takes what any of its subscriptions wants, old and new alike.  What
 * comes meanwhile is remembered before it is published, so the walk comes to it, and ends
 * where nothing is left: there is no seam at which a change could be lost or come twice.
 * It waits while more than NET_CHOKE bytes wait for the client, or half of its limit.
 *
 * Threads: the worker's.
 */
struct socketio_following;
struct socketio_session;

/* Changes that a worker's sessions may look at in one turn of its loop to catch up. */
#define SOCKETIO_LOOKS_TURN 8000

/* All zero is the beginning. */
struct socketio_effort {
	uint64_t turn;
	unsigned spent; /* in that turn */
};

/*
 * Subscribe with an object.  Gives the acknowledgement's answer; `error` and `gap` events go
 * out before it.
 */
json_t *socketio_following_subscribe(struct socketio_session *session, json_t *object);

/* End the subscription that asks for the same, or has the object's `id`.  Gives the answer. */
json_t *socketio_following_unsubscribe(struct socketio_session *session, json_t *object);

/* How many objects the session has subscribed to. */
unsigned socketio_following_count(const struct socketio_session *session);

/* End them all, and free. */
void socketio_following_leave(struct socketio_session *session);

/*
 * Whether the session is to be sent this change now, which the bus delivers: not while it
 * catches up, and once however many subscriptions bring it.  True is taken for sent.
 */
bool socketio_following_admits(struct socketio_session *session, const struct change *change);

#endif
