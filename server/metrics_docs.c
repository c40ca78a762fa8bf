/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the file that follows from server/metrics.def, for whoever changed it:
 *
 *   metrics_docs >docs/metrics.md
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/metrics.h"

int main(void)
{
	struct buffer out = {0};
	size_t written;

	metrics_markdown(&out);
	written = fwrite(out.bytes, 1, out.length, stdout);
	if (written < out.length || fflush(stdout) != 0) {
		perror("metrics_docs");
		return EXIT_FAILURE;
	}
	buffer_finish(&out);
	return EXIT_SUCCESS;
}
