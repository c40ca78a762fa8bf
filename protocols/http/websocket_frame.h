/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_WEBSOCKET_FRAME_H
#define PROTOCOLS_HTTP_WEBSOCKET_FRAME_H

#include <stddef.h>

#include "server/base/buffer.h"

/*
 * Codec: the frames a server sends: final and unmasked (RFC 6455 §5.1, §5.2).
 *
 * Threads: any; no state.
 */

#define WEBSOCKET_FINAL_CLOSE 0x88 /* the first byte of a close frame */
#define WEBSOCKET_CONTROL_MAX 125  /* bytes of a control frame's payload (§5.5) */

/* Add one text frame of `length` bytes, which must be valid UTF-8. */
void websocket_frame_text(struct buffer *out, const char *bytes, size_t length);

/* Add one binary frame of `length` bytes. */
void websocket_frame_binary(struct buffer *out, const char *bytes, size_t length);

/* Add one close frame; `text` is cut to the 123 bytes that fit (§5.5). */
void websocket_frame_close(struct buffer *out, unsigned code, const char *text);

#endif
