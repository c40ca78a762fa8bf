/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

#define CAPACITY_MIN 64

void buffer_finish(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
}

char *buffer_reserve(struct buffer *buffer, size_t length)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_MIN;

	while (capacity < buffer->length + length) {
		capacity *= 2;
	}
	if (capacity != buffer->capacity) {
		buffer->bytes = mem_resize(buffer->bytes, capacity);
		buffer->capacity = capacity;
	}
	return buffer->bytes + buffer->length;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length > 0) {
		memcpy(buffer_reserve(buffer, length), bytes, length);
		buffer->length += length;
	}
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
	*buffer_reserve(buffer, 1) = byte;
	buffer->length += 1;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	require(length >= 0);
	(void)buffer_reserve(buffer, (size_t)length + 1);
	va_start(arguments, format);
	(void)vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

void buffer_consume(struct buffer *buffer, size_t length)
{
	require(length <= buffer->length);
	buffer->length -= length;
	if (buffer->length > 0) {
		memmove(buffer->bytes, buffer->bytes + length, buffer->length);
	}
}

char *buffer_take(struct buffer *buffer, size_t *length)
{
	char *bytes;

	buffer_append_byte(buffer, '\0');
	bytes = buffer->bytes;
	if (length != NULL) {
		*length = buffer->length - 1;
	}
	*buffer = (struct buffer){0};
	return bytes;
}
