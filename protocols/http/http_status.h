/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_STATUS_H
#define PROTOCOLS_HTTP_HTTP_STATUS_H

#include "protocols/front_end.h"
#include "protocols/http/http_exchange.h"

/*
 * `/rcstream_status`: the whole server's figures as JSON, whichever worker is asked.
 * `connected_clients` and `queue_size` are RCStream's; docs/protocols/http.md has
 * them all.
 *
 * Threads: the worker's.
 */

/* For struct http_endpoint: of the admin listener, ... */
void *http_status_start(const struct front_end_env *env);

/* ... and of the public one, which tells RCStream's two figures when there is an admin listener. */
void *http_status_start_public(const struct front_end_env *env);

void http_status_on_request(void *state, struct http_exchange *exchange);
void http_status_destroy(void *state);

#endif
