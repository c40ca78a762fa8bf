/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/websocket_frame.h"

#include <stdint.h>
#include <string.h>

#include "server/base/utf8.h"

#define FINAL_TEXT   0x81
#define FINAL_BINARY 0x82

#define LENGTH_16       126 /* the length follows in two bytes */
#define LENGTH_64       127 /* in eight */
#define CLOSE_CODE_SIZE 2

static void append_number(struct buffer *out, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0) {
		buffer_append_byte(out, (char)(number >> bytes * 8 & 0xff));
	}
}

static void append_header(struct buffer *out, unsigned first, size_t length)
{
	buffer_append_byte(out, (char)first);
	if (length < LENGTH_16) {
		append_number(out, length, 1);
	} else if (length <= UINT16_MAX) {
		append_number(out, LENGTH_16, 1);
		append_number(out, length, 2);
	} else {
		append_number(out, LENGTH_64, 1);
		append_number(out, length, 8);
	}
}

void websocket_frame_text(struct buffer *out, const char *bytes, size_t length)
{
	append_header(out, FINAL_TEXT, length);
	buffer_append(out, bytes, length);
}

void websocket_frame_binary(struct buffer *out, const char *bytes, size_t length)
{
	append_header(out, FINAL_BINARY, length);
	buffer_append(out, bytes, length);
}

void websocket_frame_close(struct buffer *out, unsigned code, const char *text)
{
	size_t length = utf8_cut(text, strlen(text), WEBSOCKET_CONTROL_MAX - CLOSE_CODE_SIZE);

	append_header(out, WEBSOCKET_FINAL_CLOSE, CLOSE_CODE_SIZE + length);
	append_number(out, code, CLOSE_CODE_SIZE);
	buffer_append(out, text, length);
}
