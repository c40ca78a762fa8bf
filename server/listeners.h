/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/net/held_sockets.h"
#include "server/worker.h"

/*
 * The sockets that clients come to, one for each worker and address, from their binding until the
 * workers take them over.
 *
 * Those that the service manager holds are found by the front-end's name, "irc", those for TLS by
 * "irc-tls", or by their address.  They are shared by all workers: sockets of our own beside it
 * would take the clients in their queues with them when the process ends.
 *
 * Threads: the main thread's.
 */
/* admin.listen may name so many paths, and all else fewer. */
#define LISTENERS_FILES_MAX 64

struct listeners {
	size_t workers;
	struct worker_socket **sockets; /* of each worker, `count` of them; NULL: taken over */
	size_t count;
	struct unix_socket files[LISTENERS_FILES_MAX]; /* listened on; removed at the end */
	size_t file_count;
	unsigned mode; /* of their files */
};

/* Prepare for so many workers. */
void listeners_init(struct listeners *listeners, size_t workers);

/* Bind or take from `held` what the front-ends of `conf` listen on; false with `error` set. */
bool listeners_bind(struct listeners *listeners, const struct conf *conf, struct held_sockets *held,
                    struct error *error);

/* The sockets of this worker, `listeners->count` of them, are closed by somebody else. */
void listeners_taken(struct listeners *listeners, size_t worker);

/* Close those that no worker has taken over, and free. */
void listeners_finish(struct listeners *listeners);

#endif
