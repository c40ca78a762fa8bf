/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_RESPONSE_H
#define PROTOCOLS_HTTP_HTTP_RESPONSE_H

#include <stdbool.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: an answer as bytes.
 *
 * Threads: any; no state.
 */
struct http_response {
	unsigned status;          /* 200 */
	const char *content_type; /* "text/plain; charset=UTF-8"; NULL: no body, no type */
	const char *fields;       /* further ones, each "Name: value\r\n"; may be NULL */
	struct text body;
	bool closes; /* the connection closes after this, whatever the client wants */
};

/* How the request wants it written. */
struct http_response_form {
	unsigned minor_version; /* of the request */
	bool is_head;           /* all but the body */
	bool keep_alive;
	bool is_stream; /* the head alone; the body follows, chunked in HTTP/1.1 (http_stream.h) */
};

/*
 * Add the whole answer to `out`: status line, Server, Content-Type, Content-Length (not with
 * 204, RFC 9110 §8.6, and not with 304, where it would be that of the 200), `Cache-Control:
 * no-store` unless `fields` has one, Connection where it is not what the version implies, `fields`,
 * body.  The answer says HTTP/1.1 to clients of 1.0 too (RFC 9110 §6.2).  A stream has no length,
 * and its connection no other answer.
 */
void http_response_write(struct buffer *out, const struct http_response *response,
                         struct http_response_form form);

/* Lends the reason phrase of a status: "Not Found"; "Unknown" for one not in RFC 9110. */
const char *http_response_phrase(unsigned status);

#endif
