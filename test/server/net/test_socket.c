/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/socket: bound sockets from addresses as the configuration writes them. */
#include "server/net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GROUP 4

static struct socket_name resolve(const char *host, unsigned port)
{
	struct socket_name names[2];
	struct error error = {""};

	assert_int_equal(socket_resolve(host, port, names, &error), 1);
	return names[0];
}

static unsigned port_of(const struct socket_name *name)
{
	char text[SOCKET_TEXT_MAX];

	return (unsigned)strtoul(strrchr(socket_name_text(name, text), ':') + 1, NULL, 10);
}

static int connect_to(const struct socket_name *name)
{
	int descriptor = socket(name->address.ss_family, SOCK_STREAM, 0);

	assert_true(descriptor >= 0);
	assert_int_equal(connect(descriptor, (const struct sockaddr *)&name->address, name->length),
	                 0);
	return descriptor;
}

static void close_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(close(descriptors[i]), 0);
	}
}

static void listen_all(const int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(listen(descriptors[i], 4096), 0);
	}
}

/* socket.h: numeric hosts as they are; "localhost" is loopback in both families. */
static void test_socket_resolves_what_the_configuration_writes(void **state)
{
	static const char *const texts[][2] = {
	    {"127.0.0.1", "127.0.0.1:6667"},
	    {"0.0.0.0", "0.0.0.0:6667"},
	    {"::", "[::]:6667"},
	    {"::1", "[::1]:6667"},
	    {"2001:db8::1", "[2001:db8::1]:6667"},
	};
	struct socket_name names[2];
	char text[SOCKET_TEXT_MAX];
	struct error error;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		names[0] = resolve(texts[i][0], 6667);
		assert_string_equal(socket_name_text(&names[0], text), texts[i][1]);
	}
	count = socket_resolve("localhost", 6667, names, &error);
	assert_in_range(count, 1, 2);
	assert_string_equal(socket_name_text(&names[0], text), "127.0.0.1:6667");
	if (count == 2) {
		assert_string_equal(socket_name_text(&names[1], text), "[::1]:6667");
	}
}

/* socket.h: no names are looked up; what is no address is told with what is wanted. */
static void test_socket_refuses_what_is_no_address(void **state)
{
	static const char *const hosts[] = {"",      "example.org", "127.0.0.256", "127.1",
	                                    "[::1]", "::1%lo",      "LOCALHOST"};
	struct socket_name names[2];
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		error.text[0] = '\0';
		assert_int_equal(socket_resolve(hosts[i], 1, names, &error), 0);
		assert_non_null(strstr(error.text, hosts[i]));
		assert_non_null(strstr(error.text, "is not an address (want "));
	}
}

/* socket.h: with port 0 all of a group get the same free port, which is written to the name. */
static void test_socket_group_shares_one_port(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	struct socket_name own = {.length = sizeof(own.address)};
	int descriptors[GROUP];
	struct error error;

	(void)state;
	assert_true(socket_bind_group(&name, descriptors, GROUP, &error));
	assert_int_not_equal(port_of(&name), 0);
	for (size_t i = 0; i < GROUP; i++) {
		assert_int_equal(
		    getsockname(descriptors[i], (struct sockaddr *)&own.address, &own.length), 0);
		assert_int_equal(port_of(&own), port_of(&name));
		assert_true((fcntl(descriptors[i], F_GETFD) & FD_CLOEXEC) != 0);
		assert_true((fcntl(descriptors[i], F_GETFL) & O_NONBLOCK) != 0);
	}
	close_all(descriptors, GROUP);
}

/* socket.h: the group shares its clients: with 200 of them none of four goes without (4 *
 * 0.75^200). */
static void test_socket_group_shares_its_clients(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	int descriptors[GROUP];
	int clients[200];
	struct error error;

	(void)state;
	assert_true(socket_bind_group(&name, descriptors, GROUP, &error));
	listen_all(descriptors, GROUP);
	for (size_t i = 0; i < 200; i++) {
		clients[i] = connect_to(&name);
	}
	for (size_t i = 0; i < GROUP; i++) {
		int accepted = accept(descriptors[i], NULL, NULL);

		assert_true(accepted >= 0);
		assert_int_equal(close(accepted), 0);
	}
	close_all(clients, 200);
	close_all(descriptors, GROUP);
}

static void assert_in_use(const char *host, unsigned port)
{
	struct socket_name name = resolve(host, port);
	char text[SOCKET_TEXT_MAX];
	int descriptors[GROUP];
	struct error error = {""};

	assert_false(socket_bind_group(&name, descriptors, GROUP, &error));
	assert_non_null(strstr(error.text, socket_name_text(&name, text)));
	assert_non_null(strstr(error.text, "in use"));
}

/*
 * docs/decisions/0005: an address that is served is refused, whether its sockets
 * listen yet or not, and under an address that includes it too.
 */
static void test_socket_group_is_refused_an_address_in_use(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	int descriptors[GROUP];
	struct error error;

	(void)state;
	assert_true(socket_bind_group(&name, descriptors, GROUP, &error));
	assert_in_use("127.0.0.1", port_of(&name));
	assert_in_use("0.0.0.0", port_of(&name));
	assert_in_use("::", port_of(&name));
	listen_all(descriptors, GROUP);
	assert_in_use("127.0.0.1", port_of(&name));
	assert_in_use("0.0.0.0", port_of(&name));
	close_all(descriptors, GROUP);
}

/* SO_REUSEADDR: a port whose last connections are in TIME_WAIT can be bound again at once. */
static void test_socket_group_binds_again_after_its_clients(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	int descriptors[1];
	struct error error = {""};
	char byte;
	int accepted, client;

	(void)state;
	assert_true(socket_bind_group(&name, descriptors, 1, &error));
	listen_all(descriptors, 1);
	client = connect_to(&name);
	accepted = accept(descriptors[0], NULL, NULL);
	assert_true(accepted >= 0);
	/* Who closes first waits: the server's side. */
	assert_int_equal(close(accepted), 0);
	assert_int_equal(read(client, &byte, 1), 0);
	assert_int_equal(close(client), 0);
	close_all(descriptors, 1);
	assert_true(socket_bind_group(&name, descriptors, 1, &error));
	close_all(descriptors, 1);
}

/* socket.h: nothing is bound after a failure: the address is free for the next one. */
static void test_socket_group_leaves_nothing_bound_after_a_failure(void **state)
{
	struct socket_name name = resolve("192.0.2.1", 16667);
	int before = open("/dev/null", O_RDONLY);
	int descriptors[GROUP];
	struct error error = {""};
	int after;

	(void)state;
	/* RFC 5737: no interface has this address. */
	assert_false(socket_bind_group(&name, descriptors, GROUP, &error));
	assert_non_null(strstr(error.text, "cannot bind 192.0.2.1:16667: "));
	after = open("/dev/null", O_RDONLY);
	assert_int_equal(after, before + 1);
	(void)close(before);
	(void)close(after);
}

/* socket.h: "::" serves IPv4 too, whatever net.ipv6.bindv6only says. */
static void test_socket_any_address_serves_ipv4_too(void **state)
{
	struct socket_name name = resolve("::", 0);
	struct socket_name ipv4;
	int descriptors[GROUP];
	struct error error = {""};
	int client;

	(void)state;
	if (!socket_bind_group(&name, descriptors, GROUP, &error)) {
		print_message("no IPv6 here: %s\n", error.text);
		skip();
	}
	listen_all(descriptors, GROUP);
	ipv4 = resolve("127.0.0.1", port_of(&name));
	client = connect_to(&ipv4);
	(void)close(client);
	close_all(descriptors, GROUP);
}

static void send_to(const struct socket_name *name, const char *bytes, size_t length)
{
	int sender = socket(name->address.ss_family, SOCK_DGRAM, 0);

	assert_true(sender >= 0);
	assert_int_equal(
	    sendto(sender, bytes, length, 0, (const struct sockaddr *)&name->address, name->length),
	    length);
	(void)close(sender);
}

/* socket.h: a datagram socket tells its port and what the kernel granted; one address, one socket.
 */
static void test_socket_datagram_is_bound_alone(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	struct error error = {""};
	int descriptor = socket_bind_datagram(&name, &error);
	char bytes[8];

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(socket_set_receive_buffer(descriptor, 65536, false), 65536);
	assert_int_equal(socket_bind_datagram(&name, &error), -1);
	assert_non_null(strstr(error.text, "in use"));
	send_to(&name, "hello", 5);
	assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), 5);
	(void)close(descriptor);
}

/* socket(7): a size over net.core.rmem_max is granted in part, unless one may force it. */
static void test_socket_datagram_tells_what_was_granted(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	size_t granted;
	struct error error = {""};
	int descriptor = socket_bind_datagram(&name, &error);
	int size;
	socklen_t length = sizeof(size);

	(void)state;
	assert_true(descriptor >= 0);
	granted = socket_set_receive_buffer(descriptor, (size_t)1 << 40, false);
	assert_int_equal(getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, &length), 0);
	assert_int_equal(granted, (size_t)size / 2);
	assert_true(granted > 0);
	(void)close(descriptor);
}

static void send_to_group(const char *group, unsigned port)
{
	struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int sender = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(inet_pton(AF_INET, group, &to.sin_addr), 1);
	assert_int_equal(
	    setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback)), 0);
	assert_int_equal(
	    sendto(sender, group, strlen(group), 0, (struct sockaddr *)&to, sizeof(to)),
	    (ssize_t)strlen(group));
	(void)close(sender);
}

static bool join(int descriptor, const char *group, const char *interface, struct error *error)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, group, &address), 1);
	return socket_join_group(descriptor, &address, if_nametoindex(interface), error);
}

/* socket.h: a socket of either family hears the IPv4 groups it joined, and no others. */
static void test_socket_hears_the_groups_it_joined(void **state)
{
	static const char *const hosts[] = {"0.0.0.0", "::"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct socket_name name = resolve(hosts[i], 0);
		struct socket_name other_name = resolve("0.0.0.0", 0);
		struct error error = {""};
		int descriptor = socket_bind_datagram(&name, &error);
		int other = socket_bind_datagram(&other_name, &error);
		char bytes[32] = "";

		if (descriptor < 0) {
			continue; /* no IPv6 here */
		}
		assert_true(join(descriptor, "::ffff:239.255.1.2", "lo", &error));
		assert_true(join(other, "::ffff:239.255.1.3", "lo", &error));
		send_to_group("239.255.1.3", port_of(&name));
		send_to_group("239.255.1.2", port_of(&name));
		assert_int_equal(recv(descriptor, bytes, sizeof(bytes) - 1, 0), 11);
		assert_string_equal(bytes, "239.255.1.2");
		assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), -1);
		(void)close(descriptor);
		(void)close(other);
	}
}

/* socket.h: false with a sentence that names the group. */
static void test_socket_tells_which_group_it_cannot_join(void **state)
{
	struct socket_name name = resolve("0.0.0.0", 0);
	struct error error = {""};
	int descriptor = socket_bind_datagram(&name, &error);

	(void)state;
	assert_false(join(descriptor, "ff15::1", "lo", &error));
	assert_non_null(strstr(error.text, "cannot join ff15::1: "));
	assert_false(join(descriptor, "::ffff:192.0.2.1", "lo", &error));
	assert_non_null(strstr(error.text, "cannot join 192.0.2.1: "));
	(void)close(descriptor);
}

/* socket.h: joining twice is once, as with a socket that was held; what was left is not heard. */
static void test_socket_joins_again_and_leaves(void **state)
{
	struct socket_name name = resolve("0.0.0.0", 0);
	struct error error = {""};
	struct in6_addr group;
	int descriptor = socket_bind_datagram(&name, &error);
	char bytes[32];

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:239.255.1.2", &group), 1);
	assert_true(join(descriptor, "::ffff:239.255.1.2", "lo", &error));
	assert_true(join(descriptor, "::ffff:239.255.1.2", "lo", &error));
	socket_leave_group(descriptor, &group, if_nametoindex("lo"));
	send_to_group("239.255.1.2", port_of(&name));
	assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), -1);
	(void)close(descriptor);
}

/* socket.h: family, host and port; port 0 is any only where that is asked for. */
static void test_socket_names_are_compared(void **state)
{
	struct socket_name one = resolve("127.0.0.1", 6667);
	struct socket_name other_port = resolve("127.0.0.1", 6668);
	struct socket_name no_port = resolve("127.0.0.1", 0);
	struct socket_name other_host = resolve("127.0.0.2", 6667);
	struct socket_name ipv6 = resolve("::1", 6667);
	struct socket_name ipv6_no_port = resolve("::1", 0);

	(void)state;
	assert_true(socket_name_equals(&one, &one, false));
	assert_false(socket_name_equals(&one, &other_port, true));
	assert_false(socket_name_equals(&one, &other_host, true));
	assert_false(socket_name_equals(&one, &ipv6, true));
	assert_false(socket_name_equals(&one, &no_port, false));
	assert_true(socket_name_equals(&one, &no_port, true));
	assert_true(socket_name_equals(&ipv6, &ipv6, false));
	assert_true(socket_name_equals(&ipv6, &ipv6_no_port, true));
	assert_false(socket_name_equals(&ipv6, &ipv6_no_port, false));
}

/* socket.h: datagrams that found no room are counted by the kernel: none of 1000 is unaccounted
 * for. */
static void test_socket_counts_what_the_kernel_dropped(void **state)
{
	struct socket_name name = resolve("127.0.0.1", 0);
	static char bytes[1000];
	struct error error;
	int descriptor = socket_bind_datagram(&name, &error);
	unsigned received = 0;

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(socket_set_receive_buffer(descriptor, 4096, false), 4096);
	assert_int_equal(socket_kernel_drops(descriptor), 0);
	for (int i = 0; i < 1000; i++) {
		send_to(&name, bytes, sizeof(bytes));
	}
	while (recv(descriptor, bytes, sizeof(bytes), 0) > 0) {
		received++;
	}
	assert_true(received > 0);
	assert_int_equal(socket_kernel_drops(descriptor), 1000 - received);
	(void)close(descriptor);
	assert_int_equal(socket_kernel_drops(descriptor), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_socket_resolves_what_the_configuration_writes),
	    cmocka_unit_test(test_socket_refuses_what_is_no_address),
	    cmocka_unit_test(test_socket_group_shares_one_port),
	    cmocka_unit_test(test_socket_group_shares_its_clients),
	    cmocka_unit_test(test_socket_group_is_refused_an_address_in_use),
	    cmocka_unit_test(test_socket_group_binds_again_after_its_clients),
	    cmocka_unit_test(test_socket_group_leaves_nothing_bound_after_a_failure),
	    cmocka_unit_test(test_socket_any_address_serves_ipv4_too),
	    cmocka_unit_test(test_socket_datagram_is_bound_alone),
	    cmocka_unit_test(test_socket_datagram_tells_what_was_granted),
	    cmocka_unit_test(test_socket_hears_the_groups_it_joined),
	    cmocka_unit_test(test_socket_tells_which_group_it_cannot_join),
	    cmocka_unit_test(test_socket_joins_again_and_leaves),
	    cmocka_unit_test(test_socket_names_are_compared),
	    cmocka_unit_test(test_socket_counts_what_the_kernel_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
