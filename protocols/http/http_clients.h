/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_CLIENTS_H
#define PROTOCOLS_HTTP_HTTP_CLIENTS_H

#include "protocols/http/http_exchange.h"

/*
 * Who is served, for the admin listener:
 *
 *   GET  /admin/clients?limit=100&after=ID   a page of the list, by id
 *   POST /admin/clients/ID/kick              end one
 *
 * Either is an errand through all workers; the answer waits for it.  A long page is made in slices,
 * between which the other clients have their turn.
 *
 * Threads: the worker's.
 */
#define HTTP_CLIENTS_PATH          "/admin/clients"
#define HTTP_CLIENTS_PAGE          100 /* clients of a page, unless another number is asked for */
#define HTTP_CLIENTS_PAGE_MAX      1000
#define HTTP_CLIENTS_SUBSCRIPTIONS 20 /* told of each */

struct front_end_env;

/* For struct http_endpoint. */
void *http_clients_start(const struct front_end_env *env);
void http_clients_on_request(void *state, struct http_exchange *exchange);
void http_clients_on_client(void *state, struct http_exchange *exchange);
void http_clients_destroy(void *state);

#endif
