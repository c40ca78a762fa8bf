/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "rcstreamd: out of memory (%zu bytes wanted)\n", size);
	abort();
}

void *mem_zeroed(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL) {
		out_of_memory(size);
	}
	return bytes;
}

void *mem_resize(void *bytes, size_t size)
{
	void *moved = realloc(bytes, size);

	if (moved == NULL) {
		out_of_memory(size);
	}
	return moved;
}

char *mem_copy_text(const char *bytes, size_t length)
{
	char *copy = mem_resize(NULL, length + 1);

	if (length > 0) {
		memcpy(copy, bytes, length);
	}
	copy[length] = '\0';
	return copy;
}

_Noreturn void mem_require_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "rcstreamd: %s:%d: does not hold: %s\n", file, line, condition);
	abort();
}
