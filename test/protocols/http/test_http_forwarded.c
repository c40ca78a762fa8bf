/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_forwarded: who asks, by the word of proxies. */
#include "protocols/http/http_forwarded.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/net/peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PROXY "10.0.0.1:443" /* the peer, a trusted one */

static struct text text_of(const char *text)
{
	return (struct text){.bytes = text, .length = strlen(text)};
}

static struct sockaddr_in6 mapped(const char *host, uint16_t port)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET6, host, &peer.sin6_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET, host, &ipv4.sin_addr), 1);
		peer_map((const struct sockaddr *)&ipv4, &peer);
	}
	return peer;
}

/* What the fields tell of a request from `peer`, when 10.0.0.0/8 and 2001:db8:a::/48 are trusted.
 */
static void assert_client(struct sockaddr_in6 peer, struct http_field *fields, size_t count,
                          const char *expected)
{
	struct conf_network networks[] = {
	    {.address = mapped("10.0.0.0", 0).sin6_addr, .prefix = 96 + 8},
	    {.address = mapped("2001:db8:a::", 0).sin6_addr, .prefix = 48},
	};
	struct conf_networks trusted = {.items = networks, .count = COUNT(networks)};
	struct http_request request = {.fields = fields, .field_count = count};
	struct sockaddr_in6 client;
	char text[PEER_TEXT_MAX];

	http_forwarded_client(&request, &trusted, &peer, &client);
	if (strcmp(peer_text(&client, text), expected) != 0) {
		fail_msg("%s: %s, not %s", count > 0 ? fields[0].value.bytes : "(none)", text,
		         expected);
	}
}

struct row {
	const char *value;
	const char *client;
};

/* The value is copied to memory of its own size, so that a byte read too many is noticed. */
static void assert_rows(const char *name, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text value = text_of(rows[i].value);
		char *copy = strndup(value.bytes, value.length);
		struct http_field field = {.name = text_of(name),
		                           .value = {.bytes = copy, .length = value.length}};

		assert_client(mapped("10.0.0.1", 443), &field, 1, rows[i].client);
		free(copy);
	}
}

/* Proxies add what they see on the right: the first from there who is none of them counts. */
static void test_forwarded_for_reads_from_the_right_as_far_as_it_trusts(void **state)
{
	static const struct row rows[] = {
	    {"192.0.2.7", "192.0.2.7"},
	    {"192.0.2.7, 10.0.0.2", "192.0.2.7"},
	    {"192.0.2.7,10.0.0.2,10.9.9.9", "192.0.2.7"},
	    {"198.51.100.1, 192.0.2.7", "192.0.2.7"},
	    {"198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"},
	    {"10.0.0.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"},
	    {"10.0.0.3, 10.0.0.2", "10.0.0.3"},
	    {"192.0.2.7, 2001:db8:a::5", "192.0.2.7"},
	    {"2001:db8:b::5, 10.0.0.2", "2001:db8:b::5"},
	    {", 192.0.2.7 ,, ", "192.0.2.7"},
	    {"", PROXY},
	    {" , ,", PROXY},
	};

	(void)state;
	assert_rows("x-forwarded-FOR", rows, COUNT(rows));
}

/* What proxies write in X-Forwarded-For: addresses, some with a port. */
static void test_forwarded_for_reads_addresses_in_all_their_forms(void **state)
{
	static const struct row rows[] = {
	    {"192.0.2.7:4711", "192.0.2.7:4711"},
	    {"192.0.2.7:0", "192.0.2.7"},
	    {"192.0.2.7:65535", "192.0.2.7:65535"},
	    {"2001:db8::7", "2001:db8::7"},
	    {"[2001:db8::7]", "2001:db8::7"},
	    {"[2001:DB8::7]:80", "[2001:db8::7]:80"},
	    {"::ffff:192.0.2.7", "192.0.2.7"},
	    {"[::ffff:192.0.2.7]:9", "192.0.2.7:9"},
	    {"[2001:1db8:1111:2222:3333:4444:5555:6666]:65535",
	     "[2001:1db8:1111:2222:3333:4444:5555:6666]:65535"},
	};

	(void)state;
	assert_rows("X-Forwarded-For", rows, COUNT(rows));
}

/* What is no address hides who told what stands left of it: the proxy that is known counts. */
static void test_forwarded_for_believes_nothing_left_of_what_is_no_address(void **state)
{
	static const struct row rows[] = {
	    {"unknown", PROXY},
	    {"192.0.2.7, unknown", PROXY},
	    {"192.0.2.7, _hidden, 10.0.0.2", "10.0.0.2"},
	    {"192.0.2.7, x, 10.0.0.3, 10.0.0.2", "10.0.0.3"},
	    {"x, 192.0.2.7", "192.0.2.7"},
	    {"\", 192.0.2.7", "192.0.2.7"},
	    {"192.0.2.7\"", PROXY},
	    {"192.0.2", PROXY},
	    {"192.0.2.7.1", PROXY},
	    {"192.0.2.256", PROXY},
	    {"192.0.2.7:", PROXY},
	    {"192.0.2.7:65536", PROXY},
	    {"192.0.2.7:000080", PROXY},
	    {"192.0.2.7:8o", PROXY},
	    {"192.0.2.7 x", PROXY},
	    {"[2001:db8::7", PROXY},
	    {"[2001:db8::7]80", PROXY},
	    {"[2001:db8::7]:x", PROXY},
	    {"[192.0.2.7]", PROXY},
	    {"[]", PROXY},
	    {"2001:db8::7]", PROXY},
	    {"fe80::1%eth0", PROXY},
	    {":::", PROXY},
	    {"192.0.2.7                                                        :80", PROXY},
	    {"[2001:1db8:1111:2222:3333:4444:5555:6666]:65535000000000000000000000000", PROXY},
	};

	(void)state;
	assert_rows("X-Forwarded-For", rows, COUNT(rows));
}

/* RFC 7239 §4: elements of pairs, names in any case, values that are tokens or quoted. */
static void test_forwarded_reads_the_elements_of_the_rfc(void **state)
{
	static const struct row rows[] = {
	    {"for=192.0.2.43", "192.0.2.43"},
	    {"For=\"192.0.2.43\"", "192.0.2.43"},
	    {"For=\"[2001:db8:cafe::17]:4711\"", "[2001:db8:cafe::17]:4711"},
	    {"for=\"192.0.2.43:47011\"", "192.0.2.43:47011"},
	    {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
	    {"proto=https; host=\"a,for=6.6.6.6;\\\"x\"; for=192.0.2.60", "192.0.2.60"},
	    {"for=198.51.100.17, for=192.0.2.43", "192.0.2.43"},
	    {"for=192.0.2.43,for=\"10.0.0.2:80\";by=10.0.0.1", "192.0.2.43"},
	    {"for=192.0.2.43:4711", "192.0.2.43:4711"},
	    {"for=[2001:db8::1]", "2001:db8::1"},
	    {"for=\"192.0.2.43:_port\"", "192.0.2.43"},
	    {"for=\"\\1\\92.0.2.43\"", "192.0.2.43"},
	    {";for=192.0.2.43;;", "192.0.2.43"},
	    {",, for=192.0.2.43 ,", "192.0.2.43"},
	    {"", PROXY},
	};

	(void)state;
	assert_rows("Forwarded", rows, COUNT(rows));
}

/* RFC 7239 §4, §6.2, §6.3: what cannot be read, or tells no address, is not guessed at. */
static void test_forwarded_believes_nothing_that_it_cannot_read(void **state)
{
	static const struct row rows[] = {
	    {"for=unknown", PROXY},
	    {"for=_gazonk", PROXY},
	    {"for=192.0.2.43, for=unknown", PROXY},
	    {"for=192.0.2.43, proto=http", PROXY},
	    {"for=192.0.2.43, for=_hidden, for=10.0.0.2", "10.0.0.2"},
	    {"for=192.0.2.43;for=192.0.2.44", PROXY},
	    {"for=\"192.0.2.43", PROXY},
	    {"for=\"192.0.2.43\\", PROXY},
	    {"for=192.0.2.43, for=\"", PROXY},
	    {"for = 192.0.2.43", PROXY},
	    {"for=", PROXY},
	    {"for", PROXY},
	    {"=192.0.2.43", PROXY},
	    {"192.0.2.43", PROXY},
	    {"for=192.0.2.43 x", PROXY},
	    {"for=192.0.2.43\xff", PROXY},
	    {"for=\"192.0.2.43\"x", PROXY},
	    {"xfor=192.0.2.43", PROXY},
	    {"for=\"[2001:1db8:1111:2222:3333:4444:5555:6666]:6553500000000000000000\"", PROXY},
	    {"for=00000000000000000000000000000000000000000000000000000000000000192.0.2.43", PROXY},
	};

	(void)state;
	assert_rows("Forwarded", rows, COUNT(rows));
}

/* A client's own, left open or broken, does not hide what a proxy adds on its right. */
static void test_forwarded_is_read_whatever_stands_left_of_it(void **state)
{
	static const struct row rows[] = {
	    {"for=\"evil, for=192.0.2.43", "192.0.2.43"},
	    {"for=\"evil, for=\"[2001:db8::7]\"", "2001:db8::7"},
	    {"for=\"evil, for=\"192.0.2.43:80\";host=\"a,b\"", "192.0.2.43:80"},
	    {"for=evil\\, for=\"[2001:db8::7]\"", "2001:db8::7"},
	    {"\", for=192.0.2.43;host=\"a\\\",b\"", "192.0.2.43"},
	    {"\", for=192.0.2.43;host=\"a\\\\\"", "192.0.2.43"},
	    {"for, x y, for=192.0.2.43, for=10.0.0.2", "192.0.2.43"},
	    {"for=198.51.100.1, for=\"x, for=10.0.0.2", "10.0.0.2"},
	};

	(void)state;
	assert_rows("Forwarded", rows, COUNT(rows));
}

/* RFC 9110 §5.3: fields of one name are one list, in their order. */
static void test_forwarded_fields_of_one_name_are_one_list(void **state)
{
	struct http_field plain[] = {
	    {text_of("X-Forwarded-For"), text_of("198.51.100.1")},
	    {text_of("Host"), text_of("203.0.113.5")},
	    {text_of("X-Forwarded-For"), text_of("192.0.2.7, 10.0.0.2")},
	    {text_of("X-Forwarded-For"), text_of("10.0.0.3")},
	};
	struct http_field standard[] = {
	    {text_of("Forwarded"), text_of("for=\"broken")},
	    {text_of("Forwarded"), text_of("for=192.0.2.7")},
	    {text_of("Forwarded"), text_of("for=10.0.0.3")},
	};

	(void)state;
	assert_client(mapped("10.0.0.1", 443), plain, COUNT(plain), "192.0.2.7");
	assert_client(mapped("10.0.0.1", 443), standard, COUNT(standard), "192.0.2.7");
}

/* http_forwarded.h: of two stories, X-Forwarded-For is the one that counts. */
static void test_forwarded_is_not_read_where_forwarded_for_is(void **state)
{
	struct http_field fields[] = {
	    {text_of("Forwarded"), text_of("for=198.51.100.1")},
	    {text_of("X-Forwarded-For"), text_of("192.0.2.7")},
	};

	(void)state;
	assert_client(mapped("10.0.0.1", 443), fields, 2, "192.0.2.7");
	fields[1].value = text_of("unknown");
	assert_client(mapped("10.0.0.1", 443), fields, 2, PROXY);
}

/* RFC 7239 §8.1: anyone can send these fields; only a trusted peer's are believed. */
static void test_forwarded_is_believed_from_trusted_peers_only(void **state)
{
	struct http_field fields[] = {
	    {text_of("X-Forwarded-For"), text_of("192.0.2.7")},
	    {text_of("Forwarded"), text_of("for=192.0.2.7")},
	};

	(void)state;
	assert_client(mapped("11.0.0.1", 9), fields, 2, "11.0.0.1:9");
	assert_client(mapped("2001:db8:b::1", 9), fields, 2, "[2001:db8:b::1]:9");
	assert_client(mapped("2001:db8:a::1", 9), fields, 2, "192.0.2.7");
	assert_client(mapped("10.0.0.1", 443), fields, 0, PROXY);
}

#define ROUNDS 20000

/* Whatever comes, an address results, and no byte outside the value is read (ASan). */
static void test_forwarded_survives_random_values(void **state)
{
	static const char letters[] = "for=,;\"\\[]:. _192x0\t";
	static const char *const names[] = {"X-Forwarded-For", "Forwarded"};
	unsigned seed = 20150917;

	(void)state;
	print_message("seed %u\n", seed);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t length = (size_t)rand_r(&seed) % 90 + 1;
		char *value = malloc(length);
		struct http_field field = {.name = text_of(names[round % 2]),
		                           .value = {.bytes = value, .length = length}};
		struct http_request request = {.fields = &field, .field_count = 1};
		struct conf_networks everyone = {.items = &(struct conf_network){.prefix = 0},
		                                 .count = 1};
		struct sockaddr_in6 peer = mapped("10.0.0.1", 443);
		struct sockaddr_in6 client = {0};

		assert_non_null(value);
		for (size_t i = 0; i < length; i++) {
			value[i] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		}
		http_forwarded_client(&request, &everyone, &peer, &client);
		assert_int_equal(client.sin6_family, AF_INET6);
		free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forwarded_for_reads_from_the_right_as_far_as_it_trusts),
	    cmocka_unit_test(test_forwarded_for_reads_addresses_in_all_their_forms),
	    cmocka_unit_test(test_forwarded_for_believes_nothing_left_of_what_is_no_address),
	    cmocka_unit_test(test_forwarded_reads_the_elements_of_the_rfc),
	    cmocka_unit_test(test_forwarded_believes_nothing_that_it_cannot_read),
	    cmocka_unit_test(test_forwarded_is_read_whatever_stands_left_of_it),
	    cmocka_unit_test(test_forwarded_fields_of_one_name_are_one_list),
	    cmocka_unit_test(test_forwarded_is_not_read_where_forwarded_for_is),
	    cmocka_unit_test(test_forwarded_is_believed_from_trusted_peers_only),
	    cmocka_unit_test(test_forwarded_survives_random_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
