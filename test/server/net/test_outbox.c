/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/outbox: a queue of wires, and the pool its chunks come from. */
#include "server/net/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define PIECES 1024

struct fixture {
	struct outbox_pool pool;
	struct outbox outbox;
};

static int setup(void **state)
{
	*state = mem_new(struct fixture);
	return 0;
}

/* Every test ends with its outbox cleared, whatever is in it: LeakSanitizer sees a wire that stays.
 */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	outbox_clear(&fixture->pool, &fixture->outbox);
	assert_null(fixture->outbox.first);
	assert_null(fixture->outbox.last);
	assert_int_equal(fixture->outbox.bytes, 0);
	assert_int_equal(fixture->outbox.offset, 0);
	outbox_pool_finish(&fixture->pool);
	free(fixture);
	return 0;
}

static void push_text(struct fixture *fixture, const char *text)
{
	struct wire *wire = wire_copy(text, strlen(text));

	outbox_push(&fixture->pool, &fixture->outbox, wire);
	wire_unref(wire);
}

/* Hold all that waits, read in pieces, against a text. */
static void assert_holds(const struct fixture *fixture, const char *text, size_t length)
{
	struct iovec pieces[PIECES];
	size_t count = outbox_peek(&fixture->outbox, pieces, PIECES);
	size_t at = 0;

	assert_int_equal(fixture->outbox.bytes, length);
	for (size_t i = 0; i < count; i++) {
		assert_true(pieces[i].iov_len > 0);
		assert_true(at + pieces[i].iov_len <= length);
		assert_memory_equal(pieces[i].iov_base, text + at, pieces[i].iov_len);
		at += pieces[i].iov_len;
	}
	assert_int_equal(at, length);
}

static void assert_holds_text(const struct fixture *fixture, const char *text)
{
	assert_holds(fixture, text, strlen(text));
}

/* outbox.h: what is pushed comes out in order; what is advanced over is gone, within a wire too. */
static void test_outbox_gives_bytes_in_the_order_of_pushing(void **state)
{
	struct fixture *fixture = *state;

	push_text(fixture, "one");
	push_text(fixture, "two");
	assert_holds_text(fixture, "onetwo");
	outbox_advance(&fixture->pool, &fixture->outbox, 2);
	assert_holds_text(fixture, "etwo");
	push_text(fixture, "three");
	outbox_advance(&fixture->pool, &fixture->outbox, 3);
	assert_holds_text(fixture, "othree");
	outbox_advance(&fixture->pool, &fixture->outbox, 6);
	assert_holds_text(fixture, "");
}

/* outbox.h: no more pieces than asked for; the first one begins where the last write ended. */
static void test_outbox_peek_keeps_to_the_count(void **state)
{
	struct fixture *fixture = *state;
	struct iovec pieces[2];

	assert_int_equal(outbox_peek(&fixture->outbox, pieces, 2), 0);
	for (int i = 0; i < 100; i++) {
		push_text(fixture, "abc");
	}
	outbox_advance(&fixture->pool, &fixture->outbox, 1);
	assert_int_equal(outbox_peek(&fixture->outbox, pieces, 2), 2);
	assert_int_equal(pieces[0].iov_len, 2);
	assert_memory_equal(pieces[0].iov_base, "bc", 2);
	assert_int_equal(pieces[1].iov_len, 3);
	assert_int_equal(outbox_peek(&fixture->outbox, pieces, 0), 0);
}

/* outbox.h: an outbox holds a reference of its own until the wire is advanced over. */
static void test_outbox_holds_a_reference_while_the_wire_waits(void **state)
{
	struct fixture *fixture = *state;
	struct wire *wire = wire_copy("abc", 3);

	outbox_push(&fixture->pool, &fixture->outbox, wire);
	outbox_push(&fixture->pool, &fixture->outbox, wire);
	assert_int_equal(wire->references, 3);
	outbox_advance(&fixture->pool, &fixture->outbox, 2);
	assert_int_equal(wire->references, 3);
	outbox_advance(&fixture->pool, &fixture->outbox, 1);
	assert_int_equal(wire->references, 2);
	outbox_clear(&fixture->pool, &fixture->outbox);
	assert_int_equal(wire->references, 1);
	wire_unref(wire);
}

/* outbox.h: trimming keeps the first wires, whole or not, and what is pushed then follows them. */
static void test_outbox_trim_keeps_the_first_wires(void **state)
{
	struct fixture *fixture = *state;

	push_text(fixture, "one");
	push_text(fixture, "two");
	push_text(fixture, "three");
	outbox_advance(&fixture->pool, &fixture->outbox, 1);
	outbox_trim(&fixture->pool, &fixture->outbox, 5);
	assert_holds_text(fixture, "netwothree");
	outbox_trim(&fixture->pool, &fixture->outbox, 2);
	assert_holds_text(fixture, "netwo");
	push_text(fixture, "end");
	assert_holds_text(fixture, "netwoend");
}

/* outbox.h: a wire partly sent is kept in any case, one not begun is not. */
static void test_outbox_trim_keeps_a_wire_that_is_half_sent(void **state)
{
	struct fixture *fixture = *state;

	push_text(fixture, "one");
	push_text(fixture, "two");
	outbox_advance(&fixture->pool, &fixture->outbox, 1);
	outbox_trim(&fixture->pool, &fixture->outbox, 0);
	assert_holds_text(fixture, "ne");
	outbox_advance(&fixture->pool, &fixture->outbox, 2);
	push_text(fixture, "whole");
	outbox_trim(&fixture->pool, &fixture->outbox, 0);
	assert_holds_text(fixture, "");
	outbox_trim(&fixture->pool, &fixture->outbox, 0);
	assert_holds_text(fixture, "");
}

/* outbox.h: chunks go back to the pool, an idle connection holds none, and they are used again. */
static void test_outbox_gives_its_chunks_back(void **state)
{
	struct fixture *fixture = *state;
	size_t free_count;

	for (int i = 0; i < 1000; i++) {
		push_text(fixture, "x");
	}
	assert_int_equal(fixture->pool.free_count, 0);
	outbox_advance(&fixture->pool, &fixture->outbox, 1000);
	assert_null(fixture->outbox.first);
	free_count = fixture->pool.free_count;
	assert_true(free_count > 0);
	for (int i = 0; i < 1000; i++) {
		push_text(fixture, "x");
	}
	assert_int_equal(fixture->pool.free_count, 0);
	outbox_clear(&fixture->pool, &fixture->outbox);
	assert_int_equal(fixture->pool.free_count, free_count);
}

/* outbox.c: the pool is bounded; a drained burst gives its memory back. */
static void test_outbox_pool_does_not_keep_a_burst(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 400000; i++) {
		push_text(fixture, "x");
	}
	outbox_clear(&fixture->pool, &fixture->outbox);
	assert_true(fixture->pool.free_count > 0);
	assert_true(fixture->pool.free_count < 5000);
}

/* The same queue as anyone would write it: bytes, and where each wire ends. */
struct naive {
	char bytes[1 << 16];
	size_t length;
	size_t ends[PIECES]; /* from the beginning of `bytes` */
	size_t count;
	bool is_half_sent;
};

static void naive_push(struct naive *model, const char *bytes, size_t length)
{
	memcpy(model->bytes + model->length, bytes, length);
	model->length += length;
	model->ends[model->count++] = model->length;
}

static void naive_advance(struct naive *model, size_t length)
{
	size_t done = 0;

	if (length == 0) {
		return;
	}
	while (done < model->count && model->ends[done] <= length) {
		done++;
	}
	model->is_half_sent = length != (done > 0 ? model->ends[done - 1] : 0);
	model->count -= done;
	for (size_t i = 0; i < model->count; i++) {
		model->ends[i] = model->ends[i + done] - length;
	}
	model->length -= length;
	memmove(model->bytes, model->bytes + length, model->length);
}

static void naive_trim(struct naive *model, size_t keep)
{
	if (keep == 0 && model->is_half_sent) {
		keep = 1;
	}
	if (keep < model->count) {
		model->count = keep;
		model->length = keep > 0 ? model->ends[keep - 1] : 0;
	}
}

static void push_random(struct fixture *fixture, struct naive *model)
{
	char bytes[64];
	size_t length = (size_t)rand() % sizeof(bytes) + 1;
	struct wire *wire;

	for (size_t i = 0; i < length; i++) {
		bytes[i] = (char)rand();
	}
	wire = wire_copy(bytes, length);
	outbox_push(&fixture->pool, &fixture->outbox, wire);
	wire_unref(wire);
	naive_push(model, bytes, length);
}

static void step_randomly(struct fixture *fixture, struct naive *model)
{
	int choice = rand() % 100;

	if (choice < 55 && model->count < PIECES) {
		push_random(fixture, model);
	} else if (choice < 98) {
		size_t length = (size_t)rand() % (model->length + 1);

		length = rand() % 8 == 0 ? length : length % 100;
		outbox_advance(&fixture->pool, &fixture->outbox, length);
		naive_advance(model, length);
	} else {
		size_t keep = rand() % 4 == 0 ? 0 : (size_t)rand() % (model->count + 2);

		outbox_trim(&fixture->pool, &fixture->outbox, keep);
		naive_trim(model, keep);
	}
}

/* outbox.h, all of it: random wires and steps, against an array of bytes. */
static void test_outbox_does_what_an_array_does(void **state)
{
	struct fixture *fixture = *state;
	struct naive *model = mem_new(struct naive);
	unsigned seed = (unsigned)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 30000; i++) {
		step_randomly(fixture, model);
		assert_holds(fixture, model->bytes, model->length);
	}
	free(model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_outbox_gives_bytes_in_the_order_of_pushing),
	    TEST(test_outbox_peek_keeps_to_the_count),
	    TEST(test_outbox_holds_a_reference_while_the_wire_waits),
	    TEST(test_outbox_trim_keeps_the_first_wires),
	    TEST(test_outbox_trim_keeps_a_wire_that_is_half_sent),
	    TEST(test_outbox_gives_its_chunks_back),
	    TEST(test_outbox_pool_does_not_keep_a_burst),
	    TEST(test_outbox_does_what_an_array_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
