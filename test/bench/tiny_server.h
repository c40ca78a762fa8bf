/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IRC server of a few lines in a thread of its own, which hands on RC2UDP datagrams, well
 * or badly: for tests of the load.
 */
#ifndef TEST_BENCH_TINY_SERVER_H
#define TEST_BENCH_TINY_SERVER_H

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TINY_SERVER_CLIENTS_MAX 64
#define TINY_SERVER_FAULT_AT    7 /* the change, from 1, that a fault meets */

enum tiny_server_fault {
	TINY_SERVER_NO_FAULT,
	TINY_SERVER_LOSES, /* one change, for one client */
	TINY_SERVER_REPEATS,
	TINY_SERVER_SWAPS, /* a change and its successor */
	TINY_SERVER_CLOSES,
	TINY_SERVER_GREETS_NOBODY,
};

struct tiny_server {
	enum tiny_server_fault fault;
	int listener, datagrams, stop[2];
	uint16_t tcp, udp;
	pthread_t thread;
	int clients[TINY_SERVER_CLIENTS_MAX];
	size_t count;
	unsigned changes;
	char kept[2048]; /* the change that its successor overtakes */
};

static inline int tiny_server_bind(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int descriptor = socket(AF_INET, type, 0);

	assert_return_code(bind(descriptor, (struct sockaddr *)&address, length), errno);
	assert_return_code(getsockname(descriptor, (struct sockaddr *)&address, &length), errno);
	*port = ntohs(address.sin_port);
	return descriptor;
}

static inline void tiny_server_accept(struct tiny_server *server)
{
	static const char greeting[] = ":s 376 b :x\r\n:s 366 b #c :x\r\n";
	int client = accept(server->listener, NULL, NULL);

	if (client >= 0 && server->count < TINY_SERVER_CLIENTS_MAX) {
		server->clients[server->count++] = client;
		if (server->fault != TINY_SERVER_GREETS_NOBODY) {
			(void)send(client, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL);
		}
	}
}

static inline void tiny_server_send(const struct tiny_server *server, size_t client,
                                    const char *line)
{
	(void)send(server->clients[client], line, strlen(line), MSG_NOSIGNAL);
}

/* The fault is the first client's. */
static inline void tiny_server_misbehave(struct tiny_server *server, const char *line)
{
	switch (server->fault) {
	case TINY_SERVER_LOSES:
		break;
	case TINY_SERVER_REPEATS:
		tiny_server_send(server, 0, line);
		tiny_server_send(server, 0, line);
		break;
	case TINY_SERVER_SWAPS:
		(void)snprintf(server->kept, sizeof(server->kept), "%s", line);
		break;
	case TINY_SERVER_CLOSES:
		(void)shutdown(server->clients[0], SHUT_RDWR);
		break;
	default:
		tiny_server_send(server, 0, line);
		break;
	}
}

static inline void tiny_server_hand_on(struct tiny_server *server)
{
	char datagram[1024], line[2048];
	ssize_t length = recv(server->datagrams, datagram, sizeof(datagram), 0);
	const char *tab = length > 0 ? memchr(datagram, '\t', (size_t)length) : NULL;

	if (tab == NULL || server->count == 0) {
		return;
	}
	(void)snprintf(line, sizeof(line), ":b!b@s PRIVMSG #c :%.*s\r\n",
	               (int)(datagram + length - tab - 2), tab + 1);
	for (size_t i = 1; i < server->count; i++) {
		tiny_server_send(server, i, line);
	}
	if (++server->changes == TINY_SERVER_FAULT_AT) {
		tiny_server_misbehave(server, line);
	} else {
		tiny_server_send(server, 0, line);
		tiny_server_send(server, 0, server->kept);
		server->kept[0] = '\0';
	}
}

static inline void *tiny_server_run(void *argument)
{
	struct tiny_server *server = argument;
	struct pollfd sockets[] = {{.fd = server->stop[0], .events = POLLIN},
	                           {.fd = server->datagrams, .events = POLLIN},
	                           {.fd = server->listener, .events = POLLIN}};

	while (poll(sockets, 3, -1) > 0 && sockets[0].revents == 0) {
		if (sockets[1].revents != 0) {
			tiny_server_hand_on(server);
		}
		if (sockets[2].revents != 0) {
			tiny_server_accept(server);
		}
	}
	return NULL;
}

static inline void tiny_server_start(struct tiny_server *server, enum tiny_server_fault fault)
{
	*server = (struct tiny_server){.fault = fault};
	server->listener = tiny_server_bind(SOCK_STREAM, &server->tcp);
	server->datagrams = tiny_server_bind(SOCK_DGRAM, &server->udp);
	assert_return_code(listen(server->listener, TINY_SERVER_CLIENTS_MAX), errno);
	assert_return_code(pipe(server->stop), errno);
	assert_int_equal(pthread_create(&server->thread, NULL, tiny_server_run, server), 0);
}

static inline void tiny_server_stop(struct tiny_server *server)
{
	assert_int_equal(write(server->stop[1], "x", 1), 1);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	for (size_t i = 0; i < server->count; i++) {
		(void)close(server->clients[i]);
	}
	(void)close(server->listener);
	(void)close(server->datagrams);
	(void)close(server->stop[0]);
	(void)close(server->stop[1]);
}

#endif
