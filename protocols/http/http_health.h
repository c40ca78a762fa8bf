/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_HEALTH_H
#define PROTOCOLS_HTTP_HTTP_HEALTH_H

#include "protocols/http/http_exchange.h"

/*
 * `/healthz`: 200 "ok" from a worker whose loop turns; for load balancers.
 *
 * Threads: the worker's.
 */

/* For struct http_endpoint; it has no state. */
void http_health_on_request(void *state, struct http_exchange *exchange);

#endif
