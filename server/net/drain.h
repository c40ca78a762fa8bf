/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_DRAIN_H
#define SERVER_NET_DRAIN_H

#include <stdint.h>

#include "server/base/deadlines.h"
#include "server/net/close_reason.h"
#include "server/net/net.h"

/*
 * Closes the connections of a net over a window of time, each at a moment drawn at random:
 * clients that come back at once then do not all come at the same time.
 *
 * Threads: the worker's.
 */
#define DRAIN_NUMBERS 64

struct drain {
	struct net *net;
	enum close_reason reason;
	uint64_t last_ms; /* the loop's time of the last round */
	uint64_t end_ms;
	struct deadline round;
	uint32_t numbers[DRAIN_NUMBERS]; /* random, of which the first number_count are not used */
	size_t number_count;
	void (*on_drained)(void *owner);
	void *owner;
};

/*
 * Close every connection for `reason`, from now on for `window_ms`, then call `on_drained`,
 * from the loop.  The connections' goodbyes take their time after that.  Once; `drain` stays
 * where it is until then.
 */
void drain_start(struct drain *drain, struct net *net, enum close_reason reason,
                 uint64_t window_ms);

#endif
