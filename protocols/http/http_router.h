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

/* Whether the endpoint takes this method. */
bool http_router_allows(const struct http_endpoint *endpoint, enum http_method method);

/* Lends the field that tells which ones it takes: "Allow: GET, HEAD, OPTIONS\r\n". */
const char *http_router_allow_field(const struct http_endpoint *endpoint);

#endif
