/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_HEALTH_H
#define PROTOCOLS_HTTP_HTTP_HEALTH_H

#include "protocols/http/http_exchange.h"

/*
 * Three questions, each answered 200 or 503 with a line of text, or with JSON when `?verbose` is
 * asked for:
 *
 *   /healthz                   do the loops of the feeder and of every worker turn?
 *   /readyz                    is every listener bound, and a source up?
 *   /healthz/feed?max_age=60   has a change come in the last so many seconds?
 *
 * Threads: the worker's.
 */
#define HTTP_HEALTH_LOOP_MS  5000 /* a loop that has not turned for this long is stuck */
#define HTTP_HEALTH_FEED_S   60   /* max_age, unless another is asked for */
#define HTTP_HEALTH_FEED_MAX 86400

struct front_end_env;

/* For struct http_endpoint: of the admin listener, ... */
void *http_health_start(const struct front_end_env *env);

/* ... and of the public one, which tells no details when there is an admin listener. */
void *http_health_start_public(const struct front_end_env *env);

void http_health_on_loops(void *state, struct http_exchange *exchange);
void http_health_on_ready(void *state, struct http_exchange *exchange);
void http_health_on_feed(void *state, struct http_exchange *exchange);
void http_health_destroy(void *state);

#endif
