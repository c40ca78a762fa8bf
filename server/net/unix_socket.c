/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/base/memory.h"

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	require(strlen(path) <= UNIX_SOCKET_PATH_MAX);
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

static int open_socket(int type)
{
	return socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/*
 * Whether it is a socket that nobody receives on: connecting to it is refused then, and
 * then only.
 */
static bool is_stale(int type, const char *path)
{
	struct sockaddr_un address = address_of(path);
	struct stat file;
	bool is_refused;
	int probe;

	if (lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode)) {
		return false;
	}
	probe = open_socket(type);
	if (probe < 0) {
		return false;
	}
	is_refused = connect(probe, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
	             errno == ECONNREFUSED;
	(void)close(probe);
	return is_refused;
}

/* 0, or the errno of what failed. */
static int bind_to(int descriptor, const char *path)
{
	struct sockaddr_un address = address_of(path);

	return bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0
	                                                                                 : errno;
}

/* The name gets the mode of the descriptor less the umask, then what the umask took. */
static int bind_with_mode(int descriptor, int type, const char *path, mode_t mode)
{
	int cause = fchmod(descriptor, mode) == 0 ? bind_to(descriptor, path) : errno;

	if (cause == EADDRINUSE && is_stale(type, path)) {
		cause = unlink(path) == 0 ? bind_to(descriptor, path) : errno;
	}
	if (cause == 0 && chmod(path, mode) != 0) {
		cause = errno;
		(void)unlink(path);
	}
	return cause;
}

int unix_socket_bind(struct unix_socket *file, int type, const char *path, mode_t mode,
                     struct error *error)
{
	struct stat bound;
	int descriptor = open_socket(type);
	int cause = descriptor < 0 ? errno : bind_with_mode(descriptor, type, path, mode);

	if (cause == 0 && lstat(path, &bound) == 0) {
		*file = (struct unix_socket){path, bound.st_dev, bound.st_ino};
		return descriptor;
	}
	if (cause == EADDRINUSE) {
		error_set(error, "unix:%s is in use", path);
	} else {
		error_set(error, "cannot bind unix:%s: %s", path, strerror(cause));
	}
	if (descriptor >= 0) {
		(void)close(descriptor);
	}
	return -1;
}

void unix_socket_remove(const struct unix_socket *file)
{
	struct stat now;

	if (file->path != NULL && lstat(file->path, &now) == 0 && now.st_dev == file->device &&
	    now.st_ino == file->inode) {
		(void)unlink(file->path);
	}
}
