/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_METRICS_H
#define PROTOCOLS_HTTP_HTTP_METRICS_H

#include "protocols/http/http_exchange.h"

/*
 * `/metrics`: every row of server/metrics.def for Prometheus, in OpenMetrics 1.0 where `Accept`
 * prefers it (docs/metrics.md).
 *
 * Threads: the worker's.
 */
struct front_end_env;

/* For struct http_endpoint: of the admin listener, ... */
void *http_metrics_start(const struct front_end_env *env);

/* ... and of the public one, which knows nothing of it when there is an admin listener. */
void *http_metrics_start_public(const struct front_end_env *env);

void http_metrics_on_request(void *state, struct http_exchange *exchange);
void http_metrics_destroy(void *state);

#endif
