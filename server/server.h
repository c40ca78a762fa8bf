/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include "conf/conf.h"
#include "server/base/error.h"

/*
 * The composition root: the only place that knows everyone.  It binds the
 * listeners, makes the workers and the feeder, hands each what it needs, waits for a
 * signal, and takes it all down in order.
 *
 * Threads: main()'s.
 */

/*
 * Serve what `conf` says until SIGTERM or SIGINT, then end as the clients' protocols
 * want it.  A second signal ends the process at once.  True when it served and
 * ended in order; false with `error` set when it could not start.
 */
bool server_run(const struct conf *conf, const char *version, struct error *error);

#endif
