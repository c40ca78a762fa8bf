/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_UNIX_SOCKET_H
#define SERVER_NET_UNIX_SOCKET_H

#include <sys/types.h>

#include "server/base/error.h"

/*
 * Sockets with a name in the file system.
 *
 * The name outlives a process that ends without removing it.  One that nobody receives
 * on any more is replaced; one that is alive, or no socket at all, is refused.
 *
 * Threads: any; no state.
 */
#define UNIX_SOCKET_PATH_MAX 107 /* bytes: unix(7)'s sun_path, less its NUL */

/* What was bound, to know it again: someone may have put another file there since. */
struct unix_socket {
	const char *path; /* lent; NULL: nothing */
	dev_t device;
	ino_t inode;
};

/*
 * Bind a socket of this type, SOCK_DGRAM or SOCK_STREAM, to `path` (lent for as long as `file` is
 * used), with `mode` from the first moment on, whatever the umask.  Gives the descriptor
 * (non-blocking, close-on-exec); -1 with `error` set.
 */
int unix_socket_bind(struct unix_socket *file, int type, const char *path, mode_t mode,
                     struct error *error);

/* Remove the name if it is still the one that was bound.  Does nothing for an all zero `file`. */
void unix_socket_remove(const struct unix_socket *file);

#endif
