/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/websocket_handshake.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* RFC 6455 §1.3: the key of the example and what it is answered with. */
static void test_handshake_accepts_the_key_of_the_rfc(void **state)
{
	char accept[WEBSOCKET_ACCEPT_LENGTH + 1];

	(void)state;
	websocket_handshake_accept(KEY, accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static struct http_field field(const char *name, const char *value)
{
	return (struct http_field){
	    .name = {.bytes = name, .length = strlen(name)},
	    .value = {.bytes = value, .length = strlen(value)},
	};
}

/* RFC 6455 §4.2.1, §4.2.2: a key is 16 bytes in base64; other versions are told 426. */
static void test_handshake_checks_version_and_key(void **state)
{
	static const struct {
		const char *version;
		const char *key;
		unsigned status;
	} rows[] = {
	    {"13", KEY, 0},
	    {"12", KEY, 426},
	    {"14", KEY, 426},
	    {"13, 8", KEY, 426},
	    {"", KEY, 426},
	    {"13", "", 400},
	    {"13", "dGhlIHNhbXBsZSBub25jZQ=", 400},
	    {"13", "dGhlIHNhbXBsZSBub25jZQ===", 400},
	    {"13", "dGhlIHNhbXBsZSBub25jZQa=", 400},
	    {"13", "dGhlIHNhbXBsZSBub25j*Q==", 400},
	    {"13", "dGhlIHNhbXBsZSBub25jZQ-=", 400},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_field fields[] = {
		    field("sec-websocket-version", rows[i].version),
		    field("SEC-WEBSOCKET-KEY", rows[i].key),
		};
		struct http_request request = {
		    .is_upgrade = true, .fields = fields, .field_count = 2};

		assert_int_equal(websocket_handshake_check(&request), rows[i].status);
		request.is_upgrade = false;
		assert_int_equal(websocket_handshake_check(&request), 400);
	}
}

/* Two keys are none: which one would the answer be to? */
static void test_handshake_refuses_two_keys(void **state)
{
	struct http_field fields[] = {
	    field("Sec-WebSocket-Version", "13"),
	    field("Sec-WebSocket-Key", KEY),
	    field("Sec-WebSocket-Key", KEY),
	};
	struct http_request request = {.is_upgrade = true, .fields = fields, .field_count = 3};

	(void)state;
	assert_int_equal(websocket_handshake_check(&request), 400);
	request.field_count = 2;
	assert_int_equal(websocket_handshake_check(&request), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake_accepts_the_key_of_the_rfc),
	    cmocka_unit_test(test_handshake_checks_version_and_key),
	    cmocka_unit_test(test_handshake_refuses_two_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
