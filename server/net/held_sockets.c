/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is that of sd_listen_fds(3), which its authors promise to keep: LISTEN_PID
 * is the process meant, LISTEN_FDS counts the descriptors from 3 on, LISTEN_FDNAMES holds
 * their names with colons between.
 */
#include "server/net/held_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "server/base/log.h"
#include "server/base/memory.h"

#define FIRST_DESCRIPTOR 3
#define INHERITED_MAX    1024 /* more is no socket unit's doing */

struct held {
	char *name; /* as the service manager named it, or the user that left it */
	char *user; /* who has asked for it; NULL: nobody */
	int descriptor;
	int kind;
	bool is_inherited;
	bool was_taken;          /* since it was left */
	struct unix_socket file; /* of one that was left; its path is owned */
	struct held *prev, *next;
};

struct held_sockets {
	struct held *all;
};

static const struct log_scope held_log = {.name = "held"};

struct held_sockets *held_sockets_create(void)
{
	return mem_new(struct held_sockets);
}

static void end(struct held_sockets *sockets, struct held *held)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): in the list, so there is a first */
	DL_DELETE(sockets->all, held);
	(void)close(held->descriptor);
	free((char *)held->file.path);
	free(held->name);
	free(held->user);
	free(held);
}

void held_sockets_destroy(struct held_sockets *sockets)
{
	if (sockets == NULL) {
		return;
	}
	while (sockets->all != NULL) {
		end(sockets, sockets->all);
	}
	free(sockets);
}

static struct held *add(struct held_sockets *sockets, const char *name, int descriptor)
{
	struct held *held = mem_new(struct held);
	socklen_t length = sizeof(held->kind);

	held->name = mem_copy_text(name, strlen(name));
	held->descriptor = descriptor;
	(void)getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &held->kind, &length);
	DL_APPEND(sockets->all, held);
	return held;
}

/* --- addresses -------------------------------------------------------------- */

static bool read_name(int descriptor, struct socket_name *name)
{
	*name = (struct socket_name){.length = sizeof(name->address)};
	return getsockname(descriptor, (struct sockaddr *)&name->address, &name->length) == 0;
}

/* The path a unix socket is bound to; "" for one without. */
static void read_path(const struct socket_name *name, char path[sizeof(struct sockaddr_un)])
{
	struct sockaddr_un address;

	memcpy(&address, &name->address, sizeof(address));
	(void)snprintf(path, sizeof(address), "%.*s", (int)sizeof(address.sun_path),
	               address.sun_path);
}

const char *held_sockets_text(int descriptor, char text[HELD_SOCKETS_TEXT_MAX])
{
	char path[sizeof(struct sockaddr_un)];
	struct socket_name name;

	if (!read_name(descriptor, &name)) {
		(void)snprintf(text, HELD_SOCKETS_TEXT_MAX, "?");
	} else if (name.address.ss_family == AF_UNIX) {
		read_path(&name, path);
		(void)snprintf(text, HELD_SOCKETS_TEXT_MAX, "unix:%s", path);
	} else {
		(void)socket_name_text(&name, text);
	}
	return text;
}

/* The port of an address, 0 for a unix socket's. */
static unsigned port_of(const struct socket_name *name)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (name->address.ss_family) {
	case AF_INET:
		memcpy(&in, &name->address, sizeof(in));
		return ntohs(in.sin_port);
	case AF_INET6:
		memcpy(&in6, &name->address, sizeof(in6));
		return ntohs(in6.sin6_port);
	default:
		return 0;
	}
}

static bool is_at(const struct held *held, const struct socket_name *wanted)
{
	struct socket_name name;

	return read_name(held->descriptor, &name) &&
	       socket_name_equals(&name, wanted, !held->is_inherited);
}

static bool is_at_path(const struct held *held, const char *wanted)
{
	char path[sizeof(struct sockaddr_un)];
	struct socket_name name;

	if (!read_name(held->descriptor, &name) || name.address.ss_family != AF_UNIX) {
		return false;
	}
	read_path(&name, path);
	return strcmp(path, wanted) == 0;
}

/* --- inheriting ------------------------------------------------------------- */

/* A number that stands alone; 0 when it does not. */
static long number_of(const char *text)
{
	char *end;
	long number;

	if (text == NULL) {
		return 0;
	}
	number = strtol(text, &end, 10);
	return end != text && *end == '\0' ? number : 0;
}

static bool is_socket_of_ours(int descriptor)
{
	struct socket_name name;

	return read_name(descriptor, &name) &&
	       (name.address.ss_family == AF_INET || name.address.ss_family == AF_INET6 ||
	        name.address.ss_family == AF_UNIX);
}

static void inherit_one(struct held_sockets *sockets, int descriptor, const char *name)
{
	char text[HELD_SOCKETS_TEXT_MAX];

	(void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	if (!is_socket_of_ours(descriptor)) {
		log_warn(&held_log, "socket.refused", "descriptor %d (%s) is no bound socket",
		         descriptor, name);
		(void)close(descriptor);
		return;
	}
	(void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
	add(sockets, name, descriptor)->is_inherited = true;
	log_info(&held_log, "socket.inherited", "%s, named %s", held_sockets_text(descriptor, text),
	         name);
}

void held_sockets_inherit(struct held_sockets *sockets)
{
	const char *variable = getenv("LISTEN_FDNAMES");
	char *names = mem_copy_text(variable != NULL ? variable : "",
	                            variable != NULL ? strlen(variable) : 0);
	char *rest = names;
	long count = number_of(getenv("LISTEN_FDS"));

	if (number_of(getenv("LISTEN_PID")) != (long)getpid() || count > INHERITED_MAX) {
		count = 0;
	}
	for (long i = 0; i < count; i++) {
		const char *name = strsep(&rest, ":");

		inherit_one(sockets, FIRST_DESCRIPTOR + (int)i, name != NULL ? name : "");
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	free(names);
}

/* --- using ------------------------------------------------------------------ */

static bool is_for(const struct held *held, const char *user, int kind)
{
	if (held->kind != kind) {
		return false;
	}
	if (!held->is_inherited) {
		return strcmp(held->name, user) == 0;
	}
	return held->user == NULL || strcmp(held->user, user) == 0;
}

static int give(struct held *held, const char *user)
{
	int descriptor = fcntl(held->descriptor, F_DUPFD_CLOEXEC, 0);

	if (descriptor >= 0 && held->user == NULL) {
		held->user = mem_copy_text(user, strlen(user));
	}
	held->was_taken = held->was_taken || descriptor >= 0;
	return descriptor;
}

size_t held_sockets_named(struct held_sockets *sockets, const char *user, int kind,
                          int *descriptors, size_t max)
{
	struct held *held;
	size_t count = 0;

	DL_FOREACH (sockets->all, held) {
		if (count < max && held->is_inherited && strcmp(held->name, user) == 0 &&
		    is_for(held, user, kind)) {
			int descriptor = give(held, user);

			descriptors[count] = descriptor;
			count += descriptor >= 0 ? 1 : 0;
		}
	}
	return count;
}

int held_sockets_at(struct held_sockets *sockets, const char *user, const struct socket_name *name,
                    int kind)
{
	struct held *held;

	DL_FOREACH (sockets->all, held) {
		if (is_for(held, user, kind) && is_at(held, name)) {
			return give(held, user);
		}
	}
	return -1;
}

int held_sockets_at_path(struct held_sockets *sockets, const char *user, const char *path, int kind,
                         struct unix_socket *file)
{
	struct held *held;

	*file = (struct unix_socket){.path = NULL};
	DL_FOREACH (sockets->all, held) {
		if (is_for(held, user, kind) && is_at_path(held, path)) {
			if (held->file.path != NULL) {
				*file = held->file;
				file->path = path;
			}
			return give(held, user);
		}
	}
	return -1;
}

/* --- leaving ---------------------------------------------------------------- */

void held_sockets_leave(struct held_sockets *sockets, const char *user, int descriptor,
                        const struct unix_socket *file)
{
	int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
	struct held *held;

	if (duplicate < 0) {
		return; /* the next run binds anew */
	}
	held = add(sockets, user, duplicate);
	if (file->path != NULL) {
		held->file = *file;
		held->file.path = mem_copy_text(file->path, strlen(file->path));
	}
}

void held_sockets_forget(struct held_sockets *sockets, const char *user)
{
	struct held *held, *next;

	DL_FOREACH_SAFE (sockets->all, held, next) {
		if (!held->is_inherited && strcmp(held->name, user) == 0) {
			if (!held->was_taken) {
				unix_socket_remove(&held->file);
			}
			end(sockets, held);
		}
	}
}

void held_sockets_explain(const struct held_sockets *sockets, const struct socket_name *name,
                          int kind, struct error *error)
{
	char text[HELD_SOCKETS_TEXT_MAX];
	struct socket_name held_name;
	const struct held *held;
	struct error said = *error;

	DL_FOREACH (sockets->all, held) {
		if (held->is_inherited && held->user == NULL && held->kind == kind &&
		    read_name(held->descriptor, &held_name) &&
		    port_of(&held_name) == port_of(name)) {
			error_set(error,
			          "%s: the service manager holds %s (%s), which no listen says",
			          said.text, held_sockets_text(held->descriptor, text), held->name);
			return;
		}
	}
}

void held_sockets_tell_unused(const struct held_sockets *sockets)
{
	char text[HELD_SOCKETS_TEXT_MAX];
	const struct held *held;

	DL_FOREACH (sockets->all, held) {
		if (held->is_inherited && held->user == NULL) {
			log_warn(&held_log, "socket.unused",
			         "%s, named %s, is no listener's and no source's",
			         held_sockets_text(held->descriptor, text), held->name);
		}
	}
}
