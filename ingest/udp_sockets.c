/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/udp_sockets.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "server/net/socket.h"

static void log_bound(const struct source_env *env, const struct socket_name *name, size_t wanted,
                      size_t granted)
{
	char text[SOCKET_TEXT_MAX];

	log_info(&env->log, "listener.bound", "%s %s", env->stats->type,
	         socket_name_text(name, text));
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
	int descriptor = unix_socket_bind(&sockets->file, SOCK_DGRAM, options->listen->path,
	                                  options->mode, error);

	if (descriptor < 0) {
		return false;
	}
	sockets->descriptors[sockets->count++] = descriptor;
	log_info(&env->log, "listener.bound", "%s unix:%s", env->stats->type,
	         options->listen->path);
	return true;
}

/* Join every group with one socket. */
static bool join_groups(int descriptor, const struct udp_options *options, struct error *error)
{
	unsigned index = 0;

	if (options->interface[0] != '\0') {
		index = if_nametoindex(options->interface);
		if (index == 0) {
			error_set(error, "interface \"%s\": %s", options->interface,
			          strerror(errno));
			return false;
		}
	}
	for (size_t i = 0; i < options->join->count; i++) {
		if (!socket_join_group(descriptor, &options->join->items[i].address, index,
		                       error)) {
			return false;
		}
	}
	return true;
}

static bool open_one(struct udp_sockets *sockets, const struct source_env *env,
                     const struct udp_options *options, struct socket_name *name,
                     struct error *error)
{
	size_t granted;
	int descriptor = socket_bind_datagram(name, options->receive_buffer, &granted, error);

	if (descriptor < 0) {
		return false;
	}
	sockets->descriptors[sockets->count++] = descriptor;
	if (!join_groups(descriptor, options, error)) {
		return false;
	}
	log_bound(env, name, options->receive_buffer, granted);
	return true;
}

static bool open_all(struct udp_sockets *sockets, const struct source_env *env,
                     const struct udp_options *options, struct error *error)
{
	struct socket_name names[2];
	size_t count;

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
