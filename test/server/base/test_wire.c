/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/wire: immutable bytes with a count. */
#include "server/base/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

/* wire.h: wire_copy() copies; what the caller does with its bytes later does not show. */
static void test_wire_copy_keeps_its_own_bytes(void **state)
{
	char bytes[] = "abc";
	struct wire *wire = wire_copy(bytes, 3);

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(wire->length, 3);
	assert_memory_equal(wire->bytes, "abc", 3);
	wire_unref(wire);
}

/* wire.h: wire_take() takes the memory itself over, and the buffer can be filled again. */
static void test_wire_take_moves_the_buffer(void **state)
{
	struct buffer buffer = {0};
	struct wire *wire;

	(void)state;
	buffer_append_text(&buffer, "first");
	wire = wire_take(&buffer);
	assert_null(buffer.bytes);
	assert_int_equal(buffer.length, 0);
	buffer_append_text(&buffer, "other");
	assert_int_equal(wire->length, 5);
	assert_memory_equal(wire->bytes, "first", 5);
	wire_unref(wire);
	buffer_finish(&buffer);
}

struct counted_wire {
	struct wire wire;
	unsigned releases;
};

static void on_released(struct wire *wire)
{
	container_of(wire, struct counted_wire, wire)->releases++;
}

/* wire.h: `release` is called when the last reference goes, not before and not twice. */
static void test_wire_is_released_once_with_the_last_reference(void **state)
{
	struct counted_wire counted = {
	    .wire = {.bytes = "x", .length = 1, .references = 1, .release = on_released}};

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_ptr_equal(wire_ref(&counted.wire), &counted.wire);
	}
	for (int i = 0; i < 100; i++) {
		wire_unref(&counted.wire);
		assert_int_equal(counted.releases, 0);
	}
	wire_unref(&counted.wire);
	assert_int_equal(counted.releases, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wire_copy_keeps_its_own_bytes),
	    cmocka_unit_test(test_wire_take_moves_the_buffer),
	    cmocka_unit_test(test_wire_is_released_once_with_the_last_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
