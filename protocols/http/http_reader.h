/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_READER_H
#define PROTOCOLS_HTTP_HTTP_READER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "protocols/http/http_request.h"

/*
 * Codec: bytes into requests, one at a time.  The head is gathered line by line
 * under its limit and parsed when it is whole; the body goes through llhttp as
 * it comes.
 *
 *   bytes ── http_reader_take() ──> IDLE, HEAD, BODY ──> WHOLE ── http_reader_give() ──> request
 *                                                   └──> REFUSED, with a status
 *
 * Threads: its owner's.
 */
#define HTTP_FIELDS_MAX 128 /* more are answered with 431 */

struct http_limits {
	size_t head_bytes;
	size_t body_bytes;
};

enum http_reader_state {
	HTTP_READER_IDLE, /* between requests: nothing of the next one is there */
	HTTP_READER_HEAD,
	HTTP_READER_BODY,
	HTTP_READER_WHOLE,
	HTTP_READER_REFUSED,
};

struct http_reader {
	enum http_reader_state state;
	unsigned status; /* when REFUSED: 400, 413, 414, 417, 431, 501 or 505 */

	/* http_reader.c only: */
	llhttp_t llhttp;
	const struct http_limits *limits;
	struct http_request *request; /* NULL when IDLE */
	struct text target;
	size_t lines;       /* of the head, ended */
	size_t line_length; /* of the line that has begun */
	size_t body_wire;   /* bytes of the body as sent: chunks with their framing */
	bool has_value;     /* the last field's value has begun */
	bool is_complete;
	const char *framing; /* of a body: up to where its bytes were looked at, in this input */
	bool after_cr;       /* of the framing: the last byte was a CR */
};

/* Begin IDLE.  Lends the limits for the reader's life. */
void http_reader_init(struct http_reader *reader, const struct http_limits *limits);

/* Free what was read of a request. */
void http_reader_finish(struct http_reader *reader);

/*
 * Take bytes and return how many were taken: all of them, except that it stops at the
 * end of a head that a body follows (state BODY), at the end of a request (WHOLE)
 * and where it refuses.  Not to be called when WHOLE or REFUSED.
 */
size_t http_reader_take(struct http_reader *reader, const char *bytes, size_t length);

/* Whether the client waits for "100 Continue" before it sends the body.  Only when BODY. */
bool http_reader_wants_continue(const struct http_reader *reader);

/* Gives the request that is WHOLE; the reader is IDLE. */
struct http_request *http_reader_give(struct http_reader *reader);

#endif
