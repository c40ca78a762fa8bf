/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_MEMORY_H
#define SERVER_BASE_MEMORY_H

#include <stddef.h>

/*
 * Memory that is there.  When it is not, the process ends with a line on
 * standard error: no caller has an error path for it.  A size that a peer can
 * influence is compared with a limit before it comes here.
 *
 * Threads: any.
 */

/* Gives `size` zeroed bytes, to be ended with free(). */
void *mem_zeroed(size_t size);

/* Gives `bytes` with its first `size` bytes kept, as realloc() does. */
void *mem_resize(void *bytes, size_t size);

/* Gives a copy of `length` bytes with a NUL behind them. */
char *mem_copy_text(const char *bytes, size_t length);

/* Gives one zeroed object of a type. */
#define mem_new(type) ((type *)mem_zeroed(sizeof(type)))

/* The object that `member` is embedded in. */
#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* What is here is needed soon: the processor may fetch it meanwhile.  Any address will do. */
static inline void mem_fetch(const void *address)
{
	__builtin_prefetch(address);
}

/* A programmer's error: stays on in release, ends the process with the place. */
#define require(condition) \
	((condition) ? (void)0 : mem_require_failed(#condition, __FILE__, __LINE__))

/* Ends the process; require()'s other half. */
_Noreturn void mem_require_failed(const char *condition, const char *file, int line);

#endif
