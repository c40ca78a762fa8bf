/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/slices: what many outboxes hold, joined once. */
#include "server/net/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define OUTBOXES 3

struct fixture {
	struct outbox_pool pool;
	struct outbox outboxes[OUTBOXES];
	struct slices slices;
	struct wire *wires[SLICE_WIRES_MAX + 1]; /* "0 ", "1 ", ... */
};

static int setup(void **state)
{
	struct fixture *fixture = mem_new(struct fixture);

	for (size_t i = 0; i <= SLICE_WIRES_MAX; i++) {
		const char text[] = {(char)('0' + i % 10), ' '};

		fixture->wires[i] = wire_copy(text, sizeof(text));
	}
	*state = fixture;
	return 0;
}

/* Nobody but the test holds a wire when all is forgotten. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < OUTBOXES; i++) {
		outbox_clear(&fixture->pool, &fixture->outboxes[i]);
	}
	slices_finish(&fixture->slices);
	for (size_t i = 0; i <= SLICE_WIRES_MAX; i++) {
		assert_int_equal(fixture->wires[i]->references, 1);
		wire_unref(fixture->wires[i]);
	}
	outbox_pool_finish(&fixture->pool);
	free(fixture);
	return 0;
}

/* Put the wires from..to-1 into an outbox that is empty then. */
static const struct outbox *fill(struct fixture *fixture, size_t number, size_t from, size_t to)
{
	struct outbox *outbox = &fixture->outboxes[number];

	outbox_clear(&fixture->pool, outbox);
	for (size_t i = from; i < to; i++) {
		outbox_push(&fixture->pool, outbox, fixture->wires[i]);
	}
	return outbox;
}

static void assert_found(struct fixture *fixture, const struct outbox *outbox, const char *text)
{
	struct iovec whole;

	assert_true(slices_find(&fixture->slices, outbox, &whole));
	assert_int_equal(whole.iov_len, strlen(text));
	assert_memory_equal(whole.iov_base, text, whole.iov_len);
}

static void assert_not_found(struct fixture *fixture, const struct outbox *outbox)
{
	struct iovec whole;

	assert_false(slices_find(&fixture->slices, outbox, &whole));
}

/* slices.h: noted when it is met first, joined when it is met again, by whomever. */
static void test_slices_join_what_is_met_twice(void **state)
{
	struct fixture *fixture = *state;

	assert_not_found(fixture, fill(fixture, 0, 0, 3));
	assert_found(fixture, fill(fixture, 1, 0, 3), "0 1 2 ");
	assert_found(fixture, fill(fixture, 2, 0, 3), "0 1 2 ");
	assert_not_found(fixture, fill(fixture, 0, 0, 2));
	assert_not_found(fixture, fill(fixture, 0, 1, 4));
	assert_found(fixture, fill(fixture, 0, 0, 3), "0 1 2 ");
	assert_found(fixture, fill(fixture, 1, 1, 4), "1 2 3 ");
}

/* slices.h: a few are known at a time, the oldest gives way. */
static void test_slices_know_a_few(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i <= SLICES_KNOWN; i++) {
		assert_not_found(fixture, fill(fixture, 0, i, i + 2));
	}
	for (size_t i = 1; i <= SLICES_KNOWN; i++) {
		const char text[] = {(char)('0' + i), ' ', (char)('0' + i + 1), ' ', '\0'};

		if (i + 1 < 10) {
			assert_found(fixture, fill(fixture, 1, i, i + 2), text);
		}
	}
	assert_not_found(fixture, fill(fixture, 1, 0, 2));
}

/* slices.h: what differs in a later chunk of the outbox, or in its length, is not the same. */
static void test_slices_compare_every_wire(void **state)
{
	struct fixture *fixture = *state;
	const struct outbox *outbox = fill(fixture, 0, 0, 100);

	assert_not_found(fixture, outbox);
	(void)fill(fixture, 1, 0, 99);
	outbox_push(&fixture->pool, &fixture->outboxes[1], fixture->wires[100]);
	assert_not_found(fixture, &fixture->outboxes[1]);
	assert_not_found(fixture, fill(fixture, 1, 0, 99));
	assert_true(slices_find(&fixture->slices, outbox, &(struct iovec){0}));
}

/* slices.h: one wire needs no joining, one that is partly sent none of the others has. */
static void test_slices_leave_the_rest_alone(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		assert_not_found(fixture, fill(fixture, 0, 0, 0));
		assert_not_found(fixture, fill(fixture, 0, 0, 1));
		assert_not_found(fixture, fill(fixture, 0, 0, SLICE_WIRES_MAX + 1));
		(void)fill(fixture, 0, 0, 3);
		outbox_advance(&fixture->pool, &fixture->outboxes[0], 1);
		assert_not_found(fixture, &fixture->outboxes[0]);
	}
}

/* slices.h: more bytes than SLICE_BYTES_MAX are not copied. */
static void test_slices_join_no_more_than_so_much(void **state)
{
	struct fixture *fixture = *state;
	char *bytes = mem_zeroed(SLICE_BYTES_MAX);
	struct wire *rest = wire_copy(bytes, SLICE_BYTES_MAX - 2);
	struct wire *one_more = wire_copy(bytes, SLICE_BYTES_MAX - 1);
	struct iovec whole;

	for (int i = 0; i < 2; i++) {
		(void)fill(fixture, 0, 0, 1);
		outbox_push(&fixture->pool, &fixture->outboxes[0], one_more);
		assert_not_found(fixture, &fixture->outboxes[0]);
	}
	(void)fill(fixture, 0, 0, 1);
	outbox_push(&fixture->pool, &fixture->outboxes[0], rest);
	assert_not_found(fixture, &fixture->outboxes[0]);
	assert_true(slices_find(&fixture->slices, &fixture->outboxes[0], &whole));
	assert_int_equal(whole.iov_len, SLICE_BYTES_MAX);
	slices_clear(&fixture->slices);
	assert_not_found(fixture, &fixture->outboxes[0]);
	slices_clear(&fixture->slices);
	outbox_clear(&fixture->pool, &fixture->outboxes[0]);
	assert_int_equal(rest->references, 1);
	wire_unref(rest);
	wire_unref(one_more);
	free(bytes);
}

/* slices.h: all is forgotten, and no wire kept: another may come to be where one was. */
static void test_slices_forget(void **state)
{
	struct fixture *fixture = *state;

	assert_not_found(fixture, fill(fixture, 0, 0, 3));
	assert_found(fixture, fill(fixture, 0, 0, 3), "0 1 2 ");
	outbox_clear(&fixture->pool, &fixture->outboxes[0]);
	assert_int_equal(fixture->wires[0]->references, 2);
	slices_clear(&fixture->slices);
	assert_int_equal(fixture->wires[0]->references, 1);
	assert_not_found(fixture, fill(fixture, 0, 0, 3));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_slices_join_what_is_met_twice),    TEST(test_slices_know_a_few),
	    TEST(test_slices_compare_every_wire),        TEST(test_slices_leave_the_rest_alone),
	    TEST(test_slices_join_no_more_than_so_much), TEST(test_slices_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
