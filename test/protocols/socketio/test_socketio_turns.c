/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_turns: how much is taken in a turn, and of whom. */
#include "protocols/socketio/socketio_turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define CLIENTS 3

struct client {
	struct socketio_waiter waiter;
	char name;
	unsigned packets; /* that it has left, the one in line too */
	size_t bytes;     /* of each */
	struct client *leaver;
};

/* A network of which nothing but the turn and the tasks is there, and what was taken in order. */
static struct stage {
	struct net net;
	struct metrics metrics;
	struct socketio_turns turns;
	struct client clients[CLIENTS];
	char taken[64];
	size_t count;
} stage;

static void on_turn(struct socketio_waiter *waiter)
{
	struct client *client = container_of(waiter, struct client, waiter);

	assert_false(socketio_turns_is_waiting(waiter));
	stage.taken[stage.count++] = client->name;
	client->packets--;
	if (client->leaver != NULL) {
		socketio_turns_leave(&stage.turns, &client->leaver->waiter);
	}
	if (client->packets > 0) {
		socketio_turns_wait(&stage.turns, waiter, client->bytes);
	}
}

static int begin(void **state)
{
	(void)state;
	stage = (struct stage){.net = {.turn = 1}};
	socketio_turns_init(&stage.turns, &stage.net, &stage.metrics);
	for (size_t i = 0; i < CLIENTS; i++) {
		stage.clients[i].waiter.on_turn = on_turn;
		stage.clients[i].name = (char)('a' + i);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < CLIENTS; i++) {
		socketio_turns_leave(&stage.turns, &stage.clients[i].waiter);
	}
	socketio_turns_finish(&stage.turns);
	assert_null(stage.net.tasks);
	return 0;
}

static void waits(struct client *client, unsigned packets, size_t bytes)
{
	client->packets = packets;
	client->bytes = bytes;
	socketio_turns_wait(&stage.turns, &client->waiter, bytes);
	assert_true(socketio_turns_is_waiting(&client->waiter));
}

/* The next turn; what was taken in it, one letter for each packet. */
static void expect_turn(const char *wanted)
{
	struct net_task *task = stage.net.tasks;

	stage.count = 0;
	stage.net.turn++;
	if (task != NULL) {
		net_forget(&stage.net, task);
		task->on_turn(task);
	}
	stage.taken[stage.count] = '\0';
	assert_string_equal(stage.taken, wanted);
}

/* socketio_turns.h: SOCKETIO_TURNS_BYTES each turn, a packet's own count too; the last may be over.
 */
static void test_a_turn_takes_so_many_bytes(void **state)
{
	size_t packets = 0;

	(void)state;
	while (socketio_turns_take(&stage.turns, 1024 - SOCKETIO_TURNS_PACKET)) {
		packets++;
	}
	assert_int_equal(packets, SOCKETIO_TURNS_BYTES / 1024);
	assert_false(socketio_turns_take(&stage.turns, 0));
	stage.net.turn++;
	assert_true(socketio_turns_take(&stage.turns, SOCKETIO_TURNS_BYTES - 100));
	assert_true(socketio_turns_take(&stage.turns, 10 * SOCKETIO_TURNS_BYTES));
	assert_false(socketio_turns_take(&stage.turns, 1));
}

/* socketio_turns.h: packets without bytes cost something as well. */
static void test_empty_packets_do_not_come_without_end(void **state)
{
	size_t packets = 0;

	(void)state;
	while (socketio_turns_take(&stage.turns, 0)) {
		packets++;
	}
	assert_int_equal(packets, SOCKETIO_TURNS_BYTES / SOCKETIO_TURNS_PACKET);
}

/* socketio_turns.h: one packet each in turn, in the order in which they came. */
static void test_those_in_line_take_turns(void **state)
{
	(void)state;
	waits(&stage.clients[0], 5, 100);
	waits(&stage.clients[1], 2, 100);
	waits(&stage.clients[2], 1, 100);
	expect_turn("abcabaaa");
	expect_turn("");
	assert_int_equal(stage.metrics.socketio_input_waits, 3);
}

/* socketio_turns.h: what is too much for one turn goes on in the next, where it was. */
static void test_what_is_left_waits_for_the_next_turn(void **state)
{
	(void)state;
	waits(&stage.clients[0], 3, SOCKETIO_TURNS_BYTES / 2);
	waits(&stage.clients[1], 3, SOCKETIO_TURNS_BYTES / 2);
	expect_turn("ab");
	expect_turn("ab");
	expect_turn("ab");
	expect_turn("");
	assert_int_equal(stage.metrics.socketio_input_waits, 6);
}

/* socketio_turns.h: nobody overtakes those in line, though the turn has something left. */
static void test_nobody_overtakes_the_line(void **state)
{
	(void)state;
	waits(&stage.clients[0], 1, 100);
	assert_false(socketio_turns_take(&stage.turns, 1));
	expect_turn("a");
	assert_true(socketio_turns_take(&stage.turns, 1));
}

/* socketio_turns.h: the line's packets and those that come later in the turn share its bytes. */
static void test_a_turn_is_shared_by_all(void **state)
{
	(void)state;
	waits(&stage.clients[0], 1, SOCKETIO_TURNS_BYTES);
	expect_turn("a");
	assert_false(socketio_turns_take(&stage.turns, 1));
	waits(&stage.clients[1], 1, 1);
	expect_turn("b");
}

/* socketio_turns.h: who leaves is not called, though it left while another was. */
static void test_who_leaves_is_not_called(void **state)
{
	(void)state;
	stage.clients[0].leaver = &stage.clients[1];
	waits(&stage.clients[0], 1, 100);
	waits(&stage.clients[1], 1, 100);
	waits(&stage.clients[2], 1, 100);
	expect_turn("ac");
	assert_int_equal(stage.turns.waiting, 0);
	socketio_turns_leave(&stage.turns, &stage.clients[1].waiter);
	assert_int_equal(stage.turns.waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_turn_takes_so_many_bytes), TEST(test_empty_packets_do_not_come_without_end),
	    TEST(test_those_in_line_take_turns),   TEST(test_what_is_left_waits_for_the_next_turn),
	    TEST(test_nobody_overtakes_the_line),  TEST(test_a_turn_is_shared_by_all),
	    TEST(test_who_leaves_is_not_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
