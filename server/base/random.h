/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_RANDOM_H
#define SERVER_BASE_RANDOM_H

#include <stddef.h>

/* Fill from the kernel's random source (getrandom(2)): unguessable.  Threads: any. */
void random_fill(void *bytes, size_t length);

#endif
