/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_ROUTER_H
#define PROTOCOLS_HTTP_HTTP_ROUTER_H

#include <stdbool.h>

#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_request.h"

/*
 * Whose a request is: paths are compared as they were sent, byte for byte, without
 * decoding.
 *
 * Threads: any; no state.
 */

/* Lends the first row of a table that fits the path; NULL when none does. */
const struct http_endpoint *http_router_find(const struct http_endpoint *table, struct text path);

/* The field that tells which methods an endpoint takes that does not take any. */
#define HTTP_ROUTER_ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

/* Whether a request of this method comes to the endpoint; else it is answered 405. */
bool http_router_allows(const struct http_endpoint *endpoint, enum http_method method);

#endif
