/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/listener: a bound socket that gives connections. */
#include "server/net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "server/net/address_limits.h"
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

static bool is_not_ahead(void *owner)
{
	(void)owner;
	return false;
}

static bool is_always_ahead(void *owner)
{
	(void)owner;
	return true;
}

/* listener.h: who is ahead leaves a client to the others, and takes it when they do not. */
static void test_shared_listener_that_is_ahead_leaves_clients_to_others(void **state)
{
	struct world *world = *state;
	int client = socket(AF_INET, SOCK_STREAM, 0);

	listener_share(world->listener, is_always_ahead);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	turns(world, 20);
	assert_int_equal(world->count, 0);
	pass(world, 3 * DEADLINE_TICK_MS);
	assert_int_equal(world->count, 1);
	client_close(&world->sessions[0], client);
}

/* listener.h: of a socket that others share, one client a turn. */
static void test_shared_listener_takes_one_client_a_turn(void **state)
{
	struct world *world = *state;
	int clients[4];

	listener_share(world->listener, is_not_ahead);
	for (size_t i = 0; i < 4; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&world->name.address,
		                         world->name.length),
		                 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(world->count, i);
		turn(world);
	}
	assert_int_equal(world->count, 4);
	for (size_t i = 0; i < 4; i++) {
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

/* --- limits -------------------------------------------------------------- */

static const char *tell(void *owner, enum close_reason reason)
{
	const struct world *world = owner;

	assert_non_null(world->listener);
	return close_reason_row(reason)->label;
}

/* Connect, and read what it is told; there is no connection of it. */
static void assert_turned_away(struct world *world, const char *words)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);
	size_t before = world->count;
	struct buffer got = {0};

	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	client_send(client, "hello?");
	client_read_to_end(world, client, &got);
	assert_bytes(&got, words);
	assert_int_equal(world->count, before);
	buffer_finish(&got);
	(void)close(client);
}

/* listener.h: who has no place is told so and is no connection; one that ends leaves its place. */
static void test_listener_refuses_whom_there_is_no_place_for(void **state)
{
	struct world *world = *state;
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 2, .ipv6_prefix = 64});
	int clients[3];

	world->net->addresses = limits;
	(void)client_connect(world, &clients[0]);
	(void)client_connect(world, &clients[1]);
	assert_turned_away(world, "");
	listener_tell_refused(world->listener, tell);
	assert_turned_away(world, "address_limit");
	assert_int_equal(metric_read(&world->metrics.connections_refused_address), 2);
	client_close(&world->sessions[0], clients[0]);
	(void)client_connect(world, &clients[2]);
	address_limits_set_total(limits, 2);
	assert_turned_away(world, "limit");
	assert_int_equal(metric_read(&world->metrics.connections_refused_limit), 1);
	assert_int_equal(metric_read(&world->metrics.connections_accepted), 3);
	client_close(&world->sessions[1], clients[1]);
	client_close(&world->sessions[2], clients[2]);
	address_limits_destroy(limits); /* asserts that every place was left */
}

/* refusals.h: those who were turned away have no claim on a descriptor that a client needs. */
static void test_listener_takes_descriptors_from_the_refused(void **state)
{
	struct world *world = *state;
	struct address_limits *limits =
	    address_limits_create(&(struct address_limits_options){.total = 1, .ipv6_prefix = 64});
	int clients[2];
	rlim_t before;

	world->net->addresses = limits;
	(void)client_connect(world, &clients[0]);
	assert_turned_away(world, "");
	assert_int_equal(world->net->refusals.count, 1);
	address_limits_set_total(limits, 2);
	clients[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(clients[1], (struct sockaddr *)&world->name.address, world->name.length), 0);
	before = exhaust_descriptors();
	for (unsigned i = 0; i < WORLD_TURNS && world->count == 1; i++) {
		turn(world);
	}
	restore_descriptors(before);
	assert_int_equal(world->count, 2);
	assert_int_equal(world->net->refusals.count, 0);
	client_close(&world->sessions[0], clients[0]);
	client_close(&world->sessions[1], clients[1]);
	address_limits_destroy(limits);
}

static struct conf_network elsewhere = {.prefix = 128};
static const struct conf_networks only_elsewhere = {.items = &elsewhere, .count = 1};

static struct admission admit_elsewhere(void *owner)
{
	(void)owner;
	return (struct admission){.allowed = &only_elsewhere};
}

/* listener.h: who is not to be let in is told so; the warnings are kept for what can be mended. */
static void test_listener_refuses_whom_it_is_not_to_let_in(void **state)
{
	struct world *world = *state;

	listener_tell_refused(world->listener, tell);
	listener_admit(world->listener, admit_elsewhere);
	assert_turned_away(world, "not_allowed");
	assert_int_equal(metric_read(&world->metrics.connections_refused_not_allowed), 1);
	assert_int_equal(metric_read(&world->metrics.connections_accepted), 0);
	assert_false(world->net->refusals.was_told);
}

/* listener.h: where it is exempt everyone comes in, and takes no place from others. */
static void test_listener_that_is_exempt_counts_nobody(void **state)
{
	struct world *world = *state;
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 1, .total = 1, .ipv6_prefix = 64});
	struct address_figures figures;
	int clients[3];

	world->net->addresses = limits;
	listener_admit(world->listener, admit_elsewhere);
	listener_exempt(world->listener);
	for (size_t i = 0; i < 3; i++) {
		assert_non_null(client_connect(world, &clients[i])->connection);
	}
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 0);
	for (size_t i = 0; i < 3; i++) {
		client_close(&world->sessions[i], clients[i]);
	}
	address_limits_destroy(limits);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_listener_gives_a_connection_for_each_client),
	    TEST(test_shared_listener_takes_one_client_a_turn),
	    TEST(test_shared_listener_that_is_ahead_leaves_clients_to_others),
	    TEST(test_listener_survives_a_client_that_does_not_wait),
	    TEST(test_listener_lets_clients_wait_while_there_is_no_descriptor),
	    TEST(test_listener_is_closed_while_clients_wait),
	    TEST(test_listener_is_refused_what_is_no_socket),
	    TEST(test_listener_refuses_whom_there_is_no_place_for),
	    TEST(test_listener_refuses_whom_it_is_not_to_let_in),
	    TEST(test_listener_takes_descriptors_from_the_refused),
	    TEST(test_listener_that_is_exempt_counts_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
