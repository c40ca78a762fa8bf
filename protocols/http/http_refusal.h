/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_REFUSAL_H
#define PROTOCOLS_HTTP_HTTP_REFUSAL_H

#include "conf/conf.h"
#include "server/base/buffer.h"
#include "server/net/close_reason.h"

/*
 * What a client is answered that is not let in: before its request, which nobody reads.
 *
 * Threads: any; no state.
 */

/* Retry-After: fairly arbitrary; clients' own patience is longer. */
#define HTTP_REFUSAL_RETRY_S 30

/*
 * Add the answer to a refusal for this reason, with the figures of `conf`: 429 (RFC 6585 §4) with
 * CLOSE_ADDRESS_LIMIT and CLOSE_RATE_LIMIT, 403 with CLOSE_NOT_ALLOWED, 400 with CLOSE_TLS_WANTED,
 * which waiting does not help, else 503.
 */
void http_refusal_write(struct buffer *out, enum close_reason reason, const struct conf *conf);

#endif
