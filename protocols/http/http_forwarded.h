/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_FORWARDED_H
#define PROTOCOLS_HTTP_HTTP_FORWARDED_H

#include <netinet/in.h>

#include "conf/conf_member.h"
#include "protocols/http/http_request.h"

/*
 * Codec: who asks, when proxies stand between: each adds the address that it sees to
 * X-Forwarded-For or to Forwarded (RFC 7239), on the right.
 *
 *   client 192.0.2.7 ──> proxy 10.0.0.2 ──> proxy 10.0.0.1 ──> us
 *   "X-Forwarded-For: 192.0.2.7, 10.0.0.2", from 10.0.0.1
 *
 * A word is only as good as who added it.  So the list is read from the right for as long as
 * those who spoke are trusted; the first address that is not a trusted proxy's is the
 * client's, and what stands left of it may be anything.
 *
 * Threads: any; no state.
 */

/*
 * Write the client's address (mapped, as peer.h has it): the peer's own when that is not
 * in `trusted` or tells nothing.  Without a port in what is told it is 0.
 *
 * Where a trusted proxy tells "unknown", or what is no address, that proxy's own address
 * stands for who is behind it.  X-Forwarded-For counts where both fields are there.
 */
void http_forwarded_client(const struct http_request *request, const struct conf_networks *trusted,
                           const struct sockaddr_in6 *peer, struct sockaddr_in6 *client);

#endif
