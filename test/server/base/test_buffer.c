/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/buffer: bytes that grow, are consumed and are given away. */
#include "server/base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_holds(const struct buffer *buffer, const char *text)
{
	assert_int_equal(buffer->length, strlen(text));
	assert_memory_equal(buffer->bytes, text, strlen(text));
}

/* buffer.h: all zero is an empty buffer, which owns nothing and needs no buffer_finish(). */
static void test_buffer_of_zeroes_is_empty_and_may_be_finished(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append(&buffer, NULL, 0);
	assert_null(buffer.bytes);
	buffer_finish(&buffer);
	assert_null(buffer.bytes);
	assert_int_equal(buffer.length, 0);
	assert_int_equal(buffer.capacity, 0);
}

/* buffer.h: each of the four ways to add puts its bytes behind what is there. */
static void test_buffer_keeps_the_order_of_what_is_added(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append(&buffer, "PRIV", 4);
	buffer_append_text(&buffer, "MSG");
	buffer_append_byte(&buffer, ' ');
	buffer_printf(&buffer, "#%s.%d", "en", 42);
	assert_holds(&buffer, "PRIVMSG #en.42");
	buffer_finish(&buffer);
}

/* buffer.h: bytes, not text: a NUL is a byte like any other. */
static void test_buffer_keeps_bytes_behind_a_nul(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append(&buffer, "a\0b", 3);
	assert_int_equal(buffer.length, 3);
	assert_memory_equal(buffer.bytes, "a\0b", 3);
	buffer_finish(&buffer);
}

/* buffer.h: it grows without limit and loses nothing while it moves. */
static void test_buffer_keeps_its_bytes_when_it_grows(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		buffer_append_byte(&buffer, (char)(i % 251));
	}
	assert_int_equal(buffer.length, 100000);
	assert_true(buffer.capacity >= buffer.length);
	for (size_t i = 0; i < buffer.length; i++) {
		assert_int_equal(buffer.bytes[i], (char)(i % 251));
	}
	buffer_finish(&buffer);
}

/* buffer.h: a reservation is room to write in; the length is the caller's to move. */
static void test_buffer_lends_room_that_counts_only_when_the_length_moves(void **state)
{
	struct buffer buffer = {0};
	char *room;

	(void)state;
	buffer_append_text(&buffer, "head ");
	room = buffer_reserve(&buffer, 1000);
	memset(room, 'x', 1000); /* the sanitizer looks on */
	assert_holds(&buffer, "head ");
	buffer.length += 4;
	assert_holds(&buffer, "head xxxx");
	buffer_finish(&buffer);
}

/* buffer.h: room that is there already is lent where it is, so that pointers into it hold. */
static void test_buffer_does_not_move_while_there_is_room(void **state)
{
	struct buffer buffer = {0};
	const char *bytes;

	(void)state;
	(void)buffer_reserve(&buffer, 500);
	bytes = buffer.bytes;
	for (size_t i = 0; i < 500; i++) {
		buffer_append_byte(&buffer, 'x');
	}
	assert_ptr_equal(buffer.bytes, bytes);
	buffer_finish(&buffer);
}

/* buffer.h: what printf() would print, however long, and without its NUL. */
static void test_buffer_printf_adds_texts_of_any_length(void **state)
{
	struct buffer buffer = {0};
	char text[5001];

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buffer_printf(&buffer, "%s", "");
	assert_int_equal(buffer.length, 0);
	buffer_printf(&buffer, "<%s>", text);
	assert_int_equal(buffer.length, 5002);
	assert_int_equal(buffer.bytes[0], '<');
	assert_memory_equal(buffer.bytes + 1, text, 5000);
	assert_int_equal(buffer.bytes[5001], '>');
	buffer_finish(&buffer);
}

/* buffer.h: consuming forgets from the front, a part or all of it. */
static void test_buffer_consumes_from_the_front(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append_text(&buffer, "NICK a\r\nUSER b\r\n");
	buffer_consume(&buffer, 0);
	buffer_consume(&buffer, 8);
	assert_holds(&buffer, "USER b\r\n");
	buffer_consume(&buffer, 8);
	assert_int_equal(buffer.length, 0);
	buffer_append_text(&buffer, "QUIT");
	assert_holds(&buffer, "QUIT");
	buffer_finish(&buffer);
}

/* buffer.h: clearing keeps the memory, so that the next round allocates nothing. */
static void test_buffer_keeps_its_memory_when_cleared(void **state)
{
	struct buffer buffer = {0};
	const char *bytes;

	(void)state;
	buffer_append_text(&buffer, "first");
	bytes = buffer.bytes;
	buffer_clear(&buffer);
	assert_int_equal(buffer.length, 0);
	buffer_append_text(&buffer, "2nd");
	assert_ptr_equal(buffer.bytes, bytes);
	assert_holds(&buffer, "2nd");
	buffer_finish(&buffer);
}

/* buffer.h: the taker owns the bytes, a NUL stands behind them, the buffer starts anew. */
static void test_buffer_gives_its_bytes_with_a_nul_behind_them(void **state)
{
	struct buffer buffer = {0};
	size_t length;
	char *taken;

	(void)state;
	buffer_append(&buffer, "a\0b", 3);
	taken = buffer_take(&buffer, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(taken, "a\0b", 4);
	assert_null(buffer.bytes);
	assert_int_equal(buffer.capacity, 0);
	free(taken);
}

/* buffer.h: an empty buffer gives an empty text, and who needs no length passes NULL. */
static void test_buffer_gives_an_empty_text_when_nothing_was_added(void **state)
{
	struct buffer buffer = {0};
	char *taken = buffer_take(&buffer, NULL);

	(void)state;
	assert_string_equal(taken, "");
	free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buffer_of_zeroes_is_empty_and_may_be_finished),
	    cmocka_unit_test(test_buffer_keeps_the_order_of_what_is_added),
	    cmocka_unit_test(test_buffer_keeps_bytes_behind_a_nul),
	    cmocka_unit_test(test_buffer_keeps_its_bytes_when_it_grows),
	    cmocka_unit_test(test_buffer_lends_room_that_counts_only_when_the_length_moves),
	    cmocka_unit_test(test_buffer_does_not_move_while_there_is_room),
	    cmocka_unit_test(test_buffer_printf_adds_texts_of_any_length),
	    cmocka_unit_test(test_buffer_consumes_from_the_front),
	    cmocka_unit_test(test_buffer_keeps_its_memory_when_cleared),
	    cmocka_unit_test(test_buffer_gives_its_bytes_with_a_nul_behind_them),
	    cmocka_unit_test(test_buffer_gives_an_empty_text_when_nothing_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
