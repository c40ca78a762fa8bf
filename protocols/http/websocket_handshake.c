/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/websocket_handshake.h"

#include <string.h>

#include "protocols/http/sha1.h"

#define KEY_LENGTH 24 /* 16 bytes in base64: 22 characters and "==" */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_key(struct text key)
{
	if (key.length != KEY_LENGTH || memcmp(key.bytes + KEY_LENGTH - 2, "==", 2) != 0) {
		return false;
	}
	for (size_t i = 0; i < KEY_LENGTH - 2; i++) {
		if (memchr(alphabet, key.bytes[i], sizeof(alphabet) - 1) == NULL) {
			return false;
		}
	}
	return true;
}

unsigned websocket_handshake_check(const struct http_request *request)
{
	struct text version = http_request_field(request, "Sec-WebSocket-Version");

	if (!request->is_upgrade) {
		return 400;
	}
	if (version.bytes == NULL || !http_text_is(version, "13")) {
		return 426;
	}
	if (http_request_field_count(request, "Sec-WebSocket-Key") != 1 ||
	    !is_key(http_request_field(request, "Sec-WebSocket-Key"))) {
		return 400;
	}
	return 0;
}

/* RFC 4648 §4: three bytes, of which the last may be missing, in four characters. */
static void write_group(const uint8_t bytes[3], size_t length, char group[4])
{
	unsigned bits = (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];

	for (unsigned i = 0; i < 4; i++) {
		group[i] = i <= length ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
	}
}

void websocket_handshake_accept(const char *key, char accept[WEBSOCKET_ACCEPT_LENGTH + 1])
{
	/* RFC 6455 §1.3 fixes this text. */
	static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[KEY_LENGTH + sizeof(suffix) - 1];
	uint8_t digest[SHA1_BYTES + 1] = {0}; /* one more, to be a whole number of groups */

	memcpy(text, key, KEY_LENGTH);
	memcpy(text + KEY_LENGTH, suffix, sizeof(suffix) - 1);
	sha1_digest(text, sizeof(text), digest);
	for (size_t i = 0; i < SHA1_BYTES; i += 3) {
		size_t length = SHA1_BYTES - i < 3 ? SHA1_BYTES - i : 3;

		write_group(digest + i, length, accept + i / 3 * 4);
	}
	accept[WEBSOCKET_ACCEPT_LENGTH] = '\0';
}

void websocket_handshake_answer(struct buffer *out, const struct http_request *request)
{
	char accept[WEBSOCKET_ACCEPT_LENGTH + 1];

	websocket_handshake_accept(http_request_field(request, "Sec-WebSocket-Key").bytes, accept);
	buffer_printf(out,
	              "HTTP/1.1 101 Switching Protocols\r\n"
	              "Server: rcstreamd\r\n"
	              "Upgrade: websocket\r\n"
	              "Connection: Upgrade\r\n"
	              "Sec-WebSocket-Accept: %s\r\n\r\n",
	              accept);
}
