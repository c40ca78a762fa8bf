/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_HTTP_HEAD_H
#define BENCH_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The head of an answer of HTTP/1.1, as far as a client of the load has to know it.
 *
 * Threads: any; no state.
 */
#define HTTP_HEAD_MAX 8192

struct http_head {
	unsigned status;
	size_t content_length; /* 0 when there is none */
	bool is_chunked;
	bool is_last; /* the server closes the connection behind the answer */
};

enum http_head_result {
	HTTP_HEAD_PARTIAL,
	HTTP_HEAD_WHOLE,
	HTTP_HEAD_BAD, /* not HTTP, or longer than HTTP_HEAD_MAX */
};

/* Read the head that `bytes` begin with, and how long it is. */
enum http_head_result http_head_read(const char *bytes, size_t length, struct http_head *head,
                                     size_t *head_length);

#endif
