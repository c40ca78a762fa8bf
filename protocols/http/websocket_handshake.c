/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/websocket_handshake.h"

#include <openssl/evp.h>
#include <string.h>

#include "server/base/memory.h"

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

	if (!request->is_upgrade ||
	    http_request_field_count(request, "Sec-WebSocket-Version") > 1) {
		return 400;
	}
	if (version.bytes == NULL || !http_request_text_is(version, "13")) {
		return 426;
	}
	if (http_request_field_count(request, "Sec-WebSocket-Key") != 1 ||
	    !is_key(http_request_field(request, "Sec-WebSocket-Key"))) {
		return 400;
	}
	return 0;
}

void websocket_handshake_accept(const char *key, char accept[WEBSOCKET_ACCEPT_LENGTH + 1])
{
	/* RFC 6455 §1.3 fixes this text. */
	static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[KEY_LENGTH + sizeof(suffix) - 1];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	memcpy(text, key, KEY_LENGTH);
	memcpy(text + KEY_LENGTH, suffix, sizeof(suffix) - 1);
	require(EVP_Digest(text, sizeof(text), digest, &length, EVP_sha1(), NULL) == 1);
	require(EVP_EncodeBlock((unsigned char *)accept, digest, (int)length) ==
	        WEBSOCKET_ACCEPT_LENGTH);
}

/* RFC 6455 §11.3.4 has no rule about case: names are compared as they are. */
static const char *find_name(const char *const *names, struct text name)
{
	for (; *names != NULL; names++) {
		if (name.length == strlen(*names) && memcmp(name.bytes, *names, name.length) == 0) {
			return *names;
		}
	}
	return NULL;
}

const char *websocket_handshake_subprotocol(const struct http_request *request,
                                            const char *const *supported)
{
	struct http_request_list offers = {.request = request, .name = "Sec-WebSocket-Protocol"};
	const char *chosen = NULL;
	struct text offer;

	while (supported != NULL && chosen == NULL && http_request_list_next(&offers, &offer)) {
		chosen = find_name(supported, offer);
	}
	return chosen;
}

void websocket_handshake_answer(struct buffer *out, const struct http_request *request,
                                const char *subprotocol)
{
	char accept[WEBSOCKET_ACCEPT_LENGTH + 1];

	websocket_handshake_accept(http_request_field(request, "Sec-WebSocket-Key").bytes, accept);
	buffer_printf(out,
	              "HTTP/1.1 101 Switching Protocols\r\n"
	              "Server: rcstreamd\r\n"
	              "Upgrade: websocket\r\n"
	              "Connection: Upgrade\r\n"
	              "Sec-WebSocket-Accept: %s\r\n",
	              accept);
	if (subprotocol != NULL) {
		buffer_printf(out, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
	}
	buffer_append_text(out, "\r\n");
}
