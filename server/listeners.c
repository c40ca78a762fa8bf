/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/front_end.h"
#include "server/base/log.h"
#include "server/base/memory.h"

#define NAMED_MAX 64 /* as `listen` has addresses at the most */

/* What sockets are for: a front-end, in plain or in TLS. */
struct purpose {
	size_t front_end;
	bool is_tls;
	char name[32]; /* of those that are held: "irc", "irc-tls" */
};

static const struct log_scope server_log = {.name = "server"};

void listeners_init(struct listeners *listeners, size_t workers)
{
	listeners->workers = workers;
	listeners->sockets = mem_zeroed(workers * sizeof(listeners->sockets[0]));
	listeners->count = 0;
	listeners->file_count = 0;
}

/* Add a socket for each worker. */
static void add(struct listeners *listeners, const struct purpose *purpose, const int *descriptors,
                bool is_shared)
{
	char text[HELD_SOCKETS_TEXT_MAX];

	for (size_t i = 0; i < listeners->workers; i++) {
		listeners->sockets[i] =
		    mem_resize(listeners->sockets[i],
		               (listeners->count + 1) * sizeof(listeners->sockets[i][0]));
		listeners->sockets[i][listeners->count] = (struct worker_socket){
		    .front_end = purpose->front_end,
		    .descriptor = descriptors[i],
		    .is_shared = is_shared,
		    .is_tls = purpose->is_tls,
		};
	}
	listeners->count++;
	log_info(&server_log, "listener.bound", "%s%s %s", front_ends[purpose->front_end]->name,
	         purpose->is_tls ? " (TLS)" : "", held_sockets_text(descriptors[0], text));
}

/* Have every worker listen on this socket, which is taken over at once. */
static bool add_held(struct listeners *listeners, const struct purpose *purpose, int descriptor,
                     struct error *error)
{
	int *descriptors = mem_zeroed(listeners->workers * sizeof(*descriptors));
	size_t count = 1;

	descriptors[0] = descriptor;
	while (count < listeners->workers) {
		descriptors[count] = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
		if (descriptors[count] < 0) {
			break;
		}
		count++;
	}
	if (count == listeners->workers) {
		add(listeners, purpose, descriptors, listeners->workers > 1);
		free(descriptors);
		return true;
	}
	error_set(error, "a held socket cannot be shared: %s", strerror(errno));
	while (count > 0) {
		(void)close(descriptors[--count]);
	}
	free(descriptors);
	return false;
}

static bool bind_group(struct listeners *listeners, const struct purpose *purpose,
                       struct socket_name *name, struct error *error)
{
	int *descriptors = mem_zeroed(listeners->workers * sizeof(*descriptors));
	bool is_bound = socket_bind_group(name, descriptors, listeners->workers, error);

	if (is_bound) {
		add(listeners, purpose, descriptors, false);
	}
	free(descriptors);
	return is_bound;
}

/* Listen on a socket in the file system.  There is one for all workers. */
static bool bind_path(struct listeners *listeners, const struct purpose *purpose, const char *path,
                      struct held_sockets *held, struct error *error)
{
	struct unix_socket *file = &listeners->files[listeners->file_count];
	int descriptor = held_sockets_at_path(held, purpose->name, path, SOCK_STREAM, file);

	require(listeners->file_count < LISTENERS_FILES_MAX);
	if (descriptor < 0) {
		descriptor = unix_socket_bind(file, SOCK_STREAM, path, listeners->mode, error);
	}
	if (descriptor < 0) {
		return false;
	}
	listeners->file_count++;
	return add_held(listeners, purpose, descriptor, error);
}

static bool bind_host(struct listeners *listeners, const struct purpose *purpose,
                      const struct conf_address *address, struct held_sockets *held,
                      struct error *error)
{
	struct socket_name names[2];
	size_t count = socket_resolve(address->host, address->port, names, error);
	bool is_bound = count > 0;

	for (size_t i = 0; is_bound && i < count; i++) {
		int descriptor = held_sockets_at(held, purpose->name, &names[i], SOCK_STREAM);

		is_bound = descriptor >= 0 ? add_held(listeners, purpose, descriptor, error)
		                           : bind_group(listeners, purpose, &names[i], error);
		if (descriptor < 0 && !is_bound) {
			held_sockets_explain(held, &names[i], SOCK_STREAM, error);
		}
	}
	return is_bound;
}

/* Those that bear the name stand for whatever the addresses are. */
static bool add_named(struct listeners *listeners, const struct purpose *purpose,
                      const int *descriptors, size_t count, struct error *error)
{
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		if (is_good) {
			is_good = add_held(listeners, purpose, descriptors[i], error);
		} else {
			(void)close(descriptors[i]);
		}
	}
	return is_good;
}

static bool bind_all(struct listeners *listeners, const struct purpose *purpose,
                     const struct conf_addresses *addresses, struct held_sockets *held,
                     struct error *error)
{
	int named[NAMED_MAX];
	size_t count;

	if (addresses->count == 0) {
		return true;
	}
	count = held_sockets_named(held, purpose->name, SOCK_STREAM, named, NAMED_MAX);
	if (count > 0) {
		return add_named(listeners, purpose, named, count, error);
	}
	for (size_t i = 0; i < addresses->count; i++) {
		const struct conf_address *address = &addresses->items[i];
		bool is_bound = address->path != NULL
		                    ? bind_path(listeners, purpose, address->path, held, error)
		                    : bind_host(listeners, purpose, address, held, error);

		if (!is_bound) {
			return false;
		}
	}
	return true;
}

static bool bind_front_end(struct listeners *listeners, size_t front_end, const struct conf *conf,
                           struct held_sockets *held, struct error *error)
{
	const struct front_end *type = front_ends[front_end];
	struct purpose plain = {.front_end = front_end};
	struct purpose tls = {.front_end = front_end, .is_tls = true};

	if (type->addresses(conf) == NULL) {
		return true;
	}
	(void)snprintf(plain.name, sizeof(plain.name), "%s", type->name);
	(void)snprintf(tls.name, sizeof(tls.name), "%s-tls", type->name);
	if (!bind_all(listeners, &plain, type->addresses(conf), held, error)) {
		error_prefix(error, "%s.listen: ", type->name);
		return false;
	}
	if (type->tls_addresses != NULL &&
	    !bind_all(listeners, &tls, type->tls_addresses(conf), held, error)) {
		error_prefix(error, "%s.listen_tls: ", type->name);
		return false;
	}
	return true;
}

bool listeners_bind(struct listeners *listeners, const struct conf *conf, struct held_sockets *held,
                    struct error *error)
{
	listeners->mode = conf->admin.mode;
	for (size_t i = 0; front_ends[i] != NULL; i++) {
		if (!bind_front_end(listeners, i, conf, held, error)) {
			return false;
		}
	}
	return true;
}

void listeners_taken(struct listeners *listeners, size_t worker)
{
	free(listeners->sockets[worker]);
	listeners->sockets[worker] = NULL;
}

void listeners_finish(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->workers; i++) {
		for (size_t j = 0; listeners->sockets[i] != NULL && j < listeners->count; j++) {
			(void)close(listeners->sockets[i][j].descriptor);
		}
		free(listeners->sockets[i]);
	}
	free(listeners->sockets);
	for (size_t i = 0; i < listeners->file_count; i++) {
		unix_socket_remove(&listeners->files[i]);
	}
}
