/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/listener: a bound socket that gives connections. */
#include "server/net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "test/server/net/world.h"

/* listener.h: every client that comes gives a connection. */
static void test_listener_gives_a_connection_for_each_client(void **state)
{
	struct world *world = *state;
	int clients[8];

	for (size_t i = 0; i < 8; i++) {
		assert_non_null(client_connect(world, &clients[i])->connection);
	}
	assert_int_equal(metric_read(&world->metrics.connections_open), 8);
	for (size_t i = 0; i < 8; i++) {
		client_close(&world->sessions[i], clients[i]);
	}
}

/* listener.h: a client that is gone before it is accepted does no harm. */
static void test_listener_survives_a_client_that_does_not_wait(void **state)
{
	struct world *world = *state;
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	for (int i = 0; i < 5; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		assert_int_equal(
		    connect(client, (struct sockaddr *)&world->name.address, world->name.length),
		    0);
		if (i % 2 == 0) {
			(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		}
		(void)close(client);
	}
	turns(world, 20);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
}

/* listener.h: NULL with a sentence when it cannot listen, and the descriptor is closed. */
static void test_listener_is_refused_what_is_no_socket(void **state)
{
	struct world *world = *state;
	int descriptor = open("/dev/null", O_RDONLY);
	struct error error = {""};

	assert_null(listener_open(world->net, descriptor, world_on_connection, world, &error));
	assert_non_null(strstr(error.text, "cannot listen: "));
	assert_int_equal(fcntl(descriptor, F_GETFD), -1);
}

/* Let nothing more be opened; returns the limit that was in force. */
static rlim_t exhaust_descriptors(void)
{
	struct rlimit limit;
	rlim_t before;
	int lowest_free = dup(STDIN_FILENO);

	assert_true(lowest_free >= 0);
	assert_int_equal(close(lowest_free), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)lowest_free;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

static void restore_descriptors(rlim_t before)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = before;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/*
 * listener.h: without a descriptor clients wait where they are and the loop has nothing to
 * do; with one they are served, also those that came first.
 */
static void test_listener_lets_clients_wait_while_there_is_no_descriptor(void **state)
{
	struct world *world = *state;
	int clients[3];
	rlim_t before;

	for (size_t i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&world->name.address,
		                         world->name.length),
		                 0);
	}
	before = exhaust_descriptors();
	turns(world, 20);
	assert_int_equal(world->count, 0);
	assert_int_equal(metric_read(&world->metrics.accept_pauses), 1);
	pass(world, 1000);
	assert_in_range(metric_read(&world->metrics.accept_pauses), 3, 5);
	restore_descriptors(before);
	pass(world, 1000);
	assert_int_equal(world->count, 3);
	assert_int_equal(metric_read(&world->metrics.connections_accepted), 3);
	for (size_t i = 0; i < 3; i++) {
		client_close(&world->sessions[i], clients[i]);
	}
}

/* listener.h: one that waits for descriptors can be closed (world_teardown does). */
static void test_listener_is_closed_while_clients_wait(void **state)
{
	struct world *world = *state;
	int client = socket(AF_INET, SOCK_STREAM, 0);
	rlim_t before;

	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	before = exhaust_descriptors();
	turns(world, 5);
	restore_descriptors(before);
	assert_int_equal(metric_read(&world->metrics.accept_pauses), 1);
	(void)close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_listener_gives_a_connection_for_each_client),
	    TEST(test_listener_survives_a_client_that_does_not_wait),
	    TEST(test_listener_lets_clients_wait_while_there_is_no_descriptor),
	    TEST(test_listener_is_closed_while_clients_wait),
	    TEST(test_listener_is_refused_what_is_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
