/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_REFUSAL_H
#define PROTOCOLS_HTTP_HTTP_REFUSAL_H

#include "server/base/buffer.h"
#include "server/net/close_reason.h"

/*
 * What a client is answered that is not let in: before its request, which nobody reads.
 *
 * Threads: any; no state.
 */
#define HTTP_REFUSAL_RETRY_S                                                 \
	30 /* Retry-After: fairly arbitrary; clients' own patience is longer \
	    */

/*
 * Add the answer to a refusal for this reason, NUL-terminated: 429 (RFC 6585 §4) with
 * CLOSE_ADDRESS_LIMIT, else 503.
 */
void http_refusal_write(struct buffer *out, enum close_reason reason);

#endif
