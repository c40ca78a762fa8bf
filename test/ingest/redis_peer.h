/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_INGEST_REDIS_PEER_H
#define TEST_INGEST_REDIS_PEER_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "test/ingest/rig.h"

/*
 * The other end of a Redis source: a socket that the test itself accepts, reads and writes,
 * while the rig's loop turns.
 */
struct redis_peer {
	struct rig *rig;
	int listener;
	int connection; /* -1: none */
	unsigned port;
	char received[65536];
	size_t length;
};

/* Listens on a free port of 127.0.0.1. */
static inline void redis_peer_init(struct redis_peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	*peer = (struct redis_peer){.connection = -1};
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(peer->listener >= 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(peer->listener, 8), 0);
	assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
	peer->port = ntohs(address.sin_port);
}

/* Starts the source of an entry in YAML, PORT being the peer's. */
static inline void redis_peer_start(struct redis_peer *peer, const char *entry)
{
	const char *hole = strstr(entry, "PORT");
	struct error error = {""};
	char text[1024];

	redis_peer_init(peer);
	assert_non_null(hole);
	(void)snprintf(text, sizeof(text), "%.*s%u%s", (int)(hole - entry), entry, peer->port,
	               hole + strlen("PORT"));
	peer->rig = rig_create(text);
	if (!rig_start(peer->rig, &error)) {
		fail_msg("%s", error.text);
	}
}

static inline void redis_peer_close(struct redis_peer *peer)
{
	if (peer->connection >= 0) {
		(void)close(peer->connection);
	}
	peer->connection = -1;
	peer->length = 0;
}

static inline void redis_peer_finish(struct redis_peer *peer)
{
	redis_peer_close(peer);
	(void)close(peer->listener);
	if (peer->rig != NULL) {
		rig_destroy(peer->rig);
	}
}

/* Turn the loop until the source has connected (once more). */
static inline void redis_peer_accept(struct redis_peer *peer)
{
	redis_peer_close(peer);
	for (unsigned i = 0; i < 5000 && peer->connection < 0; i++) {
		(void)uv_run(&peer->rig->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
		peer->connection = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK);
	}
	assert_true(peer->connection >= 0);
}

/* Turn the loop until the source has sent the bytes, and nothing else. */
static inline void redis_peer_expect(struct redis_peer *peer, const char *bytes)
{
	size_t wanted = strlen(bytes);

	for (unsigned i = 0; i < 5000 && peer->length < wanted; i++) {
		ssize_t got;

		(void)uv_run(&peer->rig->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
		got = read(peer->connection, peer->received + peer->length,
		           sizeof(peer->received) - 1 - peer->length);
		peer->length += got > 0 ? (size_t)got : 0;
	}
	peer->received[peer->length] = '\0';
	assert_string_equal(peer->received, bytes);
	peer->length = 0;
}

/* The source has sent nothing more. */
static inline void redis_peer_expect_nothing(struct redis_peer *peer)
{
	ssize_t got = read(peer->connection, peer->received, sizeof(peer->received));

	assert_true(got < 0 && errno == EAGAIN);
}

static inline void redis_peer_send_bytes(struct redis_peer *peer, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(peer->connection, bytes, length, MSG_NOSIGNAL);

		assert_true(sent > 0 || errno == EAGAIN);
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
		(void)uv_run(&peer->rig->loop, UV_RUN_NOWAIT);
	}
}

static inline void redis_peer_send(struct redis_peer *peer, const char *bytes)
{
	redis_peer_send_bytes(peer, bytes, strlen(bytes));
}

/* Turn the loop for a while. */
static inline void redis_peer_turn(struct redis_peer *peer, unsigned ms)
{
	rig_turn(peer->rig, ms, SIZE_MAX);
}

/* Turn the loop until the source has closed the connection. */
static inline void redis_peer_expect_closed(struct redis_peer *peer)
{
	char bytes[4096];
	ssize_t got = -1;

	for (unsigned i = 0; i < 5000 && got != 0; i++) {
		(void)uv_run(&peer->rig->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
		got = read(peer->connection, bytes, sizeof(bytes));
		if (got < 0 && errno == ECONNRESET) {
			got = 0;
		}
	}
	assert_int_equal(got, 0);
}

/* Whether the source comes to be up, or down. */
static inline void redis_peer_expect_up(struct redis_peer *peer, bool is_up)
{
	for (unsigned i = 0; i < 5000 && metric_read(&peer->rig->stats.is_up) != is_up; i++) {
		(void)uv_run(&peer->rig->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	assert_int_equal(metric_read(&peer->rig->stats.is_up), is_up);
}

#endif
