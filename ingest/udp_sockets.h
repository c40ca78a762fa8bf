/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_UDP_SOCKETS_H
#define INGEST_UDP_SOCKETS_H

#include "ingest/source.h"
#include "server/net/unix_socket.h"

/*
 * What a source of datagrams receives on: one or two UDP sockets, which may take part in
 * multicast groups, or a socket in the file system.
 *
 * Threads: the feeder's.
 */
struct udp_options {
	const struct conf_address *listen;
	unsigned mode;                    /* of the socket's file */
	const struct conf_networks *join; /* multicast groups */
	const char *interface;            /* to join them on; "": the kernel's choice */
	size_t receive_buffer;
};

struct udp_sockets {
	int descriptors[2]; /* two for "localhost" */
	size_t count;
	struct unix_socket file;
};

/*
 * Open them all, bound and joined, and say so in the log.  The descriptors are the
 * caller's.  False with `error` set and nothing left behind.  `options` are lent for as
 * long as `sockets` are used.
 */
bool udp_sockets_open(struct udp_sockets *sockets, const struct source_env *env,
                      const struct udp_options *options, struct error *error);

/* Remove the socket's file, if there is one. */
void udp_sockets_remove(const struct udp_sockets *sockets);

#endif
