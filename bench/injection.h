/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_INJECTION_H
#define BENCH_INJECTION_H

#include "bench/protocol.h"

/*
 * How changes get into a server: as the datagrams that rcstreamd takes, or over a connection
 * as the servers take them that stand beside it in a comparison.
 *
 * Threads: the caller's.
 */
struct injection {
	const char *name;
	uint16_t port; /* where the server has it by default */

	/* What is spoken on the connection; NULL: each change is a datagram. */
	const struct protocol *connection;

	/* Add a change of ordinary size; one that no client counts for PROTOCOL_UNMARKED. */
	void (*write)(const struct subject *subject, uint32_t serial, struct buffer *out);
};

/* Find one; NULL when there is none of this name. */
const struct injection *injection_find(const char *name, size_t length);

#endif
