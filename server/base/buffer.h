/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_BUFFER_H
#define SERVER_BASE_BUFFER_H

#include <stddef.h>

/*
 * Bytes that grow.  All zero is an empty buffer, which owns nothing.  It has no
 * limit of its own: who fills it from a peer compares with one first.
 *
 * Threads: the caller's.
 */
struct buffer {
	char *bytes; /* not NUL-terminated; NULL while nothing was ever added */
	size_t length;
	size_t capacity;
};

/* Free the bytes; the buffer is empty and usable again. */
void buffer_finish(struct buffer *buffer);

/* Forget the bytes and keep the memory. */
void buffer_clear(struct buffer *buffer);

/* Lends room for `length` more bytes at the end; add to `length` what was written. */
char *buffer_reserve(struct buffer *buffer, size_t length);

/* Add a copy of `length` bytes. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Add a copy of a NUL-terminated text, without its NUL. */
void buffer_append_text(struct buffer *buffer, const char *text);

/* Add one byte. */
void buffer_append_byte(struct buffer *buffer, char byte);

/* Add what printf() would print. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Forget the first `length` bytes, which must be there; the rest moves up. */
void buffer_consume(struct buffer *buffer, size_t length);

/* Gives the bytes with a NUL behind them, to be ended with free(); the buffer is empty. */
char *buffer_take(struct buffer *buffer, size_t *length);

#endif
