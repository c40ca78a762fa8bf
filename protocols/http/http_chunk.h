/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_CHUNK_H
#define PROTOCOLS_HTTP_HTTP_CHUNK_H

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: what is sent of a body whose length is not known beforehand (RFC 9112 §7.1).
 *
 * Threads: any; no state.
 */

/* Behind the last chunk, there being no trailers. */
#define HTTP_CHUNK_END "0\r\n\r\n"

/* Add a chunk with this data, 1 byte or more. */
void http_chunk_write(struct buffer *out, struct text data);

/* Lends the data in what http_chunk_write() made. */
struct text http_chunk_data(struct text chunk);

#endif
