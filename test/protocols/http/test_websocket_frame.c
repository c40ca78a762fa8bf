/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/websocket_frame.h"

/* RFC 6455 §5.7: "Hello" in an unmasked frame. */
static void test_frame_is_the_example_of_the_rfc(void **state)
{
	struct buffer out = {0};

	(void)state;
	websocket_frame_text(&out, "Hello", 5);
	assert_int_equal(out.length, 7);
	assert_memory_equal(out.bytes, "\x81\x05\x48\x65\x6c\x6c\x6f", 7);
	buffer_finish(&out);
}

/* RFC 6455 §11.8: opcode 2; all else is as for text. */
static void test_frame_can_be_binary(void **state)
{
	struct buffer out = {0};

	(void)state;
	websocket_frame_binary(&out, "\xff\0", 2);
	assert_int_equal(out.length, 4);
	assert_memory_equal(out.bytes, "\x82\x02\xff\0", 4);
	buffer_finish(&out);
}

/* RFC 6455 §5.2: the length in as few bytes as it takes. */
static void test_frame_has_the_shortest_length(void **state)
{
	static char text[65536];
	static const struct {
		size_t length;
		const char *header;
		size_t header_length;
	} rows[] = {
	    {0, "\x81\0", 2},
	    {125, "\x81\x7d", 2},
	    {126, "\x81\x7e\0\x7e", 4},
	    {65535, "\x81\x7e\xff\xff", 4},
	    {65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer out = {0};

		websocket_frame_text(&out, text, rows[i].length);
		assert_int_equal(out.length, rows[i].header_length + rows[i].length);
		assert_memory_equal(out.bytes, rows[i].header, rows[i].header_length);
		buffer_finish(&out);
	}
}

/* RFC 6455 §5.5.1: a code in network order and a text; §5.5: at most 125 bytes, and UTF-8. */
static void test_close_frame_is_cut_at_a_character(void **state)
{
	struct buffer out = {0};
	char text[200];

	(void)state;
	websocket_frame_close(&out, 1001, "Bye");
	assert_int_equal(out.length, 7);
	assert_memory_equal(out.bytes,
	                    "\x88\x05\x03\xe9"
	                    "Bye",
	                    7);
	buffer_clear(&out);
	memset(text, 'a', 122);
	memcpy(text + 122, "\xc3\xa9rest", 7);
	websocket_frame_close(&out, 1000, text);
	assert_int_equal(out.length, 2 + 2 + 122);
	assert_int_equal((unsigned char)out.bytes[1], 124);
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame_is_the_example_of_the_rfc),
	    cmocka_unit_test(test_frame_can_be_binary),
	    cmocka_unit_test(test_frame_has_the_shortest_length),
	    cmocka_unit_test(test_close_frame_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
