/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the files that follow from conf/options.def, for whoever changed it:
 *
 *   conf_docs markdown >docs/configuration.md
 *   conf_docs yaml >conf/rcstreamd.yaml
 *   conf_docs manual >docs/rcstreamd.yaml.5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_help.h"
#include "conf/conf_manual.h"

static int print(void (*help)(struct buffer *out))
{
	struct buffer out = {0};
	size_t written;

	help(&out);
	written = fwrite(out.bytes, 1, out.length, stdout);
	if (written < out.length || fflush(stdout) != 0) {
		perror("conf_docs");
		return EXIT_FAILURE;
	}
	buffer_finish(&out);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
		return print(conf_help_markdown);
	}
	if (argc == 2 && strcmp(argv[1], "yaml") == 0) {
		return print(conf_help_yaml);
	}
	if (argc == 2 && strcmp(argv[1], "manual") == 0) {
		return print(conf_manual);
	}
	fprintf(stderr, "usage: conf_docs manual|markdown|yaml\n");
	return 2;
}
