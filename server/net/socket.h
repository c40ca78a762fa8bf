/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_SOCKET_H
#define SERVER_NET_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "server/base/error.h"

/*
 * Bound sockets from addresses as the configuration writes them: a numeric IPv4
 * or IPv6 host, or "localhost" for loopback in both families.  "::" serves IPv4 too.
 *
 * An address that anyone else serves is refused, one that is shared with SO_REUSEPORT
 * too: the first socket of an address is bound and listens without that option and is given
 * it only then, so the kernel itself lets our other sockets join and nobody else's.
 *
 * Threads: any; no state.
 */
#define SOCKET_TEXT_MAX 64

struct socket_name {
	struct sockaddr_storage address;
	socklen_t length;
};

/*
 * Writes the one or two addresses of `host` (two: "localhost" where the machine
 * has IPv6) and returns how many; 0 with `error` set when it is none.
 */
size_t socket_resolve(const char *host, unsigned port, struct socket_name names[2],
                      struct error *error);

/*
 * Bind `count` stream sockets to one address, in a group that shares its clients
 * (SO_REUSEPORT); with port 0 all get the same free one, which is written to `name`.
 * The first one listens already, the others do not yet.  Gives the descriptors
 * (non-blocking, close-on-exec); false with `error` set and nothing bound.
 */
bool socket_bind_group(struct socket_name *name, int *descriptors, size_t count,
                       struct error *error);

/* Bind a datagram socket.  Gives the descriptor, with the port in `name`; -1 with `error` set. */
int socket_bind_datagram(struct socket_name *name, struct error *error);

/*
 * Have a datagram socket receive what is sent to a multicast group (IPv4 is mapped) on the
 * interface with this index; 0 is the kernel's choice.  It then hears the groups it
 * joined and no other that somebody on this machine did.  False with `error` set.
 */
bool socket_join_group(int descriptor, const struct in6_addr *group, unsigned interface_index,
                       struct error *error);

/* Datagrams that the kernel dropped at this socket so far (SO_MEMINFO); 0 where it does not say. */
unsigned socket_kernel_drops(int descriptor);

/*
 * Ask for a receive buffer of `receive_buffer` bytes; returns what there is then.  What is over
 * net.core.rmem_max takes a privilege and is granted in part without; where another one has
 * set it before (`is_set`), with that privilege maybe, it is left alone then.
 */
size_t socket_set_receive_buffer(int descriptor, size_t receive_buffer, bool is_set);

/* Have it receive no more what is sent to a group that was joined so. */
void socket_leave_group(int descriptor, const struct in6_addr *group, unsigned interface_index);

/* Whether the two are one address; with `any_port`, port 0 of `wanted` is any. */
bool socket_name_equals(const struct socket_name *name, const struct socket_name *wanted,
                        bool any_port);

/* Writes "127.0.0.1:6667" or "[::1]:6667" to `text`, and lends it back. */
const char *socket_name_text(const struct socket_name *name, char text[SOCKET_TEXT_MAX]);

#endif
