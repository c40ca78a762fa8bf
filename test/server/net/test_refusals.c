/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/refusals: clients that are turned away, told why, and cost little. */
#include "server/net/refusals.h"

#include <fcntl.h>
#include <netinet/in.h>

#include "test/server/net/world.h"

static const struct sockaddr_in6 peer = {.sin6_family = AF_INET6};

/* Gives both ends of a connection: the client's and the one that was accepted. */
static void make_pair(int ends[2])
{
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in name = {.sin_family = AF_INET,
	                           .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(name);

	assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(listening, 8), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&name, &length), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&name, sizeof(name)), 0);
	ends[1] = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(ends[1] >= 0);
	(void)close(listening);
}

static bool is_open(int descriptor)
{
	return fcntl(descriptor, F_GETFD) >= 0;
}

/* The answer, then the end, and no reset, although what the client sends is not read. */
static void assert_told(int client, const char *words)
{
	char got[256];
	ssize_t length = recv(client, got, sizeof(got), MSG_WAITALL);

	assert_int_equal(length, strlen(words));
	assert_memory_equal(got, words, strlen(words));
	assert_int_equal(recv(client, got, sizeof(got), 0), 0);
}

/* refusals.h: it is sent the words, also when it has spoken first and goes on to. */
static void test_refusals_tell_a_client_that_speaks(void **state)
{
	struct world *world = *state;
	int ends[2];

	make_pair(ends);
	client_send(ends[0], "NICK reader\r\n");
	refusals_turn_away(world->net, ends[1], &peer, CLOSE_ADDRESS_LIMIT, "no\r\n");
	client_send(ends[0], "USER reader 0 * :Reader\r\n");
	pass(world, REFUSAL_MS + 2 * DEADLINE_TICK_MS);
	assert_false(is_open(ends[1]));
	assert_told(ends[0], "no\r\n");
	(void)close(ends[0]);
}

/* refusals.h: counted by their reasons, and no connection is made. */
static void test_refusals_are_counted_by_reason(void **state)
{
	struct world *world = *state;
	static const enum close_reason reasons[] = {
	    CLOSE_LIMIT,      CLOSE_ADDRESS_LIMIT, CLOSE_ADDRESS_LIMIT, CLOSE_RATE_LIMIT,
	    CLOSE_RATE_LIMIT, CLOSE_RATE_LIMIT,    CLOSE_NOT_ALLOWED};
	int ends[7][2];

	for (size_t i = 0; i < 7; i++) {
		make_pair(ends[i]);
		refusals_turn_away(world->net, ends[i][1], &peer, reasons[i], "");
	}
	assert_int_equal(metric_read(&world->metrics.connections_refused_rate), 3);
	assert_int_equal(metric_read(&world->metrics.connections_refused_not_allowed), 1);
	assert_int_equal(metric_read(&world->metrics.connections_refused_limit), 1);
	assert_int_equal(metric_read(&world->metrics.connections_refused_address), 2);
	assert_int_equal(metric_read(&world->metrics.connections_accepted), 0);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
	for (size_t i = 0; i < 7; i++) {
		(void)close(ends[i][0]);
	}
}

/* refusals.h: who is refused hears the figure that is in the way. */
static void test_refusals_tell_the_figure(void **state)
{
	const struct refusals_figures figures = {.per_address = 256, .rate = 0.2};
	const struct refusals_figures longest = {.per_address = UINT32_MAX,
	                                         .rate = 999999.123456789};
	char text[REFUSALS_TEXT_MAX];

	(void)state;
	assert_string_equal(refusals_text(CLOSE_ADDRESS_LIMIT, &figures, text),
	                    "Too many connections from your address: 256 at most");
	assert_string_equal(refusals_text(CLOSE_RATE_LIMIT, &figures, text),
	                    "Too many new connections from your address: 0.2 a second at most");
	assert_string_equal(refusals_text(CLOSE_NOT_ALLOWED, &figures, text),
	                    "Your address is not allowed");
	assert_string_equal(refusals_text(CLOSE_LIMIT, &figures, text), "Too many clients");
	assert_non_null(strstr(refusals_text(CLOSE_ADDRESS_LIMIT, &longest, text), " at most"));
	assert_non_null(strstr(refusals_text(CLOSE_RATE_LIMIT, &longest, text), " at most"));
}

/* refusals.h: REFUSALS_HELD are kept, for REFUSAL_MS; one more takes the place of the oldest. */
static void test_refusals_keep_the_last_few(void **state)
{
	struct world *world = *state;
	int ends[REFUSALS_HELD + 2][2];

	for (size_t i = 0; i < REFUSALS_HELD + 2; i++) {
		make_pair(ends[i]);
	}
	for (size_t i = 0; i < REFUSALS_HELD + 2; i++) {
		refusals_turn_away(world->net, ends[i][1], &peer, CLOSE_LIMIT, "full");
	}
	for (size_t i = 0; i < REFUSALS_HELD + 2; i++) {
		assert_int_equal(is_open(ends[i][1]), i >= 2);
	}
	pass(world, REFUSAL_MS - DEADLINE_TICK_MS);
	assert_true(is_open(ends[2][1]));
	pass(world, (uint64_t)2 * DEADLINE_TICK_MS);
	for (size_t i = 0; i < REFUSALS_HELD + 2; i++) {
		assert_false(is_open(ends[i][1]));
		assert_told(ends[i][0], "full");
		(void)close(ends[i][0]);
	}
}

/* refusals.h: they can be closed at once, as for want of descriptors. */
static void test_refusals_are_dropped(void **state)
{
	struct world *world = *state;
	int ends[2];

	assert_false(refusals_drop(world->net));
	make_pair(ends);
	refusals_turn_away(world->net, ends[1], &peer, CLOSE_LIMIT, "full");
	assert_true(refusals_drop(world->net));
	assert_false(is_open(ends[1]));
	assert_false(refusals_drop(world->net));
	assert_told(ends[0], "full");
	(void)close(ends[0]);
}

/* net_end() leaves none behind, deadlines and descriptors (world_teardown looks at the loop). */
static void test_refusals_end_with_the_net(void **state)
{
	struct world *world = *state;
	int ends[2];

	make_pair(ends);
	refusals_turn_away(world->net, ends[1], &peer, CLOSE_LIMIT, "full");
	net_end(world->net, CLOSE_SHUTDOWN);
	assert_false(is_open(ends[1]));
	assert_int_equal(world->net->deadlines.armed, 0);
	(void)close(ends[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_refusals_tell_a_client_that_speaks),
	    TEST(test_refusals_are_counted_by_reason),
	    cmocka_unit_test(test_refusals_tell_the_figure),
	    TEST(test_refusals_keep_the_last_few),
	    TEST(test_refusals_are_dropped),
	    TEST(test_refusals_end_with_the_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
