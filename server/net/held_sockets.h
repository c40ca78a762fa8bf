/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_HELD_SOCKETS_H
#define SERVER_NET_HELD_SOCKETS_H

#include <stddef.h>

#include "server/base/error.h"
#include "server/net/socket.h"
#include "server/net/unix_socket.h"

/*
 * Bound sockets that outlive those who use them, so that what waits in them is not lost:
 *
 *   service manager ── held_sockets_inherit() ──┐
 *                                               ├──> held ── duplicates ──> listener, source
 *   source that is changed ── _leave() ─────────┘
 *
 * Those of the service manager (sd_listen_fds(3)) are held by it too and go on to the next
 * process.  Whoever wants sockets asks for those of its name first, the socket unit's
 * FileDescriptorName, and then for each of its addresses.  A socket has one user, the first
 * that asked.
 *
 * Threads: the main thread's.
 */
struct held_sockets;

/* Gives an empty set. */
struct held_sockets *held_sockets_create(void);

/* Close those that are held here.  NULL does nothing. */
void held_sockets_destroy(struct held_sockets *sockets);

/*
 * Take over what the service manager has passed, and clear the environment of it.  What is no
 * TCP, UDP or unix socket is closed, and told in the log.
 */
void held_sockets_inherit(struct held_sockets *sockets);

/*
 * Gives duplicates (non-blocking, close-on-exec) of the inherited sockets of this name and
 * kind (SOCK_STREAM, SOCK_DGRAM), `max` at the most.  Returns how many.
 */
size_t held_sockets_named(struct held_sockets *sockets, const char *user, int kind,
                          int *descriptors, size_t max);

/*
 * Gives a duplicate of the socket that is bound to this address, inherited or left by the same
 * user; -1 when there is none.  Port 0 stands for that of a socket left by the user.
 */
int held_sockets_at(struct held_sockets *sockets, const char *user, const struct socket_name *name,
                    int kind);

/*
 * The same for a socket in the file system.  `file` is set to what the user is to remove at the
 * end: nothing when the socket is the service manager's.  `path` is lent as for unix_socket_bind().
 */
int held_sockets_at_path(struct held_sockets *sockets, const char *user, const char *path, int kind,
                         struct unix_socket *file);

/* Keep a duplicate of a socket for its user's next run; `file` is copied, and removed unless taken.
 */
void held_sockets_leave(struct held_sockets *sockets, const char *user, int descriptor,
                        const struct unix_socket *file);

/* Close what this user has left and not taken. */
void held_sockets_forget(struct held_sockets *sockets, const char *user);

/*
 * An address could not be bound, and `error` says so.  Says too which inherited socket of its
 * port is in the way, if there is one that nobody has asked for.
 */
void held_sockets_explain(const struct held_sockets *sockets, const struct socket_name *name,
                          int kind, struct error *error);

/* Say in the log what was inherited and nobody asked for. */
void held_sockets_tell_unused(const struct held_sockets *sockets);

/* Lends the text of a bound socket's address: "127.0.0.1:6667", "unix:/run/socket". */
#define HELD_SOCKETS_TEXT_MAX 128
const char *held_sockets_text(int descriptor, char text[HELD_SOCKETS_TEXT_MAX]);

#endif
