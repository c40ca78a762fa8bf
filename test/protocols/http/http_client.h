/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_HTTP_HTTP_CLIENT_H
#define TEST_PROTOCOLS_HTTP_HTTP_CLIENT_H

#include "test/protocols/http/http_harness.h"

/*
 * What a client of the harness writes and reads, the loop turning in between.
 */

/* Requests, and the answers to them. */
#define GET(path)  "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
#define OK(length, body)                                                       \
	"HTTP/1.1 200 OK\r\nServer: rcstreamd\r\nContent-Type: text/plain\r\n" \
	"Content-Length: " length "\r\nCache-Control: max-age=1\r\n\r\n" body
#define REFUSED(status, length, phrase)                                        \
	"HTTP/1.1 " status " " phrase                                          \
	"\r\nServer: rcstreamd\r\nContent-Type: text/plain; charset=UTF-8\r\n" \
	"Content-Length: " length                                              \
	"\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n" phrase "\n"

static inline void harness_write(struct harness *harness, int client, const void *bytes,
                                 size_t length)
{
	size_t written = 0;

	while (written < length) {
		ssize_t count = write(client, (const char *)bytes + written, length - written);

		if (count > 0) {
			written += (size_t)count;
		}
		harness_turn(harness);
	}
}

static inline void harness_send(struct harness *harness, int client, const char *text)
{
	harness_write(harness, client, text, strlen(text));
}

/* Add what the client has got so far; true when the connection's end has come. */
static inline bool harness_read(struct harness *harness, int client, struct buffer *out)
{
	for (;;) {
		ssize_t count;

		harness_turn(harness);
		count = read(client, buffer_reserve(out, 65536), 65536);
		if (count <= 0) {
			return count == 0;
		}
		out->length += (size_t)count;
	}
}

/* What the client has got since it was asked last, and whether it is the end, must be this. */
static inline void harness_expect(struct harness *harness, int client, const char *expected,
                                  bool expected_end)
{
	struct buffer out = {0};
	bool end = harness_read(harness, client, &out);

	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, expected);
	assert_int_equal(end, expected_end);
	buffer_finish(&out);
}

#endif
