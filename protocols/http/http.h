/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_H
#define PROTOCOLS_HTTP_HTTP_H

#include "protocols/front_end.h"
#include "server/net/client_kind.h"

/*
 * The HTTP front-end: HTTP/1.0 and HTTP/1.1 (RFC 9112), and what hangs off it, the
 * rows of http_endpoints[].
 */
extern const struct front_end http_front_end;

struct http_endpoint;

/*
 * Parts of a front-end that speaks HTTP with another table of endpoints, lent for its life; its
 * connections are counted as `kind`.
 */
void *http_start(const struct front_end_env *env, const struct http_endpoint *endpoints,
                 enum client_kind kind);
void http_on_conf(void *state);
void http_on_connection(void *state, struct connection *connection);
const char *http_refuse(void *state, enum close_reason reason);
void http_destroy(void *state);

#endif
