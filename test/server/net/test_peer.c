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

/* peer.h: a client that a proxy told of has no port. */
static void test_peer_without_a_port_reads_as_its_address(void **state)
{
	struct sockaddr_in6 ipv4 = ipv4_peer("192.0.2.1", 0);
	struct sockaddr_in6 ipv6 = ipv6_peer("2001:db8::1", 0);
	char text[PEER_TEXT_MAX];

	(void)state;
	assert_string_equal(peer_text(&ipv4, text), "192.0.2.1");
	assert_string_equal(peer_text(&ipv6, text), "2001:db8::1");
}

/* conf_member.h: networks are of the mapped form, and any number of bits long. */
static void test_peer_is_in_a_network_by_its_first_bits(void **state)
{
	struct conf_network networks[] = {
	    {.address = ipv4_peer("192.0.2.128", 0).sin6_addr, .prefix = 96 + 25},
	    {.address = ipv6_peer("2001:db8::", 0).sin6_addr, .prefix = 32},
	    {.address = ipv6_peer("::1", 0).sin6_addr, .prefix = 128},
	};
	struct conf_networks all = {.items = networks, .count = 3};
	struct conf_networks none = {0};
	struct conf_networks everyone = {.items = &(struct conf_network){.prefix = 0}, .count = 1};
	struct sockaddr_in6 inside[] = {ipv4_peer("192.0.2.128", 1), ipv4_peer("192.0.2.255", 2),
	                                ipv6_peer("2001:db8:ffff::9", 3), ipv6_peer("::1", 4)};
	struct sockaddr_in6 outside[] = {ipv4_peer("192.0.2.127", 1), ipv4_peer("192.0.3.128", 2),
	                                 ipv6_peer("2001:db9::", 3), ipv6_peer("::2", 4)};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(peer_is_in(&inside[i], &all));
		assert_false(peer_is_in(&outside[i], &all));
		assert_false(peer_is_in(&inside[i], &none));
		assert_true(peer_is_in(&outside[i], &everyone));
	}
}

/* peer.h: an IPv6 address is cut, at any bit; an IPv4 one stays, however few bits there are. */
static void test_peer_network_is_the_first_bits_of_ipv6_alone(void **state)
{
	struct sockaddr_in6 ipv6 = ipv6_peer("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9);
	struct sockaddr_in6 ipv4 = ipv4_peer("192.0.2.1", 9);
	struct in6_addr of_64 = ipv6_peer("ffff:ffff:ffff:ffff::", 0).sin6_addr;
	struct in6_addr of_17 = ipv6_peer("ffff:8000::", 0).sin6_addr;
	struct in6_addr cut;

	(void)state;
	cut = peer_network(&ipv6, 64);
	assert_memory_equal(&cut, &of_64, sizeof(cut));
	cut = peer_network(&ipv6, 17);
	assert_memory_equal(&cut, &of_17, sizeof(cut));
	cut = peer_network(&ipv6, PEER_ADDRESS_BITS);
	assert_memory_equal(&cut, &ipv6.sin6_addr, sizeof(cut));
	cut = peer_network(&ipv4, 16);
	assert_memory_equal(&cut, &ipv4.sin6_addr, sizeof(cut));
}

/* peer.h: another family is nobody. */
static void test_peer_of_another_family_is_the_unspecified_address(void **state)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct sockaddr_in6 peer;
	char text[PEER_TEXT_MAX];

	(void)state;
	peer_map(&other, &peer);
	assert_string_equal(peer_text(&peer, text), "::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_peer_of_ipv4_is_mapped_and_reads_as_ipv4),
	    cmocka_unit_test(test_peer_that_comes_mapped_is_the_same_as_ipv4),
	    cmocka_unit_test(test_peer_of_ipv6_stands_in_brackets_with_its_port),
	    cmocka_unit_test(test_peer_of_the_longest_address_fits),
	    cmocka_unit_test(test_peer_without_a_port_reads_as_its_address),
	    cmocka_unit_test(test_peer_is_in_a_network_by_its_first_bits),
	    cmocka_unit_test(test_peer_network_is_the_first_bits_of_ipv6_alone),
	    cmocka_unit_test(test_peer_of_another_family_is_the_unspecified_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
