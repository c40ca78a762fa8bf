/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/base/error.h"

/*
 * An address and a port: where a server is, or where a client comes from.
 *
 * Threads: any; no state.
 */
struct endpoint {
	struct sockaddr_storage address;
	socklen_t length;
};

/* Look up a name or an address; false, with `error` set, when there is none. */
bool endpoint_resolve(struct endpoint *endpoint, const char *host, uint16_t port,
                      struct error *error);

/* Read an address of this machine, any port; false, with `error` set, when it is none. */
bool endpoint_local(struct endpoint *endpoint, const char *address, struct error *error);

/*
 * Gives a socket (SOCK_STREAM or SOCK_DGRAM) that is connected to `server`, or, of a stream,
 * is about to be: it does not block.  It comes from `from` unless that is NULL.  -1, with
 * `error` set, when that cannot be.
 */
int endpoint_connect(const struct endpoint *server, const struct endpoint *from, int type,
                     struct error *error);

/* Write "127.0.0.1 port 6667" to `error`, and why, as errno has it. */
void endpoint_failed(const struct endpoint *server, int why, struct error *error);

#endif
