/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void set_ipv4(struct socket_name *name, struct in_addr address, unsigned port)
{
	struct sockaddr_in ipv4 = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = address};

	memset(name, 0, sizeof(*name));
	memcpy(&name->address, &ipv4, sizeof(ipv4));
	name->length = sizeof(ipv4);
}

static void set_ipv6(struct socket_name *name, struct in6_addr address, unsigned port)
{
	struct sockaddr_in6 ipv6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = address};

	memset(name, 0, sizeof(*name));
	memcpy(&name->address, &ipv6, sizeof(ipv6));
	name->length = sizeof(ipv6);
}

static bool has_ipv6_loopback(void)
{
	struct socket_name name;
	int descriptor = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has;

	if (descriptor < 0) {
		return false;
	}
	set_ipv6(&name, in6addr_loopback, 0);
	has = bind(descriptor, (struct sockaddr *)&name.address, name.length) == 0;
	(void)close(descriptor);
	return has;
}

size_t socket_resolve(const char *host, unsigned port, struct socket_name names[2],
                      struct error *error)
{
	struct in_addr ipv4 = {.s_addr = htonl(INADDR_LOOPBACK)};
	struct in6_addr ipv6;

	if (strcmp(host, "localhost") == 0) {
		set_ipv4(&names[0], ipv4, port);
		if (!has_ipv6_loopback()) {
			return 1;
		}
		set_ipv6(&names[1], in6addr_loopback, port);
		return 2;
	}
	if (inet_pton(AF_INET, host, &ipv4) == 1) {
		set_ipv4(&names[0], ipv4, port);
		return 1;
	}
	if (inet_pton(AF_INET6, host, &ipv6) == 1) {
		set_ipv6(&names[0], ipv6, port);
		return 1;
	}
	error_set(error, "\"%s\" is not an address (want IPv4, [IPv6] or localhost)", host);
	return 0;
}

const char *socket_name_text(const struct socket_name *name, char text[SOCKET_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (name->address.ss_family == AF_INET) {
		struct sockaddr_in ipv4;

		memcpy(&ipv4, &name->address, sizeof(ipv4));
		(void)inet_ntop(AF_INET, &ipv4.sin_addr, host, sizeof(host));
		(void)snprintf(text, SOCKET_TEXT_MAX, "%s:%u", host, ntohs(ipv4.sin_port));
	} else {
		struct sockaddr_in6 ipv6;

		memcpy(&ipv6, &name->address, sizeof(ipv6));
		(void)inet_ntop(AF_INET6, &ipv6.sin6_addr, host, sizeof(host));
		(void)snprintf(text, SOCKET_TEXT_MAX, "[%s]:%u", host, ntohs(ipv6.sin6_port));
	}
	return text;
}

static bool is_port(in_port_t port, in_port_t wanted, bool any_port)
{
	return port == wanted || (any_port && wanted == 0);
}

bool socket_name_equals(const struct socket_name *name, const struct socket_name *wanted,
                        bool any_port)
{
	if (name->address.ss_family != wanted->address.ss_family) {
		return false;
	}
	if (name->address.ss_family == AF_INET) {
		struct sockaddr_in one, other;

		memcpy(&one, &name->address, sizeof(one));
		memcpy(&other, &wanted->address, sizeof(other));
		return one.sin_addr.s_addr == other.sin_addr.s_addr &&
		       is_port(one.sin_port, other.sin_port, any_port);
	}
	if (name->address.ss_family == AF_INET6) {
		struct sockaddr_in6 one, other;

		memcpy(&one, &name->address, sizeof(one));
		memcpy(&other, &wanted->address, sizeof(other));
		return memcmp(&one.sin6_addr, &other.sin6_addr, sizeof(one.sin6_addr)) == 0 &&
		       is_port(one.sin6_port, other.sin6_port, any_port);
	}
	return false;
}

static void set_flag(int descriptor, int level, int option, int value)
{
	(void)setsockopt(descriptor, level, option, &value, sizeof(value));
}

static void close_keeping_errno(int descriptor)
{
	int cause = errno;

	(void)close(descriptor);
	errno = cause;
}

/* Give a descriptor bound to `name`, which gets the port; -1 with errno set. */
static int bind_one(struct socket_name *name, int kind, bool is_shared)
{
	int descriptor = socket(name->address.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(name->address);

	if (descriptor < 0) {
		return -1;
	}
	if (name->address.ss_family == AF_INET6) {
		set_flag(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	}
	if (kind == SOCK_STREAM) {
		set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
	}
	if (is_shared) {
		set_flag(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
	}
	if (bind(descriptor, (struct sockaddr *)&name->address, name->length) != 0 ||
	    getsockname(descriptor, (struct sockaddr *)&name->address, &length) != 0) {
		close_keeping_errno(descriptor);
		return -1;
	}
	return descriptor;
}

/* Say why; `cause` is the errno of what failed. */
static void set_bind_error(struct error *error, const struct socket_name *name, int cause)
{
	char text[SOCKET_TEXT_MAX];

	(void)socket_name_text(name, text);
	if (cause == EADDRINUSE) {
		error_set(error, "%s is in use", text);
	} else {
		error_set(error, "cannot bind %s: %s", text, strerror(cause));
	}
}

/*
 * The first of a group listens before it lets others in: until it does, SO_REUSEADDR
 * lets anyone bind beside it.
 */
static int bind_in_group(struct socket_name *name, bool is_first)
{
	int descriptor = bind_one(name, SOCK_STREAM, !is_first);

	if (descriptor >= 0 && is_first) {
		if (listen(descriptor, SOMAXCONN) != 0) {
			close_keeping_errno(descriptor);
			return -1;
		}
		set_flag(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
	}
	return descriptor;
}

bool socket_bind_group(struct socket_name *name, int *descriptors, size_t count,
                       struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		descriptors[i] = bind_in_group(name, i == 0);
		if (descriptors[i] < 0) {
			set_bind_error(error, name, errno);
			while (i > 0) {
				(void)close(descriptors[--i]);
			}
			return false;
		}
	}
	return true;
}

size_t socket_set_receive_buffer(int descriptor, size_t receive_buffer, bool is_set)
{
	int size = receive_buffer > INT32_MAX ? INT32_MAX : (int)receive_buffer;
	socklen_t length = sizeof(size);

	/* FORCE goes past net.core.rmem_max and wants CAP_NET_ADMIN. */
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0 &&
	    !is_set) {
		(void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	if (getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, &length) != 0) {
		return 0;
	}
	return (size_t)size / 2; /* the kernel doubles it for its own bookkeeping, socket(7) */
}

int socket_bind_datagram(struct socket_name *name, struct error *error)
{
	int descriptor = bind_one(name, SOCK_DGRAM, false);

	if (descriptor < 0) {
		set_bind_error(error, name, errno);
	}
	return descriptor;
}

/* Linux joins on a wildcard IPv6 socket for both families. */
static struct group_req group_request(const struct in6_addr *group, unsigned interface_index)
{
	struct group_req request = {.gr_interface = interface_index};
	struct socket_name name;
	struct in_addr ipv4;

	if (IN6_IS_ADDR_V4MAPPED(group)) {
		memcpy(&ipv4, &group->s6_addr[12], sizeof(ipv4));
		set_ipv4(&name, ipv4, 0);
	} else {
		set_ipv6(&name, *group, 0);
	}
	request.gr_group = name.address;
	return request;
}

static int group_level(const struct in6_addr *group)
{
	return IN6_IS_ADDR_V4MAPPED(group) ? IPPROTO_IP : IPPROTO_IPV6;
}

bool socket_join_group(int descriptor, const struct in6_addr *group, unsigned interface_index,
                       struct error *error)
{
	struct group_req request = group_request(group, interface_index);
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(group);
	char text[INET6_ADDRSTRLEN];

	set_flag(descriptor, group_level(group), is_ipv4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL,
	         0);
	/* EADDRINUSE: a socket that was held had joined before. */
	if (setsockopt(descriptor, group_level(group), MCAST_JOIN_GROUP, &request,
	               sizeof(request)) != 0 &&
	    errno != EADDRINUSE) {
		int cause = errno;

		(void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
		                is_ipv4 ? (const void *)&group->s6_addr[12] : (const void *)group,
		                text, sizeof(text));
		error_set(error, "cannot join %s: %s", text, strerror(cause));
		return false;
	}
	return true;
}

void socket_leave_group(int descriptor, const struct in6_addr *group, unsigned interface_index)
{
	struct group_req request = group_request(group, interface_index);

	(void)setsockopt(descriptor, group_level(group), MCAST_LEAVE_GROUP, &request,
	                 sizeof(request));
}

unsigned socket_kernel_drops(int descriptor)
{
	uint32_t figures[SK_MEMINFO_VARS] = {0};
	socklen_t length = sizeof(figures);

	if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, figures, &length) != 0) {
		return 0;
	}
	return figures[SK_MEMINFO_DROPS];
}
