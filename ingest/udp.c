/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/udp.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/udp_sockets.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_irc.h"
#include "server/feed/rcfeed_json.h"
#include "server/net/peer.h"
#include "server/net/socket.h"

/* libuv cuts the buffer into slices of 64 KiB, one a datagram, and takes at most 20. */
#define SLICE_BYTES  (64 * 1024)
#define BUFFER_BYTES (20 * SLICE_BYTES)

#define TELL_MS 60000 /* between two warnings of drops */

typedef struct change *read_datagram_fn(const struct wiki_names *names, const char *bytes,
                                        size_t length, enum drop_reason *reason);

struct udp_source;

/* One socket with the loop. */
struct udp_socket {
	uv_udp_t handle;
	struct udp_source *source;
};

struct udp_source {
	const struct source_env *env;
	read_datagram_fn *read;
	const struct conf_networks *allow;
	struct udp_options options;
	struct udp_sockets sockets;
	struct udp_socket handles[2];
	size_t handle_count;
	uint64_t kernel_drops; /* of these sockets, when last asked */
	uint64_t untold_drops; /* of those, since the log was told */
	uint64_t told_ms;      /* the log; 0: never */
	bool is_failing;       /* to receive; the log was told */
	char *buffer;
};

/* --- who may send ------------------------------------------------------- */

/* Of a socket in the file system that is what the mode of its file is for. */
static bool is_allowed(const struct udp_source *source, const struct sockaddr *from)
{
	struct sockaddr_in6 peer;

	if (source->allow->count == 0 || source->sockets.is_file) {
		return true;
	}
	peer_map(from, &peer);
	return peer_is_in(&peer, source->allow);
}

/* --- receiving ---------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *buffer)
{
	struct udp_socket *udp = handle->data;

	(void)suggested_size;
	*buffer = uv_buf_init(udp->source->buffer, BUFFER_BYTES);
}

static void take_datagram(struct udp_source *source, const char *bytes, size_t length,
                          const struct sockaddr *from, unsigned flags)
{
	const struct source_env *env = source->env;
	enum drop_reason reason = DROP_TRUNCATED;
	struct change *change = NULL;

	metric_add(&env->stats->received, 1);
	if (!is_allowed(source, from)) {
		reason = DROP_NOT_ALLOWED;
	} else if ((flags & UV_UDP_PARTIAL) == 0) {
		change = source->read(env->names, bytes, length, &reason);
	}
	if (change != NULL) {
		env->publish(env, change);
	} else {
		source_drop(env, reason);
	}
}

/* `from` is NULL when libuv has nothing to tell but that its buffer is free again. */
static void on_datagram(uv_udp_t *handle, ssize_t length, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
	struct udp_socket *udp = handle->data;

	if (length >= 0 && from != NULL) {
		take_datagram(udp->source, buffer->base, (size_t)length, from, flags);
	} else if (length < 0) {
		log_debug(&udp->source->env->log, "source.receive_failed", "%s",
		          uv_strerror((int)length));
	}
}

/* It is tried again after each pause: once is enough. */
static void tell_failure(struct udp_source *source, int status)
{
	if (!source->is_failing) {
		log_error(&source->env->log, "source.receive_failed", "%s", uv_strerror(status));
	}
	source->is_failing = true;
}

static void resume(void *source_pointer)
{
	struct udp_source *source = source_pointer;

	for (size_t i = 0; i < source->handle_count; i++) {
		int status = uv_udp_recv_start(&source->handles[i].handle, on_alloc, on_datagram);

		if (status != 0 && status != UV_EALREADY) {
			tell_failure(source, status);
		}
	}
}

static void pause_receiving(void *source_pointer)
{
	struct udp_source *source = source_pointer;

	for (size_t i = 0; i < source->handle_count; i++) {
		(void)uv_udp_recv_stop(&source->handles[i].handle);
	}
}

/* The kernel counts for each socket since it was opened, by whomever. */
static uint64_t count_kernel_drops(const struct udp_source *source)
{
	uint64_t drops = 0;

	for (size_t i = 0; i < source->handle_count; i++) {
		uv_os_fd_t descriptor;

		if (uv_fileno((uv_handle_t *)&source->handles[i].handle, &descriptor) == 0) {
			drops += socket_kernel_drops(descriptor);
		}
	}
	return drops;
}

/* Whoever floods a socket does it for hours: a line a minute, with the sum. */
static void tell_drops(struct udp_source *source)
{
	uint64_t now_ms = source->env->clock->now_ms;

	if (source->untold_drops == 0 ||
	    (source->told_ms != 0 && now_ms - source->told_ms < TELL_MS)) {
		return;
	}
	log_warn(&source->env->log, "source.kernel_drops",
	         "%llu datagrams dropped by the kernel, %llu in all: raise receive_buffer",
	         (unsigned long long)source->untold_drops,
	         (unsigned long long)metric_read(&source->env->stats->kernel_drops));
	source->untold_drops = 0;
	source->told_ms = now_ms;
}

static void observe(void *source_pointer)
{
	struct udp_source *source = source_pointer;
	uint64_t drops = count_kernel_drops(source);

	if (drops > source->kernel_drops) {
		metric_add(&source->env->stats->kernel_drops, drops - source->kernel_drops);
		source->untold_drops += drops - source->kernel_drops;
	}
	source->kernel_drops = drops;
	tell_drops(source);
}

/* --- life --------------------------------------------------------------- */

static void open_handle(struct udp_source *source, int descriptor)
{
	struct udp_socket *udp = &source->handles[source->handle_count++];

	require(uv_udp_init_ex(source->env->loop, &udp->handle, AF_UNSPEC | UV_UDP_RECVMMSG) == 0);
	require(uv_udp_open(&udp->handle, descriptor) == 0);
	udp->handle.data = udp;
	udp->source = source;
}

static void hand_over(void *source_pointer)
{
	struct udp_source *source = source_pointer;

	udp_sockets_hand_over(&source->sockets, source->env, &source->options);
}

static void stop(void *source_pointer)
{
	struct udp_source *source = source_pointer;

	for (size_t i = 0; i < source->handle_count; i++) {
		uv_close((uv_handle_t *)&source->handles[i].handle, NULL);
	}
	udp_sockets_remove(&source->sockets);
}

static void destroy(void *source_pointer)
{
	struct udp_source *source = source_pointer;

	if (source != NULL) {
		free(source->buffer);
		free(source);
	}
}

static void *start(const struct source_env *env, read_datagram_fn *read,
                   const struct udp_options *options, const struct conf_networks *allow,
                   struct error *error)
{
	struct udp_sockets sockets;
	struct udp_source *source;

	if (!udp_sockets_open(&sockets, env, options, error)) {
		return NULL;
	}
	source = mem_new(struct udp_source);
	source->env = env;
	source->read = read;
	source->allow = allow;
	source->options = *options;
	source->sockets = sockets;
	source->buffer = mem_resize(NULL, BUFFER_BYTES);
	for (size_t i = 0; i < sockets.count; i++) {
		open_handle(source, sockets.descriptors[i]);
	}
	source->kernel_drops = count_kernel_drops(source);
	metric_set(&env->stats->is_up, 1);
	resume(source);
	return source;
}

/* The two sections have the same keys. */
#define OPTIONS_OF(conf)                                                                  \
	{                                                                                 \
		.listen = &(conf)->listen, .mode = (conf)->mode, .join = &(conf)->join,   \
		.interface = (conf)->interface, .receive_buffer = (conf)->receive_buffer, \
	}

static void *start_rc2udp(const struct source_env *env, const struct conf_ingest *entry,
                          struct error *error)
{
	const struct conf_rc2udp *conf = &entry->as.rc2udp;
	struct udp_options options = OPTIONS_OF(conf);

	return start(env, rcfeed_irc_read, &options, &conf->allow, error);
}

static void *start_rcfeed_udp(const struct source_env *env, const struct conf_ingest *entry,
                              struct error *error)
{
	const struct conf_rcfeed_udp *conf = &entry->as.rcfeed_udp;
	struct udp_options options = OPTIONS_OF(conf);

	return start(env, rcfeed_json_read, &options, &conf->allow, error);
}

const struct source_type rc2udp_source = {
    .type = "rc2udp",
    .start = start_rc2udp,
    .pause = pause_receiving,
    .resume = resume,
    .observe = observe,
    .hand_over = hand_over,
    .stop = stop,
    .destroy = destroy,
};

const struct source_type rcfeed_udp_source = {
    .type = "rcfeed-udp",
    .start = start_rcfeed_udp,
    .pause = pause_receiving,
    .resume = resume,
    .observe = observe,
    .hand_over = hand_over,
    .stop = stop,
    .destroy = destroy,
};
