/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/flush_queue: who is written to, and when. */
#include "server/net/flush_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "server/base/memory.h"
#include "server/net/connection.h"

#define CONNECTIONS 4
#define MS          UINT64_C(1000000)
#define START       (1000 * MS)

struct fixture {
	struct flush_queue queue;
	struct connection connections[CONNECTIONS];
};

static int setup(void **state)
{
	*state = mem_new(struct fixture);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		flush_queue_remove(&fixture->queue, &fixture->connections[i]);
	}
	assert_true(flush_queue_has_written(&fixture->queue));
	assert_null(flush_queue_next_urgent(&fixture->queue));
	free(fixture);
	return 0;
}

static void add_change(struct fixture *fixture, size_t number)
{
	flush_queue_add_change(&fixture->queue, &fixture->connections[number]);
}

static void add(struct fixture *fixture, size_t number)
{
	flush_queue_add(&fixture->queue, &fixture->connections[number]);
}

static void assert_next(struct fixture *fixture, uint64_t now_ns, size_t number)
{
	assert_ptr_equal(flush_queue_next(&fixture->queue, now_ns), &fixture->connections[number]);
}

static void assert_none(struct fixture *fixture, uint64_t now_ns)
{
	assert_null(flush_queue_next(&fixture->queue, now_ns));
}

/* flush_queue.h: in the order of asking, each once however often it asked. */
static void test_flush_queue_gives_everyone_once_in_order(void **state)
{
	struct fixture *fixture = *state;

	add_change(fixture, 2);
	add_change(fixture, 0);
	add_change(fixture, 2);
	add(fixture, 3);
	add(fixture, 1);
	add(fixture, 3);
	assert_ptr_equal(flush_queue_next_urgent(&fixture->queue), &fixture->connections[3]);
	assert_ptr_equal(flush_queue_next_urgent(&fixture->queue), &fixture->connections[1]);
	assert_null(flush_queue_next_urgent(&fixture->queue));
	assert_next(fixture, 0, 2);
	assert_next(fixture, 0, 0);
	assert_none(fixture, 0);
	add_change(fixture, 2);
	assert_next(fixture, 0, 2);
	assert_none(fixture, 0);
}

/* flush_queue.h: without a delay a change is due at once, and never waits for a time. */
static void test_flush_queue_without_a_delay_lets_changes_through(void **state)
{
	struct fixture *fixture = *state;

	assert_true(flush_queue_wait_ms(&fixture->queue, START) == UINT64_MAX);
	for (int i = 0; i < 3; i++) {
		add_change(fixture, 0);
		assert_int_equal(flush_queue_wait_ms(&fixture->queue, START), 0);
		assert_next(fixture, START, 0);
	}
}

/* flush_queue.h: a round is over when all that was due at its beginning was taken, or went. */
static void test_flush_queue_counts_rounds(void **state)
{
	struct fixture *fixture = *state;

	add_change(fixture, 0);
	add_change(fixture, 1);
	add_change(fixture, 2);
	assert_next(fixture, 0, 0);
	add_change(fixture, 0); /* of the next round */
	add_change(fixture, 1); /* still in this one */
	assert_next(fixture, 0, 1);
	assert_int_equal(fixture->queue.rounds, 0);
	flush_queue_remove(&fixture->queue, &fixture->connections[2]);
	assert_int_equal(fixture->queue.rounds, 1);
	assert_false(flush_queue_has_written(&fixture->queue));
	assert_next(fixture, 0, 0);
	assert_int_equal(fixture->queue.rounds, 2);
	assert_true(flush_queue_has_written(&fixture->queue));
}

/* flush_queue.h: the first after a silence at once, then no more often than the delay. */
static void test_flush_queue_delays_all_but_the_first(void **state)
{
	struct fixture *fixture = *state;

	fixture->queue.delay_ns = 100 * MS;
	add_change(fixture, 0);
	add_change(fixture, 1);
	assert_next(fixture, START, 0);
	add_change(fixture, 0); /* was written to: waits */
	add_change(fixture, 1); /* is due still: gets both with one write */
	assert_next(fixture, START + 2 * MS, 1);
	assert_none(fixture, START + 3 * MS);
	assert_int_equal(flush_queue_wait_ms(&fixture->queue, START + 3 * MS), 97);
	assert_int_equal(flush_queue_wait_ms(&fixture->queue, START + 100 * MS - 1), 1);
	assert_none(fixture, START + 100 * MS - 1);
	assert_int_equal(flush_queue_wait_ms(&fixture->queue, START + 100 * MS), 0);
	assert_next(fixture, START + 100 * MS, 0);
	assert_none(fixture, START + 101 * MS);
	add_change(fixture, 0);
	assert_next(fixture, START + 500 * MS, 0);
}

/* flush_queue.h: adaptive, nine times the length of the round, the delay at most. */
static void test_flush_queue_that_is_adaptive_rests_after_a_round(void **state)
{
	struct fixture *fixture = *state;

	fixture->queue.delay_ns = 100 * MS;
	fixture->queue.is_adaptive = true;
	add_change(fixture, 0);
	assert_next(fixture, START, 0);
	assert_none(fixture, START + 2 * MS); /* the round took 2 ms */
	add_change(fixture, 0);
	assert_none(fixture, START + 20 * MS - 1);
	assert_next(fixture, START + 20 * MS, 0);
	assert_none(fixture, START + 60 * MS); /* and this one 40 */
	add_change(fixture, 0);
	assert_none(fixture, START + 120 * MS - 1);
	assert_next(fixture, START + 120 * MS, 0);
}

/* flush_queue.h: what is for one client alone does not wait, and takes its changes along. */
static void test_flush_queue_does_not_delay_what_is_urgent(void **state)
{
	struct fixture *fixture = *state;

	fixture->queue.delay_ns = 100 * MS;
	add_change(fixture, 0);
	assert_next(fixture, START, 0);
	assert_none(fixture, START);
	add_change(fixture, 0);
	add_change(fixture, 1);
	add(fixture, 0);
	assert_int_equal(flush_queue_wait_ms(&fixture->queue, START), 0);
	assert_ptr_equal(flush_queue_next_urgent(&fixture->queue), &fixture->connections[0]);
	add(fixture, 2);
	add_change(fixture, 2); /* is in the queue already */
	assert_ptr_equal(flush_queue_next_urgent(&fixture->queue), &fixture->connections[2]);
	assert_int_equal(flush_queue_wait_ms(&fixture->queue, START), 100);
	assert_next(fixture, START + 100 * MS, 1);
}

/* flush_queue.h: enough waits; and leaving is possible wherever one is. */
static void test_flush_queue_can_be_opened_and_left(void **state)
{
	struct fixture *fixture = *state;

	fixture->queue.delay_ns = 100 * MS;
	add_change(fixture, 0);
	assert_next(fixture, START, 0);
	assert_none(fixture, START);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		add_change(fixture, i);
	}
	flush_queue_remove(&fixture->queue, &fixture->connections[1]);
	assert_none(fixture, START + 1);
	flush_queue_open(&fixture->queue);
	assert_next(fixture, START + 1, 0);
	flush_queue_remove(&fixture->queue, &fixture->connections[2]);
	flush_queue_remove(&fixture->queue, &fixture->connections[2]);
	assert_next(fixture, START + 1, 3);
	assert_none(fixture, START + 1);
	add(fixture, 1);
	flush_queue_remove(&fixture->queue, &fixture->connections[1]);
	assert_null(flush_queue_next_urgent(&fixture->queue));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_flush_queue_gives_everyone_once_in_order),
	    TEST(test_flush_queue_without_a_delay_lets_changes_through),
	    TEST(test_flush_queue_counts_rounds),
	    TEST(test_flush_queue_delays_all_but_the_first),
	    TEST(test_flush_queue_that_is_adaptive_rests_after_a_round),
	    TEST(test_flush_queue_does_not_delay_what_is_urgent),
	    TEST(test_flush_queue_can_be_opened_and_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
