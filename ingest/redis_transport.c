/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve ─> connect ─> (TLS handshake) ─> open
 *               ^ │ failed: close the handle, try the next address
 *               └─┘
 *
 * The object lives until the handle is closed and the resolver, which cannot always be
 * stopped, has answered.
 */
#include "ingest/redis_transport.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

/* libuv fills up to 32 of them in a turn: some 500 changes, so that the loop goes round. */
#define READ_BYTES (16 * 1024)

struct redis_transport {
	uv_loop_t *loop;
	const struct redis_transport_events *events;
	void *owner;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} as;
	uv_getaddrinfo_t resolution;
	uv_connect_t connection;
	struct addrinfo *addresses; /* resolved, ours to free */
	struct addrinfo *next;      /* to try */
	struct redis_tls *tls;      /* NULL: none */
	bool is_resolving;
	bool has_handle; /* not closed yet */
	bool is_connected;
	bool is_open; /* the owner was told */
	bool is_paused;
	bool is_lost;   /* the owner was told */
	bool is_closed; /* by the owner */
	char bytes[READ_BYTES];
	char plain[READ_BYTES];
};

struct sending {
	uv_write_t request;
	char *bytes;
};

/* --- end ---------------------------------------------------------------- */

static void free_when_done(struct redis_transport *transport)
{
	if (transport->is_closed && !transport->has_handle && !transport->is_resolving) {
		uv_freeaddrinfo(transport->addresses);
		redis_tls_destroy(transport->tls);
		free(transport);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct redis_transport *transport = handle->data;

	transport->has_handle = false;
	free_when_done(transport);
}

void redis_transport_close(struct redis_transport *transport)
{
	transport->is_closed = true;
	if (transport->is_resolving) {
		(void)uv_cancel((uv_req_t *)&transport->resolution);
	}
	if (transport->has_handle && !uv_is_closing(&transport->as.handle)) {
		uv_close(&transport->as.handle, on_closed);
	}
	free_when_done(transport);
}

static void lose(struct redis_transport *transport, const char *why)
{
	if (!transport->is_closed && !transport->is_lost) {
		transport->is_lost = true;
		transport->events->on_lost(transport->owner, why);
	}
}

/* --- sending ------------------------------------------------------------ */

/* What could not be sent shows in reading too, or in the silence that follows. */
static void on_sent(uv_write_t *request, int status)
{
	struct sending *sending = (struct sending *)(void *)request;

	(void)status;
	free(sending->bytes);
	free(sending);
}

/* Takes what is in the buffer, and empties it. */
static void send_buffer(struct redis_transport *transport, struct buffer *bytes)
{
	struct sending *sending = mem_new(struct sending);
	size_t length;
	uv_buf_t buffer;

	sending->bytes = buffer_take(bytes, &length);
	buffer = uv_buf_init(sending->bytes, (unsigned)length);
	if (length == 0 ||
	    uv_write(&sending->request, &transport->as.stream, &buffer, 1, on_sent) != 0) {
		on_sent(&sending->request, 0);
	}
}

static void flush_tls(struct redis_transport *transport)
{
	struct buffer bytes = {0};

	redis_tls_take(transport->tls, &bytes);
	send_buffer(transport, &bytes);
}

void redis_transport_send(struct redis_transport *transport, const char *bytes, size_t length)
{
	require(transport->is_open);
	if (transport->tls != NULL) {
		redis_tls_write(transport->tls, bytes, length);
		flush_tls(transport);
	} else {
		struct buffer copy = {0};

		buffer_append(&copy, bytes, length);
		send_buffer(transport, &copy);
	}
}

/* --- receiving ---------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *buffer)
{
	struct redis_transport *transport = handle->data;

	(void)suggested_size;
	*buffer = uv_buf_init(transport->bytes, READ_BYTES);
}

static void become_open(struct redis_transport *transport)
{
	transport->is_open = true;
	transport->events->on_open(transport->owner);
}

static void take_tls(struct redis_transport *transport, const char *bytes, size_t length)
{
	struct error error = {""};
	size_t plain = 1;
	bool is_good = redis_tls_feed(transport->tls, bytes, length, &error);

	flush_tls(transport);
	if (is_good && !transport->is_open && redis_tls_is_open(transport->tls)) {
		become_open(transport);
	}
	while (is_good && plain > 0 && !transport->is_closed) {
		is_good =
		    redis_tls_read(transport->tls, transport->plain, READ_BYTES, &plain, &error);
		if (plain > 0) {
			transport->events->on_bytes(transport->owner, transport->plain, plain);
		}
	}
	if (!is_good) {
		lose(transport, error.text);
	}
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct redis_transport *transport = stream->data;

	if (length == UV_EOF) {
		lose(transport, "the server closed the connection");
	} else if (length < 0) {
		lose(transport, uv_strerror((int)length));
	} else if (length > 0 && transport->tls != NULL) {
		take_tls(transport, buffer->base, (size_t)length);
	} else if (length > 0) {
		transport->events->on_bytes(transport->owner, buffer->base, (size_t)length);
	}
}

void redis_transport_pause(struct redis_transport *transport)
{
	transport->is_paused = true;
	if (transport->is_connected) {
		(void)uv_read_stop(&transport->as.stream);
	}
}

void redis_transport_resume(struct redis_transport *transport)
{
	transport->is_paused = false;
	if (transport->is_connected) {
		(void)uv_read_start(&transport->as.stream, on_alloc, on_read);
	}
}

/* --- connecting --------------------------------------------------------- */

static void connect_next(struct redis_transport *transport);

static void on_closed_to_retry(uv_handle_t *handle)
{
	struct redis_transport *transport = handle->data;

	transport->has_handle = false;
	if (transport->is_closed) {
		free_when_done(transport);
	} else {
		connect_next(transport);
	}
}

static void on_connect(uv_connect_t *request, int status)
{
	struct redis_transport *transport = request->data;

	if (transport->is_closed) {
		return;
	}
	if (status != 0 && transport->next != NULL) {
		uv_close(&transport->as.handle, on_closed_to_retry);
		return;
	}
	if (status != 0) {
		lose(transport, uv_strerror(status));
		return;
	}
	transport->is_connected = true;
	if (!transport->is_paused) {
		redis_transport_resume(transport);
	}
	if (transport->tls != NULL) {
		flush_tls(transport);
	} else {
		become_open(transport);
	}
}

static void connect_next(struct redis_transport *transport)
{
	const struct addrinfo *address = transport->next;
	int status;

	transport->next = address->ai_next;
	require(uv_tcp_init(transport->loop, &transport->as.tcp) == 0);
	transport->as.handle.data = transport;
	transport->has_handle = true;
	(void)uv_tcp_nodelay(&transport->as.tcp, 1);
	status = uv_tcp_connect(&transport->connection, &transport->as.tcp, address->ai_addr,
	                        on_connect);
	if (status != 0) {
		on_connect(&transport->connection, status);
	}
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct redis_transport *transport = request->data;

	transport->is_resolving = false;
	transport->addresses = addresses;
	transport->next = addresses;
	if (transport->is_closed) {
		free_when_done(transport);
	} else if (status != 0 || addresses == NULL) {
		lose(transport, uv_strerror(status != 0 ? status : UV_EAI_NONAME));
	} else {
		connect_next(transport);
	}
}

static void resolve(struct redis_transport *transport, const struct conf_redis_url *url)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", url->port);
	transport->resolution.data = transport;
	transport->is_resolving = true;
	require(uv_getaddrinfo(transport->loop, &transport->resolution, on_resolved, url->host,
	                       port, &hints) == 0);
}

static void connect_path(struct redis_transport *transport, const char *path)
{
	require(uv_pipe_init(transport->loop, &transport->as.pipe, 0) == 0);
	transport->as.handle.data = transport;
	transport->has_handle = true;
	uv_pipe_connect(&transport->connection, &transport->as.pipe, path, on_connect);
}

struct redis_transport *redis_transport_open(const struct redis_transport_options *options,
                                             const struct redis_transport_events *events,
                                             void *owner)
{
	struct redis_transport *transport = mem_new(struct redis_transport);

	transport->loop = options->loop;
	transport->events = events;
	transport->owner = owner;
	transport->connection.data = transport;
	if (options->url->path != NULL) {
		connect_path(transport, options->url->path);
	} else {
		if (options->tls != NULL) {
			transport->tls = redis_tls_create(options->tls, options->url->host);
		}
		resolve(transport, options->url);
	}
	return transport;
}
