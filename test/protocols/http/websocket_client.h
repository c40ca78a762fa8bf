/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_HTTP_WEBSOCKET_CLIENT_H
#define TEST_PROTOCOLS_HTTP_WEBSOCKET_CLIENT_H

#include "server/base/buffer.h"

/*
 * What a WebSocket's client writes: the handshake and frames.
 */

/* RFC 6455 §1.3 has this key and its answer. */
#define UPGRADE(path)                                                                       \
	"GET " path " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define SWITCHED                                                                          \
	"HTTP/1.1 101 Switching Protocols\r\nServer: rcstreamd\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

#define FIN  0x80
#define RSV1 0x40
enum { MORE = 0x0, TEXT = 0x1, BINARY = 0x2, CLOSE = 0x8, PING = 0x9, PONG = 0xa };

static inline void put_number(struct buffer *out, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0) {
		buffer_append_byte(out, (char)(number >> bytes * 8 & 0xff));
	}
}

/* Add a client's frame with its mask (RFC 6455 §5.2, §5.3). */
static inline void put_frame(struct buffer *out, unsigned first, const void *payload, size_t length)
{
	static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

	put_number(out, first, 1);
	if (length < 126) {
		put_number(out, 0x80 | length, 1);
	} else if (length < 65536) {
		put_number(out, 0x80 | 126, 1);
		put_number(out, length, 2);
	} else {
		put_number(out, 0x80 | 127, 1);
		put_number(out, length, 8);
	}
	buffer_append(out, mask, sizeof(mask));
	for (size_t i = 0; i < length; i++) {
		put_number(out, ((const unsigned char *)payload)[i] ^ mask[i % 4], 1);
	}
}

/* Add a close frame as the server sends it. */
static inline void put_close(struct buffer *out, unsigned code, const char *text)
{
	put_number(out, FIN | CLOSE, 1);
	put_number(out, 2 + strlen(text), 1);
	put_number(out, code, 2);
	buffer_append_text(out, text);
}

#endif
