/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/front_end.h"
#include "server/base/log.h"
#include "server/base/memory.h"

#define NAMED_MAX 64 /* as `listen` has addresses at the most */

static const struct log_scope server_log = {.name = "server"};

void listeners_init(struct listeners *listeners, size_t workers)
{
	listeners->workers = workers;
	listeners->sockets = mem_zeroed(workers * sizeof(listeners->sockets[0]));
	listeners->count = 0;
	listeners->file_count = 0;
}

/* Add a socket for each worker. */
static void add(struct listeners *listeners, size_t front_end, const int *descriptors,
                bool is_shared)
{
	char text[HELD_SOCKETS_TEXT_MAX];

	for (size_t i = 0; i < listeners->workers; i++) {
		listeners->sockets[i] =
		    mem_resize(listeners->sockets[i],
		               (listeners->count + 1) * sizeof(listeners->sockets[i][0]));
		listeners->sockets[i][listeners->count] = (struct worker_socket){
		    .front_end = front_end,
		    .descriptor = descriptors[i],
		    .is_shared = is_shared,
		};
	}
	listeners->count++;
	log_info(&server_log, "listener.bound", "%s %s", front_ends[front_end]->name,
	         held_sockets_text(descriptors[0], text));
}

/* Have every worker listen on this socket, which is taken over at once. */
static bool add_held(struct listeners *listeners, size_t front_end, int descriptor,
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
		add(listeners, front_end, descriptors, listeners->workers > 1);
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

static bool bind_group(struct listeners *listeners, size_t front_end, struct socket_name *name,
                       struct error *error)
{
	int *descriptors = mem_zeroed(listeners->workers * sizeof(*descriptors));
	bool is_bound = socket_bind_group(name, descriptors, listeners->workers, error);

	if (is_bound) {
		add(listeners, front_end, descriptors, false);
	}
	free(descriptors);
	return is_bound;
}

/* Listen on a socket in the file system.  There is one for all workers. */
static bool bind_path(struct listeners *listeners, size_t front_end, const char *path,
                      struct held_sockets *held, struct error *error)
{
	struct unix_socket *file = &listeners->files[listeners->file_count];
	int descriptor =
	    held_sockets_at_path(held, front_ends[front_end]->name, path, SOCK_STREAM, file);

	require(listeners->file_count < LISTENERS_FILES_MAX);
	if (descriptor < 0) {
		descriptor = unix_socket_bind(file, SOCK_STREAM, path, listeners->mode, error);
	}
	if (descriptor < 0) {
		return false;
	}
	listeners->file_count++;
	return add_held(listeners, front_end, descriptor, error);
}

static bool bind_host(struct listeners *listeners, size_t front_end,
                      const struct conf_address *address, struct held_sockets *held,
                      struct error *error)
{
	struct socket_name names[2];
	size_t count = socket_resolve(address->host, address->port, names, error);
	bool is_bound = count > 0;

	for (size_t i = 0; is_bound && i < count; i++) {
		int descriptor =
		    held_sockets_at(held, front_ends[front_end]->name, &names[i], SOCK_STREAM);

		is_bound = descriptor >= 0 ? add_held(listeners, front_end, descriptor, error)
		                           : bind_group(listeners, front_end, &names[i], error);
	}
	return is_bound;
}

/* Those that bear the front-end's name stand for whatever `listen` says. */
static bool add_named(struct listeners *listeners, size_t front_end, const int *descriptors,
                      size_t count, struct error *error)
{
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		if (is_good) {
			is_good = add_held(listeners, front_end, descriptors[i], error);
		} else {
			(void)close(descriptors[i]);
		}
	}
	return is_good;
}

static bool bind_front_end(struct listeners *listeners, size_t front_end,
                           const struct conf_addresses *addresses, struct held_sockets *held,
                           struct error *error)
{
	int named[NAMED_MAX];
	size_t count =
	    held_sockets_named(held, front_ends[front_end]->name, SOCK_STREAM, named, NAMED_MAX);

	if (count > 0) {
		return add_named(listeners, front_end, named, count, error);
	}
	for (size_t i = 0; i < addresses->count; i++) {
		const struct conf_address *address = &addresses->items[i];
		bool is_bound = address->path != NULL
		                    ? bind_path(listeners, front_end, address->path, held, error)
		                    : bind_host(listeners, front_end, address, held, error);

		if (!is_bound) {
			return false;
		}
	}
	return true;
}

bool listeners_bind(struct listeners *listeners, const struct conf *conf, struct held_sockets *held,
                    struct error *error)
{
	listeners->mode = conf->admin.mode;
	for (size_t i = 0; front_ends[i] != NULL; i++) {
		const struct conf_addresses *addresses = front_ends[i]->addresses(conf);

		if (addresses != NULL && !bind_front_end(listeners, i, addresses, held, error)) {
			error_prefix(error, "%s.listen: ", front_ends[i]->name);
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
