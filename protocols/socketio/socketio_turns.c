/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_turns.h"

#include <utlist.h>

#include "server/base/memory.h"

/* Whether there is something left in this turn; it is taken then. */
static bool spend(struct socketio_turns *turns, size_t bytes)
{
	if (turns->turn != turns->net->turn) {
		turns->turn = turns->net->turn;
		turns->spent = 0;
	}
	if (turns->spent >= SOCKETIO_TURNS_BYTES) {
		return false;
	}
	turns->spent += bytes + SOCKETIO_TURNS_PACKET;
	return true;
}

static void on_turn(struct net_task *task)
{
	struct socketio_turns *turns = container_of(task, struct socketio_turns, task);

	metric_add(&turns->metrics->socketio_input_waits, turns->waiting);
	while (turns->line != NULL && spend(turns, turns->line->bytes)) {
		struct socketio_waiter *waiter = turns->line;

		socketio_turns_leave(turns, waiter);
		waiter->on_turn(waiter);
	}
	if (turns->line != NULL) {
		net_call_next_turn(turns->net, task);
	}
}

void socketio_turns_init(struct socketio_turns *turns, struct net *net, struct metrics *metrics)
{
	*turns = (struct socketio_turns){
	    .net = net,
	    .metrics = metrics,
	    .task = {.on_turn = on_turn},
	};
}

void socketio_turns_finish(struct socketio_turns *turns)
{
	require(turns->line == NULL);
	net_forget(turns->net, &turns->task);
}

bool socketio_turns_take(struct socketio_turns *turns, size_t bytes)
{
	return turns->line == NULL && spend(turns, bytes);
}

void socketio_turns_wait(struct socketio_turns *turns, struct socketio_waiter *waiter, size_t bytes)
{
	require(waiter->on_turn != NULL && bytes > 0 && waiter->bytes == 0);
	waiter->bytes = bytes;
	DL_APPEND(turns->line, waiter);
	turns->waiting++;
	net_call_next_turn(turns->net, &turns->task);
}

bool socketio_turns_is_waiting(const struct socketio_waiter *waiter)
{
	return waiter->bytes > 0;
}

void socketio_turns_leave(struct socketio_turns *turns, struct socketio_waiter *waiter)
{
	if (waiter->bytes > 0) {
		waiter->bytes = 0;
		DL_DELETE(turns->line, waiter);
		turns->waiting--;
	}
}
