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

/* RFC 6455 §11.3.5: the version comes once, even when both say the same. */
static void test_handshake_refuses_two_versions(void **state)
{
	static const char *const seconds[] = {"13", "8"};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct http_field fields[] = {
		    field("Sec-WebSocket-Version", "13"),
		    field("Sec-WebSocket-Key", KEY),
		    field("Sec-WebSocket-Version", seconds[i]),
		};
		struct http_request request = {
		    .is_upgrade = true, .fields = fields, .field_count = 3};

		assert_int_equal(websocket_handshake_check(&request), 400);
	}
}

/* RFC 6455 §4.2.2: the first of the client's that is supported, in any number of lines. */
static void test_handshake_chooses_the_clients_first_subprotocol(void **state)
{
	static const char *const supported[] = {"a", "b", NULL};
	static const struct {
		const char *offered[2]; /* in two lines; NULL: not there */
		const char *chosen;
	} rows[] = {
	    {{"a, b", NULL}, "a"}, {{"b, a", NULL}, "b"}, {{"c,b , a", NULL}, "b"},
	    {{"c", "b,a"}, "b"},   {{"c", "d"}, NULL},    {{"", "A"}, NULL},
	    {{"ab", "a b"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_field fields[2];
		struct http_request request = {.fields = fields};
		const char *chosen;

		while (request.field_count < 2 && rows[i].offered[request.field_count] != NULL) {
			fields[request.field_count] =
			    field("sec-websocket-protocol", rows[i].offered[request.field_count]);
			request.field_count++;
		}
		assert_null(websocket_handshake_subprotocol(&request, NULL));
		chosen = websocket_handshake_subprotocol(&request, supported);
		if (rows[i].chosen == NULL) {
			assert_null(chosen);
		} else {
			assert_string_equal(chosen, rows[i].chosen);
		}
	}
}

/* RFC 6455 §4.2.2: the choice is told, and nothing is where nothing was chosen. */
static void test_handshake_answers_with_the_subprotocol(void **state)
{
	struct http_field key = field("Sec-WebSocket-Key", KEY);
	struct http_request request = {.fields = &key, .field_count = 1};
	struct buffer out = {0};

	(void)state;
	websocket_handshake_answer(&out, &request, NULL);
	buffer_append_byte(&out, '\0');
	assert_null(strstr(out.bytes, "Sec-WebSocket-Protocol"));
	buffer_clear(&out);
	websocket_handshake_answer(&out, &request, "b");
	buffer_append_byte(&out, '\0');
	assert_non_null(strstr(out.bytes, "\r\nSec-WebSocket-Protocol: b\r\n\r\n"));
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake_accepts_the_key_of_the_rfc),
	    cmocka_unit_test(test_handshake_checks_version_and_key),
	    cmocka_unit_test(test_handshake_refuses_two_keys),
	    cmocka_unit_test(test_handshake_refuses_two_versions),
	    cmocka_unit_test(test_handshake_chooses_the_clients_first_subprotocol),
	    cmocka_unit_test(test_handshake_answers_with_the_subprotocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
