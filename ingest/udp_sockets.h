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
	bool is_file;            /* in the file system, not UDP */
	struct unix_socket file; /* to remove at the end */
};

/*
 * Open them all, bound and joined, and say so in the log; those that env->held has for the
 * source are taken from there.  The descriptors are the
 * caller's.  False with `error` set and nothing left behind.  `options` are lent for as
 * long as `sockets` are used.
 */
bool udp_sockets_open(struct udp_sockets *sockets, const struct source_env *env,
                      const struct udp_options *options, struct error *error);

/* Leave what they are in env->held, for a source with the same entry's name, without its groups. */
void udp_sockets_hand_over(struct udp_sockets *sockets, const struct source_env *env,
                           const struct udp_options *options);

/* Remove the socket's file, if there is one that is ours. */
void udp_sockets_remove(const struct udp_sockets *sockets);

#endif
