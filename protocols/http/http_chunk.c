/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_chunk.h"

#include <string.h>

#include "server/base/memory.h"

#define LINE_END_LENGTH 2

void http_chunk_write(struct buffer *out, struct text data)
{
	require(data.length > 0); /* it would be the end */
	buffer_printf(out, "%zx\r\n", data.length);
	buffer_append(out, data.bytes, data.length);
	buffer_append_text(out, "\r\n");
}

struct text http_chunk_data(struct text chunk)
{
	const char *line_end = memchr(chunk.bytes, '\r', chunk.length);
	size_t head;

	require(line_end != NULL);
	head = (size_t)(line_end - chunk.bytes) + LINE_END_LENGTH;
	return (struct text){
	    .bytes = chunk.bytes + head,
	    .length = chunk.length - head - LINE_END_LENGTH,
	};
}
