/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/proxy_protocol: HAProxy's PROXY protocol; § are those of its specification. */
#include "server/net/proxy_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/net/peer.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* `bytes` in memory of their own size, so that reading beyond them is seen. */
static enum proxy_protocol_result read_exactly(const char *bytes, size_t length,
                                               struct proxy_protocol_header *header)
{
	char *copy = malloc(length > 0 ? length : 1);
	enum proxy_protocol_result result;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	result = proxy_protocol_read(copy, length, header);
	free(copy);
	return result;
}

/* It is whole with its last byte, a part with fewer, and what stands behind it is not its own. */
static void assert_whole(const char *bytes, size_t length, const char *client)
{
	struct proxy_protocol_header header;
	char longer[4096];
	char text[PEER_TEXT_MAX] = "";

	for (size_t part = 0; part < length; part++) {
		assert_int_equal(read_exactly(bytes, part, &header), PROXY_PROTOCOL_PART);
	}
	assert_true(length + 4 <= sizeof(longer));
	memcpy(longer, bytes, length);
	memcpy(longer + length, "PING", 4);
	for (size_t more = 0; more <= 4; more++) {
		assert_int_equal(read_exactly(longer, length + more, &header),
		                 PROXY_PROTOCOL_WHOLE);
		assert_int_equal(header.length, length);
		assert_int_equal(header.has_client, client != NULL);
		if (client != NULL) {
			assert_string_equal(peer_text(&header.client, text), client);
		}
	}
}

static void assert_line(const char *line, const char *client)
{
	assert_whole(line, strlen(line), client);
}

static void assert_bad(const char *bytes, size_t length)
{
	struct proxy_protocol_header header;

	assert_int_equal(read_exactly(bytes, length, &header), PROXY_PROTOCOL_BAD);
}

/* §2.1: the source is the client. */
static void test_proxy_protocol_line_tells_the_client(void **state)
{
	(void)state;
	assert_line("PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667\r\n", "192.0.2.1:4711");
	assert_line("PROXY TCP6 2001:db8::1 2001:db8::2 65535 80\r\n", "[2001:db8::1]:65535");
	assert_line("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

/* §2.1: of UNKNOWN nothing else is looked at. */
static void test_proxy_protocol_unknown_leaves_the_address(void **state)
{
	(void)state;
	assert_line("PROXY UNKNOWN\r\n", NULL);
	assert_line("PROXY UNKNOWN ffff:f:f:f:f:f:f:f ffff:f:f:f:f:f:f:f 65535 65535\r\n", NULL);
}

/* §2.1: exactly one blank, digits without zeros in front, addresses of the family that is told. */
static void test_proxy_protocol_line_is_taken_to_the_letter(void **state)
{
	static const char *const lines[] = {
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667\n",
	    "PROXY TCP4  192.0.2.1 198.51.100.1 4711 6667\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667 \r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667 1\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 04711 6667\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 65536 6667\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711 -1\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.1 4711 \r\n",
	    "PROXY TCP4 192.0.2.256 198.51.100.1 4711 6667\r\n",
	    "PROXY TCP4 192.0.2.1 x 4711 6667\r\n",
	    "PROXY TCP4 2001:db8::1 2001:db8::2 4711 6667\r\n",
	    "PROXY TCP6 192.0.2.1 198.51.100.1 4711 6667\r\n",
	    "PROXY UDP4 192.0.2.1 198.51.100.1 4711 6667\r\n",
	    "PROXY \r\n",
	    "proxy TCP4 192.0.2.1 198.51.100.1 4711 6667\r\n",
	    "GET / HTTP/1.1\r\n",
	    "NICK reader\r\n",
	};
	char endless[200];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_bad(lines[i], strlen(lines[i]));
	}
	memset(endless, 'x', sizeof(endless));
	memcpy(endless, "PROXY UNKNOWN ", 14);
	assert_bad(endless, 107);
	assert_bad(endless, sizeof(endless));
}

/* §2.2: addresses and ports in network order. */
static void test_proxy_protocol_binary_tells_the_client(void **state)
{
	static const char ipv4[] = SIGNATURE "\x21\x11\x00\x0c"
					     "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x67\x1a\x0b";
	static const char ipv6[] = SIGNATURE
	    "\x21\x21\x00\x24"
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
	    "\x12\x67\x00\x50";

	(void)state;
	assert_whole(ipv4, sizeof(ipv4) - 1, "192.0.2.1:4711");
	assert_whole(ipv6, sizeof(ipv6) - 1, "[2001:db8::1]:4711");
}

/* §2.2: LOCAL is the proxy's own; so is what has no address that is known here. */
static void test_proxy_protocol_local_leaves_the_address(void **state)
{
	static const char local[] = SIGNATURE "\x20\x11\x00\x04"
					      "abcd";
	static const char unspecified[] = SIGNATURE "\x21\x00\x00\x00";
	static const char datagrams[] = SIGNATURE "\x21\x12\x00\x0c"
						  "abcdabcd1122";
	char local_socket[16 + 216] = SIGNATURE "\x21\x31\x00\xd8/path";

	(void)state;
	assert_whole(local, sizeof(local) - 1, NULL);
	assert_whole(unspecified, sizeof(unspecified) - 1, NULL);
	assert_whole(datagrams, sizeof(datagrams) - 1, NULL);
	assert_whole(local_socket, sizeof(local_socket), NULL);
}

/* §2.2.1: extensions are passed over, and must fit into the header. */
static void test_proxy_protocol_extensions_fit_exactly(void **state)
{
	static const char right[] = SIGNATURE "\x21\x11\x00\x12"
					      "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x67\x1a\x0b"
					      "\x04\x00\x03xyz";
	char wrong[sizeof(right)];

	(void)state;
	assert_whole(right, sizeof(right) - 1, "192.0.2.1:4711");
	memcpy(wrong, right, sizeof(right));
	wrong[16 + 12 + 2] = 4; /* longer than what is left */
	assert_bad(wrong, sizeof(wrong) - 1);
	wrong[16 + 12 + 2] = 1; /* so that two bytes are left, which is no extension */
	assert_bad(wrong, sizeof(wrong) - 1);
}

/* §2.2.3: a checksum must be verified; this one was made by another implementation of CRC32c. */
static void test_proxy_protocol_checksum_is_verified(void **state)
{
	char bytes[] = SIGNATURE "\x21\x11\x00\x13"
				 "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x67\x1a\x0b"
				 "\x03\x00\x04"
				 "\x24\x9d\xa0\xd2";

	(void)state;
	assert_whole(bytes, sizeof(bytes) - 1, "192.0.2.1:4711");
	bytes[16] ^= 1;
	assert_bad(bytes, sizeof(bytes) - 1);
}

/* A header has a bound, and a version and commands that are known. */
static void test_proxy_protocol_refuses_what_it_does_not_know(void **state)
{
	static const char version[] = SIGNATURE "\x11\x11\x00\x0c";
	static const char command[] = SIGNATURE "\x22\x11\x00\x0c";
	static const char length[] = SIGNATURE "\x21\x11\x07\xf1"; /* 16 + 2033 */
	static const char addresses[] = SIGNATURE "\x21\x11\x00\x0b"
						  "abcdabcd112";

	(void)state;
	assert_bad(version, sizeof(version) - 1);
	assert_bad(command, sizeof(command) - 1);
	assert_bad(length, sizeof(length) - 1);
	assert_bad(addresses, sizeof(addresses) - 1);
	assert_bad("\r\n\r\n\0\r\nQUIX", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proxy_protocol_line_tells_the_client),
	    cmocka_unit_test(test_proxy_protocol_unknown_leaves_the_address),
	    cmocka_unit_test(test_proxy_protocol_line_is_taken_to_the_letter),
	    cmocka_unit_test(test_proxy_protocol_binary_tells_the_client),
	    cmocka_unit_test(test_proxy_protocol_local_leaves_the_address),
	    cmocka_unit_test(test_proxy_protocol_extensions_fit_exactly),
	    cmocka_unit_test(test_proxy_protocol_checksum_is_verified),
	    cmocka_unit_test(test_proxy_protocol_refuses_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
