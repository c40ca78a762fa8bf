/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/drain: connections are closed over a window of time. */
#include "server/net/drain.h"

#include "test/server/net/world.h"

#define CLIENTS   16
#define WINDOW_MS 20000

static void on_drained(void *owner)
{
	++*(unsigned *)owner;
}

static unsigned count_closing(const struct world *world)
{
	unsigned count = 0;

	for (size_t i = 0; i < world->count; i++) {
		count += world->sessions[i].closings;
	}
	return count;
}

static void connect_all(struct world *world, int clients[CLIENTS])
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		client_connect(world, &clients[i])->goodbye = "bye";
	}
}

static void close_all(const int clients[CLIENTS])
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		(void)close(clients[i]);
	}
}

/*
 * drain.h: over the window, each at a moment of its own, with the reason told; on_drained() once
 * behind the last.  That none of 16 goes in the first half, or none in the second, comes once in
 * 32,000 runs.
 */
static void test_drain_spreads_the_ends_over_the_window(void **state)
{
	struct world *world = *state;
	struct drain drain = {.on_drained = on_drained};
	struct buffer got = {0};
	int clients[CLIENTS];
	unsigned drained = 0;
	unsigned half;

	connect_all(world, clients);
	drain.owner = &drained;
	drain_start(&drain, world->net, CLOSE_SHUTDOWN, WINDOW_MS);
	assert_true(world->net->is_draining);
	pass(world, WINDOW_MS / 2);
	half = count_closing(world);
	assert_true(half > 0 && half < CLIENTS);
	assert_int_equal(drained, 0);
	pass(world, WINDOW_MS / 2 + 2 * DEADLINE_TICK_MS);
	assert_int_equal(count_closing(world), CLIENTS);
	assert_int_equal(drained, 1);
	assert_int_equal(world->sessions[0].reason, CLOSE_SHUTDOWN);
	client_read_to_end(world, clients[0], &got);
	assert_bytes(&got, "bye");
	buffer_finish(&got);
	close_all(clients);
}

/* drain.h: with no window all go at the first tick. */
static void test_drain_without_a_window_ends_all_at_once(void **state)
{
	struct world *world = *state;
	struct drain drain = {.on_drained = on_drained};
	int clients[CLIENTS];
	unsigned drained = 0;

	connect_all(world, clients);
	drain.owner = &drained;
	drain_start(&drain, world->net, CLOSE_SHUTDOWN, 0);
	pass(world, 2 * DEADLINE_TICK_MS);
	assert_int_equal(count_closing(world), CLIENTS);
	assert_int_equal(drained, 1);
	close_all(clients);
}

/* With nobody left there is nothing to wait for. */
static void test_drain_ends_with_the_last_connection(void **state)
{
	struct world *world = *state;
	struct drain drain = {.on_drained = on_drained};
	unsigned drained = 0;

	drain.owner = &drained;
	drain_start(&drain, world->net, CLOSE_SHUTDOWN, WINDOW_MS);
	pass(world, 2 * DEADLINE_TICK_MS);
	assert_int_equal(drained, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_drain_spreads_the_ends_over_the_window,
	                                    world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(test_drain_without_a_window_ends_all_at_once,
	                                    world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(test_drain_ends_with_the_last_connection, world_setup,
	                                    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
