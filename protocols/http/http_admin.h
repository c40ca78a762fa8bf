/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_ADMIN_H
#define PROTOCOLS_HTTP_HTTP_ADMIN_H

#include "protocols/front_end.h"
#include "protocols/http/http_endpoint.h"

/*
 * The admin listener: HTTP for whoever runs the server, on addresses of its own, such as a
 * socket in the file system.  Who may connect may do all; it counts for no limit, so that it
 * can be asked when the server is full.
 */
extern const struct front_end http_admin_front_end;

/* Its endpoints, ended by a row whose path is NULL; protocols/protocols.c. */
extern const struct http_endpoint http_admin_endpoints[];

#endif
