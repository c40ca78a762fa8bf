/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/udp_sockets.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/net/socket.h"

static void log_bound(const struct source_env *env, const char *text)
{
	log_info(&env->log, "listener.bound", "%s %s", env->stats->type, text);
}

static void log_buffer(const struct source_env *env, const char *text, size_t wanted,
                       size_t granted)
{
	if (granted < wanted) {
		log_warn(&env->log, "source.receive_buffer",
		         "%s: asked for %zu bytes and was granted %zu: raise net.core.rmem_max",
		         text, wanted, granted);
	} else {
		log_info(&env->log, "source.receive_buffer", "%s: granted %zu bytes", text,
		         granted);
	}
}

/* Its senders wait when it is full, so there is no buffer to ask for. */
static bool open_file(struct udp_sockets *sockets, const struct source_env *env,
                      const struct udp_options *options, struct error *error)
{
	const char *path = options->listen->path;
	char text[HELD_SOCKETS_TEXT_MAX];
	int descriptor = -1;

	if (env->held != NULL) {
		descriptor = held_sockets_at_path(env->held, env->stats->name, path, SOCK_DGRAM,
		                                  &sockets->file);
		/* One that is not ours to remove has the mode that its owner gave it. */
		if (descriptor >= 0 && sockets->file.path != NULL) {
			(void)chmod(path, options->mode);
		}
	}
	if (descriptor < 0) {
		descriptor =
		    unix_socket_bind(&sockets->file, SOCK_DGRAM, path, options->mode, error);
	}
	if (descriptor < 0) {
		return false;
	}
	sockets->is_file = true;
	sockets->descriptors[sockets->count++] = descriptor;
	log_bound(env, held_sockets_text(descriptor, text));
	return true;
}

static unsigned interface_index(const struct udp_options *options)
{
	return options->interface[0] != '\0' ? if_nametoindex(options->interface) : 0;
}

/* Join every group with one socket. */
static bool join_groups(int descriptor, const struct udp_options *options, struct error *error)
{
	unsigned index = interface_index(options);

	if (index == 0 && options->interface[0] != '\0') {
		error_set(error, "interface \"%s\": %s", options->interface, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < options->join->count; i++) {
		if (!socket_join_group(descriptor, &options->join->items[i].address, index,
		                       error)) {
			return false;
		}
	}
	return true;
}

/* Use a bound UDP socket, which is taken over at once. */
static bool use(struct udp_sockets *sockets, const struct source_env *env,
                const struct udp_options *options, int descriptor, bool was_held,
                struct error *error)
{
	size_t granted = socket_set_receive_buffer(descriptor, options->receive_buffer, was_held);
	char text[HELD_SOCKETS_TEXT_MAX];

	sockets->descriptors[sockets->count++] = descriptor;
	if (!join_groups(descriptor, options, error)) {
		return false;
	}
	held_sockets_text(descriptor, text);
	log_bound(env, text);
	log_buffer(env, text, options->receive_buffer, granted);
	return true;
}

static bool open_one(struct udp_sockets *sockets, const struct source_env *env,
                     const struct udp_options *options, struct socket_name *name,
                     struct error *error)
{
	int descriptor = -1;
	bool was_held;

	if (env->held != NULL) {
		descriptor = held_sockets_at(env->held, env->stats->name, name, SOCK_DGRAM);
	}
	was_held = descriptor >= 0;
	if (!was_held) {
		descriptor = socket_bind_datagram(name, error);
	}
	if (descriptor < 0 && env->held != NULL) {
		held_sockets_explain(env->held, name, SOCK_DGRAM, error);
	}
	return descriptor >= 0 && use(sockets, env, options, descriptor, was_held, error);
}

static bool is_unix(int descriptor)
{
	int domain = AF_UNSPEC;
	socklen_t length = sizeof(domain);

	(void)getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length);
	return domain == AF_UNIX;
}

/* Those that bear the source's name stand for whatever `listen` says. */
static bool open_named(struct udp_sockets *sockets, const struct source_env *env,
                       const struct udp_options *options, const int *descriptors, size_t count,
                       struct error *error)
{
	char text[HELD_SOCKETS_TEXT_MAX];
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		if (!is_good) {
			(void)close(descriptors[i]);
		} else if (is_unix(descriptors[i])) {
			sockets->is_file = true;
			sockets->descriptors[sockets->count++] = descriptors[i];
			log_bound(env, held_sockets_text(descriptors[i], text));
		} else {
			is_good = use(sockets, env, options, descriptors[i], true, error);
		}
	}
	return is_good;
}

static bool open_all(struct udp_sockets *sockets, const struct source_env *env,
                     const struct udp_options *options, struct error *error)
{
	struct socket_name names[2];
	int named[2];
	size_t count = 0;

	if (env->held != NULL) {
		count = held_sockets_named(env->held, env->stats->name, SOCK_DGRAM, named, 2);
	}
	if (count > 0) {
		return open_named(sockets, env, options, named, count, error);
	}
	if (options->listen->path != NULL) {
		return open_file(sockets, env, options, error);
	}
	count = socket_resolve(options->listen->host, options->listen->port, names, error);
	for (size_t i = 0; i < count; i++) {
		if (!open_one(sockets, env, options, &names[i], error)) {
			return false;
		}
	}
	return count > 0;
}

void udp_sockets_hand_over(struct udp_sockets *sockets, const struct source_env *env,
                           const struct udp_options *options)
{
	unsigned index = interface_index(options);

	for (size_t i = 0; i < sockets->count; i++) {
		for (size_t j = 0; !sockets->is_file && j < options->join->count; j++) {
			socket_leave_group(sockets->descriptors[i],
			                   &options->join->items[j].address, index);
		}
		held_sockets_leave(env->held, env->stats->name, sockets->descriptors[i],
		                   &sockets->file);
	}
	sockets->file = (struct unix_socket){.path = NULL};
}

bool udp_sockets_open(struct udp_sockets *sockets, const struct source_env *env,
                      const struct udp_options *options, struct error *error)
{
	*sockets = (struct udp_sockets){.count = 0};
	if (open_all(sockets, env, options, error)) {
		return true;
	}
	while (sockets->count > 0) {
		(void)close(sockets->descriptors[--sockets->count]);
	}
	return false;
}

void udp_sockets_remove(const struct udp_sockets *sockets)
{
	unix_socket_remove(&sockets->file);
}
