/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_chunk.h"

static void expect(size_t length, const char *head)
{
	struct buffer data = {0}, chunk = {0};
	struct text found;

	for (size_t i = 0; i < length; i++) {
		buffer_append_byte(&data, "\r\n0"[i % 3]); /* data may look like framing */
	}
	http_chunk_write(&chunk, (struct text){.bytes = data.bytes, .length = length});
	assert_int_equal(chunk.length, strlen(head) + length + 2);
	assert_memory_equal(chunk.bytes, head, strlen(head));
	assert_memory_equal(chunk.bytes + strlen(head), data.bytes, length);
	assert_memory_equal(chunk.bytes + strlen(head) + length, "\r\n", 2);
	found = http_chunk_data((struct text){.bytes = chunk.bytes, .length = chunk.length});
	assert_int_equal(found.length, length);
	assert_memory_equal(found.bytes, data.bytes, length);
	buffer_finish(&chunk);
	buffer_finish(&data);
}

/* RFC 9112 §7.1: the length in hexadecimal, without leading zeros, and line ends. */
static void test_chunk_has_its_length_in_front(void **state)
{
	(void)state;
	expect(1, "1\r\n");
	expect(15, "f\r\n");
	expect(16, "10\r\n");
	expect(70000, "11170\r\n");
}

/* Chunks stand one behind the other. */
static void test_chunk_is_added(void **state)
{
	struct buffer out = {0};

	(void)state;
	http_chunk_write(&out, (struct text){.bytes = "ab", .length = 2});
	http_chunk_write(&out, (struct text){.bytes = "c", .length = 1});
	buffer_append_text(&out, HTTP_CHUNK_END);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chunk_has_its_length_in_front),
	    cmocka_unit_test(test_chunk_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
