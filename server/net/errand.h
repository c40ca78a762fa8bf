/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_ERRAND_H
#define SERVER_NET_ERRAND_H

#include <stdbool.h>

/*
 * A question to all workers: it is passed from one to the next and comes back to the one that
 * sent it.  Whoever has it has it alone, so nothing in it needs a lock.
 *
 *   worker 2 ──> worker 0, visit() ──> worker 1, visit() ──> worker 2, visit(), done()
 *
 * Threads: as each function says.
 */
struct net;

/* Embed it beside what is asked, and set the functions. */
struct errand {
	/*
	 * Do what is to be done here: on each worker's thread, in the order of their indices. False
	 * when there is more: it comes again in a later turn, so that clients need not wait.
	 */
	bool (*visit)(struct errand *errand, struct net *net);

	/* All were visited; on the thread of the sender, to which it is given. */
	void (*done)(struct errand *errand);

	/* It gets no further since a worker has ended: free it.  On any worker's thread. */
	void (*drop)(struct errand *errand);

	unsigned home;   /* the sender; worker.c's */
	unsigned visits; /* made so far; worker.c's */
	struct errand *next;
};

#endif
