/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the least a program can do that hands one datagram to many sockets,
 * for rcstreamd's cost to be measured against.  It knows no protocol: whoever
 * connects is told at once all that rcstream-bench waits for, and gets every change
 * from there on; what clients say is never read.
 *
 * usage: bench_floor each|batch irc|websocket|sse
 *
 * "each" reads a datagram and calls write() once for every client; "batch" takes
 * all datagrams that are there, and calls write() once for every client and batch.
 * Prints "tcp PORT" and "udp PORT", and runs until it is killed.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/buffer.h"
#include "server/base/memory.h"

#define CLIENTS_MAX  20000
#define BATCH_MAX    256
#define DATAGRAM_MAX 65536
#define SOCKET_BYTES (4 << 20) /* a window of rcstream-bench fits: no write is ever short */

struct format {
	const char *name;
	const char *greeting; /* every answer that a client of this protocol waits for */
	void (*render)(const char *datagram, size_t length, struct buffer *out);
};

struct floor {
	const struct format *format;
	size_t batch_max;
	int listener;
	int datagrams;
	int *clients;
	size_t client_count;
	struct buffer out;
};

/* "#channel TAB text LF" */
static void render_irc(const char *datagram, size_t length, struct buffer *out)
{
	const char *tab = memchr(datagram, '\t', length);
	size_t channel = tab != NULL ? (size_t)(tab - datagram) : length;
	size_t text = length - channel > 2 ? length - channel - 2 : 0;

	buffer_append_text(out, ":b!b@s PRIVMSG ");
	buffer_append(out, datagram, channel);
	buffer_append_text(out, " :");
	buffer_append(out, datagram + channel + 1, text);
	buffer_append_text(out, "\r\n");
}

/* The packet in a text frame, whose length takes 16 bits (RFC 6455, 5.2). */
static void render_websocket(const char *datagram, size_t length, struct buffer *out)
{
	static const char before[] = "5::/rc:{\"args\":[", behind[] = "],\"name\":\"change\"}";
	size_t payload = sizeof(before) - 1 + length + sizeof(behind) - 1;

	buffer_append_text(out, "\x81\x7e");
	buffer_append_byte(out, (char)(payload >> 8));
	buffer_append_byte(out, (char)payload);
	buffer_append_text(out, before);
	buffer_append(out, datagram, length);
	buffer_append_text(out, behind);
}

/* The JSON as an event's data (the HTML standard, 9.2). */
static void render_sse(const char *datagram, size_t length, struct buffer *out)
{
	buffer_append_text(out, "event: message\ndata: ");
	buffer_append(out, datagram, length);
	buffer_append_text(out, "\n\n");
}

static const struct format formats[] = {
    {"irc", ":s 376 b :x\r\n:s 366 b #c :x\r\n", render_irc},
    {"websocket",
     "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nb:60:60:websocket"
     "HTTP/1.1 101 Switching Protocols\r\n\r\n"
     "\x81\x03"
     "1::"
     "\x81\x0f"
     "6::/rc:1+[null]",
     render_websocket},
    {"sse", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", render_sse},
};

static void must(int result, const char *what)
{
	if (result < 0) {
		err(1, "%s", what);
	}
}

/* Gives a socket on a free port of 127.0.0.1, and tells which. */
static int bind_loopback(int type, const char *name)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int descriptor = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	must(descriptor, "socket");
	must(bind(descriptor, (struct sockaddr *)&address, length), "bind");
	must(getsockname(descriptor, (struct sockaddr *)&address, &length), "getsockname");
	printf("%s %u\n", name, (unsigned)ntohs(address.sin_port));
	return descriptor;
}

static void set_option(int descriptor, int level, int option, int value)
{
	must(setsockopt(descriptor, level, option, &value, sizeof(value)), "setsockopt");
}

static void write_whole(int client, const char *bytes, size_t length)
{
	ssize_t written = write(client, bytes, length);

	if (written >= 0 && (size_t)written < length) {
		errx(1, "a write was short: the window is too wide for a floor without queues");
	}
	if (written < 0 && errno != EPIPE && errno != ECONNRESET) {
		err(1, "write");
	}
}

static void accept_clients(struct floor *floor)
{
	int client;

	while ((client = accept4(floor->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (floor->client_count == CLIENTS_MAX) {
			errx(1, "more than %d clients", CLIENTS_MAX);
		}
		set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
		set_option(client, SOL_SOCKET, SO_SNDBUF, SOCKET_BYTES);
		write_whole(client, floor->format->greeting, strlen(floor->format->greeting));
		floor->clients[floor->client_count++] = client;
	}
}

static void pass_on(struct floor *floor)
{
	char datagram[DATAGRAM_MAX];
	ssize_t length;

	buffer_clear(&floor->out);
	for (size_t i = 0; i < floor->batch_max; i++) {
		length = recv(floor->datagrams, datagram, sizeof(datagram), 0);
		if (length < 0) {
			break;
		}
		floor->format->render(datagram, (size_t)length, &floor->out);
	}
	for (size_t i = 0; i < floor->client_count; i++) {
		write_whole(floor->clients[i], floor->out.bytes, floor->out.length);
	}
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			return &formats[i];
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct floor floor = {.format = argc == 3 ? find_format(argv[2]) : NULL};
	struct pollfd sockets[2] = {{.events = POLLIN}, {.events = POLLIN}};

	if (floor.format == NULL) {
		errx(2, "usage: bench_floor each|batch irc|websocket|sse");
	}
	floor.batch_max = strcmp(argv[1], "batch") == 0 ? BATCH_MAX : 1;
	floor.clients = mem_zeroed(CLIENTS_MAX * sizeof(floor.clients[0]));
	floor.listener = bind_loopback(SOCK_STREAM, "tcp");
	floor.datagrams = bind_loopback(SOCK_DGRAM, "udp");
	must(listen(floor.listener, SOMAXCONN), "listen");
	set_option(floor.datagrams, SOL_SOCKET, SO_RCVBUF, SOCKET_BYTES);
	sockets[0].fd = floor.datagrams;
	sockets[1].fd = floor.listener;
	must(fflush(stdout), "stdout");
	while (poll(sockets, 2, -1) > 0) {
		/* A change that came before a client did is not for it. */
		if (sockets[0].revents != 0) {
			pass_on(&floor);
		}
		if (sockets[1].revents != 0) {
			accept_clients(&floor);
		}
	}
	err(1, "poll");
}
