/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_H
#define PROTOCOLS_HTTP_HTTP_H

#include "protocols/front_end.h"

/*
 * The HTTP front-end: HTTP/1.0 and HTTP/1.1 (RFC 9112), and what hangs off it, the
 * rows of http_endpoints[].
 */
extern const struct front_end http_front_end;

#endif
