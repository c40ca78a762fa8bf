/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

#include <stdbool.h>

#include "conf/conf.h"
#include "server/base/buffer.h"
#include "server/base/error.h"

/*
 * Asking a running server from outside, as a container's health check does:
 *
 *   rcstreamd -c FILE --probe ── GET /healthz ──> the server that runs with FILE
 *
 * Threads: main()'s.
 */

/* For the answer; more than a loop that is busy takes for a turn. */
#define PROBE_TIMEOUT_S 5

/*
 * Add the URL that is asked: /healthz on the first address of http.listen, or http.listen_tls where
 * there is none, on loopback where that is a wildcard.  False with `error` set when there is no
 * address that can be known.
 */
bool probe_url(const struct conf *conf, struct buffer *url, struct error *error);

/* Ask it.  True when it says 200 within PROBE_TIMEOUT_S; else false with `error` set. */
bool probe_run(const struct conf *conf, struct error *error);

#endif
