/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "server/base/memory.h"

void random_fill(void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t got = getrandom(at, length, 0);

		require(got > 0 || errno == EINTR);
		if (got > 0) {
			at += got;
			length -= (size_t)got;
		}
	}
}
