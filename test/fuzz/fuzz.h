/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * What the fuzz targets share.  A target is one file, fuzz_<module>.c, that holds the
 * module to its header with require(), whatever the bytes are; the sanitizers see the rest.
 *
 *   seeds.py ── seeds ──> libFuzzer, or replay.c ── bytes ──> LLVMFuzzerTestOneInput()
 *
 * Threads: one.
 */

/* Try one input; always 0.  The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Where a stream is cut.  Follows from the stream itself, so that an input is the stream and
 * nothing else, and fails every time or never.
 */
struct fuzz_cuts {
	size_t longest; /* some bytes; more for a long stream, which would take for ever */
	uint32_t state;
};

/* Start the cuts of this stream. */
void fuzz_cuts_init(struct fuzz_cuts *cuts, const uint8_t *data, size_t size);

/* The length of the next piece: 1 to `left`.  NULL: all that is left. */
size_t fuzz_cuts_next(struct fuzz_cuts *cuts, size_t left);

/* Gives a copy of exact size, so that a byte read too far is seen; to be ended with free(). */
char *fuzz_copy(const void *bytes, size_t length);

/* Both hold the same bytes. */
void fuzz_require_same(const struct buffer *left, const struct buffer *right);

/* It is valid UTF-8 without CR, LF and NUL: nothing in it can forge another line. */
void fuzz_require_one_line(struct text text);

/* A change keeps what change.h and rcfeed_json.h promise of it. */
void fuzz_require_sound(const struct change *change);

#endif
