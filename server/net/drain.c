/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a round, each connection that is left is closed with a probability of what has gone by since
 * the last round in what was left then.  So its moment is as likely to be one as another, and none
 * is left at the end; nothing has to be noted for any of them.
 */
#include "server/net/drain.h"

#include <utlist.h>

#include "server/base/memory.h"
#include "server/base/random.h"
#include "server/net/connection.h"

static uint32_t next_number(struct drain *drain)
{
	if (drain->number_count == 0) {
		random_fill(drain->numbers, sizeof(drain->numbers));
		drain->number_count = DRAIN_NUMBERS;
	}
	return drain->numbers[--drain->number_count];
}

/* The window has some hundred thousand of them at the most: that the remainder is not quite even
 * does not show. */
static bool is_drawn(struct drain *drain, uint64_t now_ms)
{
	return now_ms >= drain->end_ms ||
	       next_number(drain) % (drain->end_ms - drain->last_ms) < now_ms - drain->last_ms;
}

static void on_round(struct deadline *deadline)
{
	struct drain *drain = container_of(deadline, struct drain, round);
	uint64_t now_ms = drain->net->clock.now_ms;
	struct connection *connection;

	DL_FOREACH (drain->net->all, connection) {
		if (connection_is_open(connection) && is_drawn(drain, now_ms)) {
			connection_close(connection, drain->reason);
		}
	}
	drain->last_ms = now_ms;
	if (now_ms < drain->end_ms && drain->net->all != NULL) {
		deadline_arm(&drain->net->deadlines, deadline, 0);
	} else {
		drain->on_drained(drain->owner);
	}
}

void drain_start(struct drain *drain, struct net *net, enum close_reason reason, uint64_t window_ms)
{
	drain->number_count = 0;
	drain->net = net;
	drain->reason = reason;
	drain->last_ms = net->clock.now_ms;
	drain->end_ms = drain->last_ms + window_ms;
	drain->round.on_due = on_round;
	net->is_draining = true;
	deadline_arm(&net->deadlines, &drain->round, 0);
}
