/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_RULES_H
#define PROTOCOLS_HTTP_HTTP_RULES_H

#include "protocols/http/http_request.h"

/*
 * Codec: what RFC 9112 wants of a request's head and llhttp leaves open, or closes in
 * some of its versions only.  Two readers of one message that disagree about where
 * it ends are a way to smuggle requests, so nothing doubtful is repaired.
 *
 * Threads: any; no state.
 */

/*
 * The status to refuse a request line with (without its CR LF), 0 when it is fine: 400 for
 * one that is not "METHOD TARGET HTTP/d.d", 505 for a version that is neither 1.0 nor 1.1.
 */
unsigned http_rules_check_line(struct text line);

/*
 * Split the request's target, in origin-form, absolute-form or "*", into path and
 * query.  False when it is in none of these (RFC 9112 §3.2).
 */
bool http_rules_split_target(struct http_request *request, struct text target);

/*
 * The status to refuse the fields of a request with, 0 when they are fine: 400, or 417 for an
 * Expect that is not "100-continue".
 */
unsigned http_rules_check_fields(const struct http_request *request);

#endif
