/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_BENCH_LOAD_OPTIONS_H
#define TEST_BENCH_LOAD_OPTIONS_H

#include <stdint.h>
#include <sys/types.h>

#include "test/bench/load_protocol.h"

/*
 * What bench_load is asked to do.
 *
 * Threads: immutable once read.
 */
struct load_options {
	const struct load_protocol *protocol;
	uint16_t clients_port;   /* where clients connect, on 127.0.0.1 */
	uint16_t datagrams_port; /* where changes are sent, on 127.0.0.1 */
	pid_t process;           /* the server's */
	uint32_t clients;
	uint32_t changes; /* measured */
	uint32_t warm_up; /* changes sent before those */
	uint32_t window;  /* changes under way at most */
	uint32_t rate;    /* changes a second; 0: as fast as the window allows */
	uint32_t time_limit_s;
};

/* Read the command line; ends the process with the usage when it is wrong. */
void load_options_read(struct load_options *options, int argc, char **argv);

#endif
