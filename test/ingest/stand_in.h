/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_INGEST_STAND_IN_H
#define TEST_INGEST_STAND_IN_H

#include <uv.h>

#include "server/base/buffer.h"
#include "test/ingest/rig.h"

/*
 * An HTTP server on the test's own loop: the n-th request, over whichever connection it
 * comes, is answered with the n-th text, and the last text answers all that follow.
 */
struct stand_in_answer {
	const char *bytes;
	bool is_held; /* the connection stays open behind it */
};

struct stand_in {
	uv_tcp_t listener;
	unsigned port;
	const struct stand_in_answer *answers;
	size_t answer_count;
	size_t requests;
	struct buffer heads; /* of all requests */
	struct stand_in_connection *connections;
};

struct stand_in_connection {
	uv_tcp_t handle;
	struct stand_in *owner;
	struct buffer head;
	char bytes[4096];
	uv_write_t write;
	struct stand_in_connection *next;
};

static inline void on_stand_in_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct stand_in_connection *connection = handle->data;

	(void)size;
	*buffer = uv_buf_init(connection->bytes, sizeof(connection->bytes));
}

static inline void on_stand_in_written(uv_write_t *write, int status)
{
	uv_handle_t *handle = (uv_handle_t *)write->handle;

	(void)status;
	if (write->data != NULL && !uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

static inline void stand_in_answer(struct stand_in_connection *connection)
{
	struct stand_in *server = connection->owner;
	size_t last = server->answer_count - 1;
	const struct stand_in_answer *answer =
	    &server->answers[server->requests < last ? server->requests : last];
	uv_buf_t buffer =
	    uv_buf_init((char *)(uintptr_t)answer->bytes, (unsigned)strlen(answer->bytes));

	server->requests++;
	buffer_append(&server->heads, connection->head.bytes, connection->head.length);
	buffer_clear(&connection->head);
	connection->write.data = answer->is_held ? NULL : connection;
	assert_int_equal(uv_write(&connection->write, (uv_stream_t *)&connection->handle, &buffer,
	                          1, on_stand_in_written),
	                 0);
}

static inline void on_stand_in_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct stand_in_connection *connection = stream->data;
	struct buffer *head = &connection->head;

	if (length > 0) {
		buffer_append(head, buffer->base, (size_t)length);
		if (memmem(head->bytes, head->length, "\r\n\r\n", 4) != NULL) {
			stand_in_answer(connection);
		}
	} else if (length < 0 && !uv_is_closing((uv_handle_t *)stream)) {
		uv_close((uv_handle_t *)stream, NULL);
	}
}

static inline void on_stand_in_client(uv_stream_t *listener, int status)
{
	struct stand_in *server = listener->data;
	struct stand_in_connection *connection = mem_new(struct stand_in_connection);

	assert_int_equal(status, 0);
	connection->owner = server;
	connection->next = server->connections;
	server->connections = connection;
	assert_int_equal(uv_tcp_init(listener->loop, &connection->handle), 0);
	connection->handle.data = connection;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&connection->handle), 0);
	assert_int_equal(
	    uv_read_start((uv_stream_t *)&connection->handle, on_stand_in_alloc, on_stand_in_read),
	    0);
}

/* Gives a server on a free port of 127.0.0.1; the answers are lent to it. */
static inline struct stand_in *stand_in_create(uv_loop_t *loop,
                                               const struct stand_in_answer *answers,
                                               size_t answer_count)
{
	struct stand_in *server = mem_new(struct stand_in);
	struct sockaddr_in address;
	int length = sizeof(address);

	server->answers = answers;
	server->answer_count = answer_count;
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_init(loop, &server->listener), 0);
	server->listener.data = server;
	assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 16, on_stand_in_client), 0);
	assert_int_equal(
	    uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &length), 0);
	server->port = ntohs(address.sin_port);
	return server;
}

/* Close what is open; the loop has to turn before stand_in_destroy(). */
static inline void stand_in_stop(struct stand_in *server)
{
	struct stand_in_connection *connection = server->connections;

	uv_close((uv_handle_t *)&server->listener, NULL);
	for (; connection != NULL; connection = connection->next) {
		if (!uv_is_closing((uv_handle_t *)&connection->handle)) {
			uv_close((uv_handle_t *)&connection->handle, NULL);
		}
	}
}

static inline void stand_in_destroy(struct stand_in *server)
{
	while (server->connections != NULL) {
		struct stand_in_connection *connection = server->connections;

		server->connections = connection->next;
		buffer_finish(&connection->head);
		free(connection);
	}
	buffer_finish(&server->heads);
	free(server);
}

/* Whether the heads of the requests so far hold this text. */
static inline bool stand_in_was_sent(const struct stand_in *server, const char *text)
{
	return server->heads.length > 0 &&
	       memmem(server->heads.bytes, server->heads.length, text, strlen(text)) != NULL;
}

#define STAND_IN_OK     "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define STAND_IN_STREAM STAND_IN_OK "\r\n"

#endif
