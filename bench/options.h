/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bench/injection.h"
#include "bench/protocol.h"
#include "bench/tally.h"
#include "server/base/error.h"
#include "server/feed/wiki_name.h"

/*
 * What rcstream-bench is asked to do; the table is options.def.
 *
 * Threads: immutable once read.
 */
#define OPTIONS_FROM_MAX 256

enum options_task {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options_group {
	const struct protocol *protocol;
	uint32_t clients;
	uint16_t port;
};

/* Texts are lent by the command line. */
struct options {
	enum options_task task;
	struct options_group groups[TALLY_GROUPS_MAX];
	uint32_t group_count;
	const char *host;
	const char *from[OPTIONS_FROM_MAX];
	size_t from_count;
	uint32_t at_once; /* clients that connect at the same time */
	const char *wiki;
	char channel[WIKI_CHANNEL_MAX + 1]; /* the wiki's */
	const char *sse_path;
	const char *post_path;
	const struct injection *injection; /* NULL: changes come from elsewhere, or none do */
	uint16_t inject_port;
	const char *inject_host;
	uint32_t changes; /* measured; 0 when none are injected */
	uint32_t warm_up; /* changes sent before those */
	uint32_t window;  /* changes under way at most */
	uint32_t rate;    /* changes a second; 0: as fast as the window allows */
	uint32_t seconds; /* 0: `changes` were given, or their default */
	uint32_t time_limit_s;
	pid_t process; /* the server's; 0: not to be measured */
	bool is_tls;   /* clients come by TLS */
	bool is_json;
};

/*
 * Read the command line.  False, with one sentence in `error`, when it asks for nothing that
 * can be done.
 */
bool options_read(struct options *options, int argc, char **argv, struct error *error);

/* Print what --help prints. */
void options_help(FILE *file);

#endif
