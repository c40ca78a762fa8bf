/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/listener.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/base/memory.h"

/* Clients that may wait to be accepted; the kernel cuts it at net.core.somaxconn. */
#define BACKLOG 4096

struct listener {
	uv_tcp_t handle;
	struct net *net;
	on_connection_fn *on_connection;
	void *owner;
};

static void on_client(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;
	struct connection *connection;

	/* A failure (out of descriptors, a client gone already) is libuv's to get over. */
	if (status != 0) {
		return;
	}
	connection = connection_accept(listener->net, stream);
	if (connection != NULL) {
		listener->on_connection(listener->owner, connection);
	}
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct listener *listener_open(struct net *net, int descriptor, on_connection_fn *on_connection,
                               void *owner, struct error *error)
{
	struct listener *listener = mem_new(struct listener);
	int status;

	listener->net = net;
	listener->on_connection = on_connection;
	listener->owner = owner;
	require(uv_tcp_init(net->loop, &listener->handle) == 0);
	listener->handle.data = listener;
	status = uv_tcp_open(&listener->handle, descriptor);
	if (status != 0) {
		(void)close(descriptor);
	} else {
		status = uv_listen((uv_stream_t *)&listener->handle, BACKLOG, on_client);
	}
	if (status != 0) {
		error_set(error, "cannot listen: %s", uv_strerror(status));
		listener_close(listener);
		return NULL;
	}
	return listener;
}

void listener_close(struct listener *listener)
{
	uv_close((uv_handle_t *)&listener->handle, on_closed);
}
