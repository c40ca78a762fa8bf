/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include "conf/conf.h"
#include "server/base/error.h"

/*
 * The composition root: the only place that knows everyone.  It binds the
 * listeners, makes the workers and the feeder, hands each what it needs, waits for
 * signals, and takes it all down in order.
 *
 * Threads: main()'s.
 */

struct server_options {
	const struct conf *conf; /* shared */
	const char *version;

	/* Give what there is to be read on SIGHUP; NULL with a line in `errors` for each fault. */
	struct conf *(*load)(void *owner, struct buffer *errors);

	/* Have the log be what `conf` says, on SIGHUP. */
	void (*configure_log)(void *owner, const struct conf *conf);
	void *owner;
};

/*
 * Serve what the configuration says until SIGTERM or SIGINT, then end as the clients' protocols
 * want it.  A second signal ends the process at once; SIGHUP has the configuration read
 * again (reload.h).  Sockets of a service manager are used, and it is told (held_sockets.h,
 * notify.h).  True when it served and ended in order; false with `error` set when it could not
 * start.
 */
bool server_run(const struct server_options *options, struct error *error);

#endif
