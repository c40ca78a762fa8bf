/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/peer: addresses in one form, and how they read. */
#include "server/net/peer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sockaddr_in6 ipv4_peer(const char *host, uint16_t port)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 peer;

	assert_int_equal(inet_pton(AF_INET, host, &ipv4.sin_addr), 1);
	peer_map((const struct sockaddr *)&ipv4, &peer);
	return peer;
}

static struct sockaddr_in6 ipv6_peer(const char *host, uint16_t port)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in6 peer;

	assert_int_equal(inet_pton(AF_INET6, host, &ipv6.sin6_addr), 1);
	peer_map((const struct sockaddr *)&ipv6, &peer);
	return peer;
}

/* RFC 4291 §2.5.5.2: IPv4 is ::ffff:a.b.c.d inside, and reads as IPv4 outside. */
static void test_peer_of_ipv4_is_mapped_and_reads_as_ipv4(void **state)
{
	struct sockaddr_in6 peer = ipv4_peer("192.0.2.1", 4711);
	char text[PEER_TEXT_MAX];

	(void)state;
	assert_true(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
	assert_string_equal(peer_text(&peer, text), "192.0.2.1:4711");
	assert_string_equal(peer_address_text(&peer, text), "192.0.2.1");
}

/* A client of a socket that serves both families comes in the mapped form already. */
static void test_peer_that_comes_mapped_is_the_same_as_ipv4(void **state)
{
	struct sockaddr_in6 mapped = ipv6_peer("::ffff:192.0.2.1", 4711);
	struct sockaddr_in6 plain = ipv4_peer("192.0.2.1", 4711);

	(void)state;
	assert_memory_equal(&mapped.sin6_addr, &plain.sin6_addr, sizeof(plain.sin6_addr));
	assert_int_equal(mapped.sin6_port, plain.sin6_port);
}

/* RFC 3986 §3.2.2: an IPv6 address with a port stands in brackets. */
static void test_peer_of_ipv6_stands_in_brackets_with_its_port(void **state)
{
	struct sockaddr_in6 peer = ipv6_peer("2001:db8::1", 80);
	char text[PEER_TEXT_MAX];

	(void)state;
	assert_string_equal(peer_text(&peer, text), "[2001:db8::1]:80");
	assert_string_equal(peer_address_text(&peer, text), "2001:db8::1");
}

/* peer.h: the longest address fits. */
static void test_peer_of_the_longest_address_fits(void **state)
{
	struct sockaddr_in6 peer = ipv6_peer("2001:1db8:1111:2222:3333:4444:5555:6666", 65535);
	char text[PEER_TEXT_MAX];

	(void)state;
	assert_string_equal(peer_text(&peer, text),
	                    "[2001:1db8:1111:2222:3333:4444:5555:6666]:65535");
}

/* peer.h: another family is nobody. */
static void test_peer_of_another_family_is_the_unspecified_address(void **state)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct sockaddr_in6 peer;
	char text[PEER_TEXT_MAX];

	(void)state;
	peer_map(&other, &peer);
	assert_string_equal(peer_text(&peer, text), "[::]:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_peer_of_ipv4_is_mapped_and_reads_as_ipv4),
	    cmocka_unit_test(test_peer_that_comes_mapped_is_the_same_as_ipv4),
	    cmocka_unit_test(test_peer_of_ipv6_stands_in_brackets_with_its_port),
	    cmocka_unit_test(test_peer_of_the_longest_address_fits),
	    cmocka_unit_test(test_peer_of_another_family_is_the_unspecified_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
