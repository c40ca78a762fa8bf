/* SPDX-License-Identifier: Apache-2.0 */
/* bench/endpoint: sockets from an address to an address. */
#include "bench/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Gives a listening socket of 127.0.0.1, and its port. */
static int listen_here(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_return_code(bind(listener, (struct sockaddr *)&address, length), errno);
	assert_return_code(listen(listener, 8), errno);
	assert_return_code(getsockname(listener, (struct sockaddr *)&address, &length), errno);
	*port = ntohs(address.sin_port);
	return listener;
}

/* endpoint.h: a connection comes from the address it is told to. */
static void test_endpoint_connects_from_an_address(void **state)
{
	struct endpoint server, from;
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	struct error error = {""};
	uint16_t port;
	int listener = listen_here(&port), client, accepted;

	(void)state;
	assert_true(endpoint_resolve(&server, "127.0.0.1", port, &error));
	assert_true(endpoint_local(&from, "127.0.0.9", &error));
	client = endpoint_connect(&server, &from, SOCK_STREAM, &error);
	assert_return_code(client, errno);
	accepted = accept(listener, (struct sockaddr *)&peer, &length);
	assert_return_code(accepted, errno);
	assert_int_equal(ntohl(peer.sin_addr.s_addr), 0x7f000009);
	(void)close(client);
	(void)close(accepted);
	(void)close(listener);
}

/* endpoint.h: names and addresses of either family are looked up; others are said. */
static void test_endpoint_says_what_it_does_not_find(void **state)
{
	struct endpoint endpoint;
	struct error error = {""};

	(void)state;
	assert_true(endpoint_resolve(&endpoint, "::1", 80, &error));
	assert_int_equal(endpoint.address.ss_family, AF_INET6);
	assert_false(endpoint_local(&endpoint, "localhost", &error));
	assert_non_null(strstr(error.text, "localhost: "));
	assert_false(endpoint_resolve(&endpoint, "no such name", 80, &error));
	assert_non_null(strstr(error.text, "no such name: "));
}

/* endpoint.h: an address that is not this machine's is said with why. */
static void test_endpoint_says_where_it_cannot_connect_from(void **state)
{
	struct endpoint server, from;
	struct error error = {""};

	(void)state;
	assert_true(endpoint_resolve(&server, "127.0.0.1", 9, &error));
	assert_true(endpoint_local(&from, "192.0.2.1", &error));
	assert_int_equal(endpoint_connect(&server, &from, SOCK_STREAM, &error), -1);
	assert_non_null(strstr(error.text, "192.0.2.1 port 0: "));
}

/* endpoint.h: why a connection failed, in words; where ports are used up, what helps. */
static void test_endpoint_failures_are_sentences(void **state)
{
	struct endpoint server;
	struct error error = {""};

	(void)state;
	assert_true(endpoint_resolve(&server, "127.0.0.1", 4711, &error));
	endpoint_failed(&server, ECONNREFUSED, &error);
	assert_string_equal(error.text, "127.0.0.1 port 4711: Connection refused");
	endpoint_failed(&server, EADDRNOTAVAIL, &error);
	assert_non_null(strstr(error.text, "give more addresses with --from"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_endpoint_connects_from_an_address),
	    cmocka_unit_test(test_endpoint_says_what_it_does_not_find),
	    cmocka_unit_test(test_endpoint_says_where_it_cannot_connect_from),
	    cmocka_unit_test(test_endpoint_failures_are_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
