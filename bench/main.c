/* SPDX-License-Identifier: Apache-2.0 */
/* rcstream-bench: what a server of recent changes can take, and what it costs. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/load.h"
#include "bench/options.h"
#include "bench/report.h"

enum {
	EXIT_LOSS = 1,
	EXIT_NO_RUN = 2,
};

static int refuse(const struct error *error)
{
	(void)fprintf(stderr, "rcstream-bench: %s\n", error->text);
	return EXIT_NO_RUN;
}

static void report(const struct options *options, const struct load_result *result)
{
	if (options->is_json) {
		json_t *object = report_json(options, result);

		(void)json_dumpf(object, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
		(void)putchar('\n');
		json_decref(object);
	} else {
		report_table(stdout, options, result);
	}
}

static int run(const struct options *options)
{
	struct load_result result;
	struct error error;
	int status = EXIT_NO_RUN;

	if (load_run(options, &result, &error)) {
		bool is_good = result.is_complete && tally_is_good(&result.tally);

		report(options, &result);
		status = is_good ? EXIT_SUCCESS : EXIT_LOSS;
	} else {
		status = refuse(&error);
	}
	load_finish(&result);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct error error;

	if (!options_read(&options, argc, argv, &error)) {
		return refuse(&error);
	}
	switch (options.task) {
	case OPTIONS_HELP:
		options_help(stdout);
		return EXIT_SUCCESS;
	case OPTIONS_VERSION:
		(void)puts("rcstream-bench " RCSTREAMD_VERSION);
		return EXIT_SUCCESS;
	default:
		return run(&options);
	}
}
