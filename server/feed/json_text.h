/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_JSON_TEXT_H
#define SERVER_FEED_JSON_TEXT_H

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Writing JSON strings the way RCFeed has them (PHP's json_encode() with
 * MediaWiki's options): ASCII only, \uXXXX for the rest, in pairs above U+FFFF, and
 * for "&", "<" and ">"; "/" as it is.
 *
 * Threads: any.
 */

/* Add the valid UTF-8 of `text` as a JSON string with its quotes; null for NULL bytes. */
void json_text_write(struct text text, struct buffer *out);

/* How many bytes json_text_write() adds. */
size_t json_text_length(struct text text);

#endif
