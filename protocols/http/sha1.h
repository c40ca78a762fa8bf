/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_SHA1_H
#define PROTOCOLS_HTTP_SHA1_H

#include <stddef.h>
#include <stdint.h>

/*
 * SHA-1 (FIPS 180-4 §6.1), for the WebSocket handshake, where it is a check that the
 * peer understood and no secret (RFC 6455 §10.8).  For nothing else.
 *
 * Threads: any; no state.
 */
#define SHA1_BYTES      20
#define SHA1_LENGTH_MAX 119 /* two blocks with their padding; a handshake's text has 60 */

/* Write the digest of at most SHA1_LENGTH_MAX bytes. */
void sha1_digest(const void *bytes, size_t length, uint8_t digest[SHA1_BYTES]);

#endif
