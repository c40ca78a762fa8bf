/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_UTF8_H
#define SERVER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The few questions about UTF-8 (RFC 3629) that several modules ask; libunistring
 * (unistr.h) has the rest.
 *
 * Threads: any.
 */

/* Whether all of it is well-formed: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool utf8_is_valid(const char *bytes, size_t length);

/* The longest length of at most `length_max` that does not cut a character of valid UTF-8. */
size_t utf8_cut(const char *bytes, size_t length, size_t length_max);

#endif
