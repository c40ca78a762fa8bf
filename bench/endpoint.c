/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool look_up(struct endpoint *endpoint, const char *host, uint16_t port, int flags,
                    struct error *error)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICSERV | flags, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char service[8];
	int status;

	(void)snprintf(service, sizeof(service), "%u", (unsigned)port);
	status = getaddrinfo(host, service, &hints, &found);
	if (status != 0) {
		error_set(error, "%s: %s", host, gai_strerror(status));
		return false;
	}
	*endpoint = (struct endpoint){.length = found->ai_addrlen};
	memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

bool endpoint_resolve(struct endpoint *endpoint, const char *host, uint16_t port,
                      struct error *error)
{
	return look_up(endpoint, host, port, 0, error);
}

bool endpoint_local(struct endpoint *endpoint, const char *address, struct error *error)
{
	return look_up(endpoint, address, 0, AI_NUMERICHOST, error);
}

void endpoint_failed(const struct endpoint *server, int why, struct error *error)
{
	char host[NI_MAXHOST] = "?", service[NI_MAXSERV] = "?";

	(void)getnameinfo((const struct sockaddr *)&server->address, server->length, host,
	                  sizeof(host), service, sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
	if (why == EADDRNOTAVAIL) {
		error_set(error,
		          "%s port %s: no local port is left: give more addresses with --from",
		          host, service);
	} else {
		error_set(error, "%s port %s: %s", host, service, strerror(why));
	}
}

/* The kernel chooses a port when it knows both ends: one for each pair of addresses. */
static bool bind_to(int descriptor, const struct endpoint *from)
{
	int on = 1;

	return setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == 0 &&
	       bind(descriptor, (const struct sockaddr *)&from->address, from->length) == 0;
}

int endpoint_connect(const struct endpoint *server, const struct endpoint *from, int type,
                     struct error *error)
{
	int blocking = type == SOCK_STREAM ? SOCK_NONBLOCK : 0, on = 1;
	int descriptor = socket(server->address.ss_family, type | blocking | SOCK_CLOEXEC, 0);

	if (descriptor < 0) {
		endpoint_failed(server, errno, error);
		return -1;
	}
	if (type == SOCK_STREAM) {
		(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (from != NULL && !bind_to(descriptor, from)) {
		endpoint_failed(from, errno, error);
	} else if (connect(descriptor, (const struct sockaddr *)&server->address, server->length) ==
	               0 ||
	           errno == EINPROGRESS) {
		return descriptor;
	} else {
		endpoint_failed(server, errno, error);
	}
	(void)close(descriptor);
	return -1;
}
