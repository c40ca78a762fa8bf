/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/connection: input, output and the one way to close, on real sockets. */
#include "server/net/connection.h"

#include "test/server/net/world.h"

/* --- input --------------------------------------------------------------------- */

/* Take whole lines; the rest is for later. */
static size_t take_lines(struct session *session, const char *bytes, size_t length)
{
	const char *end = memrchr(bytes, '\n', length);

	(void)session;
	return end != NULL ? (size_t)(end - bytes) + 1 : 0;
}

/* connection.h: what on_input() was not done with comes again, with what arrived since. */
static void test_connection_holds_the_rest_of_its_input(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_lines;
	for (const char *byte = "one\ntwo\nrest"; *byte != '\0'; byte++) {
		assert_int_equal(send(client, byte, 1, 0), 1);
		turns(world, 3);
	}
	assert_bytes(&session->input, "one\ntwo\n");
	client_send(client, "\n");
	turns(world, 3);
	assert_bytes(&session->input, "one\ntwo\nrest\n");
	assert_int_equal(session->inputs, 13);
	client_close(session, client);
	assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
}

/* Take one line and ask for the rest: how an HTTP connection takes pipelined requests. */
static size_t take_one_line(struct session *session, const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);

	if (end == NULL) {
		return 0;
	}
	connection_resume(session->connection);
	return (size_t)(end - bytes) + 1;
}

/* connection.h: connection_resume() calls on_input() with what is held before the loop waits. */
static void test_connection_resumes_held_input(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_one_line;
	client_send(client, "one\ntwo\nthree\nfour");
	turns(world, 3);
	assert_bytes(&session->input, "one\ntwo\nthree\n");
	client_send(client, "\n");
	turns(world, 3);
	assert_bytes(&session->input, "one\ntwo\nthree\nfour\n");
	client_close(session, client);
}

/* connection.h: input is taken up once a turn, and the loop does not wait while some is left. */
static void test_connection_resumes_once_a_turn(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_one_line;
	client_send(client, "one\ntwo\nthree\nfour\n");
	turn(world);
	assert_bytes(&session->input, "one\n");
	turn(world);
	assert_bytes(&session->input, "one\ntwo\n");
	assert_int_equal(uv_backend_timeout(&world->loop), 0);
	turns(world, 3);
	assert_bytes(&session->input, "one\ntwo\nthree\nfour\n");
	assert_int_not_equal(uv_backend_timeout(&world->loop), 0);
	client_close(session, client);
}

/* connection.h: what was sent before the end is taken before it, however many turns it needs. */
static void test_connection_ends_after_its_held_input(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_one_line;
	client_send(client, "one\ntwo\nthree\nfour\n");
	assert_int_equal(close(client), 0);
	turns(world, 3);
	assert_int_equal(session->closings, 0);
	turns(world, 7);
	assert_bytes(&session->input, "one\ntwo\nthree\nfour\n");
	assert_int_equal(session->ends, 1);
	assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
}

/* connection.h: one that is to go on in the next turn can be closed in this one. */
static void test_connection_closes_while_it_waits_for_its_turn(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_one_line;
	client_send(client, "one\ntwo\nthree\nfour\n");
	turns(world, 2);
	connection_close(session->connection, CLOSE_LIMIT);
	client_close(session, client);
	assert_bytes(&session->input, "one\ntwo\n");
	assert_int_equal(session->reason, CLOSE_LIMIT);

	session = client_connect(world, &client);
	session->take = take_one_line;
	client_send(client, "one\ntwo\nthree\nfour\n");
	turns(world, 2);
	connection_abort(session->connection, CLOSE_LIMIT);
	client_close(session, client);
	assert_bytes(&session->input, "one\ntwo\n");
}

static size_t take_nothing(struct session *session, const char *bytes, size_t length)
{
	(void)session;
	(void)bytes;
	(void)length;
	return 0;
}

/* net.h: of input nobody takes, a connection holds NET_HELD_MAX and one read at most. */
static void test_connection_stops_reading_when_it_holds_too_much(void **state)
{
	struct world *world = *state;
	static char bytes[65536];
	struct session *session;
	size_t held;
	int client;

	session = client_connect(world, &client);
	session->take = take_nothing;
	for (unsigned i = 0; i < 500; i++) {
		(void)send(client, bytes, sizeof(bytes), MSG_DONTWAIT);
		turn(world);
	}
	held = session->connection->held.length;
	assert_in_range(held, NET_HELD_MAX, NET_HELD_MAX + NET_READ_BYTES);
	session->take = NULL;
	connection_resume(session->connection);
	turns(world, WORLD_TURNS);
	assert_true(session->input.length > held);
	assert_int_equal(session->connection->held.length, 0);
	connection_abort(session->connection, CLOSE_PROTOCOL_DONE);
	client_close(session, client);
}

/* limits-and-faults: at most one buffer of a connection a turn, so that a blast starves nobody. */
static void test_connection_takes_one_buffer_a_turn(void **state)
{
	struct world *world = *state;
	static char bytes[65536];
	struct session *session;
	size_t sent = 0;
	int client;

	session = client_connect(world, &client);
	for (ssize_t got = 1; got > 0; sent += got > 0 ? (size_t)got : 0) {
		got = send(client, bytes, sizeof(bytes), MSG_DONTWAIT);
	}
	assert_true(sent > 4 * NET_READ_BYTES);
	for (unsigned i = 0; i < WORLD_TURNS && session->input.length < sent; i++) {
		size_t before = session->input.length;

		turn(world);
		assert_in_range(session->input.length - before, 0, NET_READ_BYTES);
	}
	assert_int_equal(session->input.length, sent);
	client_close(session, client);
}

/* --- replies that the client does not read ------------------------------------------ */

#define REPLY_BYTES 10000

/* Answer each line with REPLY_BYTES bytes, as far as the client takes them. */
static size_t take_commands(struct session *session, const char *bytes, size_t length)
{
	static char reply[REPLY_BYTES];
	size_t done = 0;

	while (done < length && !connection_is_choked(session->connection)) {
		assert_int_equal(bytes[done], '\n');
		done++;
		memset(reply, 'a' + (int)((session->input.length + done) % 26), sizeof(reply));
		connection_send_bytes(session->connection, reply, sizeof(reply));
	}
	return done;
}

/* All replies are there, in order. */
static void assert_replies(const struct buffer *got, size_t commands)
{
	assert_int_equal(got->length, commands * REPLY_BYTES);
	for (size_t i = 0; i < got->length; i++) {
		if (got->bytes[i] != 'a' + (char)((i / REPLY_BYTES + 1) % 26)) {
			fail_msg("byte %zu is wrong", i);
		}
	}
}

static void send_commands(int client, size_t commands)
{
	char lines[1000];

	assert_true(commands <= sizeof(lines));
	memset(lines, '\n', commands);
	assert_int_equal(send(client, lines, commands, 0), commands);
}

/*
 * connection.h: a client's own replies never bring it over its limit; while they wait
 * its input waits, and it goes on once the client reads.
 */
static void test_connection_chokes_and_goes_on(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	session = client_connect_small(world, &client);
	session->take = take_commands;
	send_commands(client, 1000);
	turns(world, WORLD_TURNS);
	assert_true(connection_is_open(session->connection));
	assert_true(session->input.length < 1000);
	assert_true(connection_queued(session->connection) <= NET_CHOKE + REPLY_BYTES);
	client_read_bytes(world, client, &got, 1000 * REPLY_BYTES);
	assert_replies(&got, 1000);
	assert_int_equal(connection_queued(session->connection), 0);
	client_close(session, client);
	buffer_finish(&got);
}

/* The same where outbox_max is smaller than NET_CHOKE, as the configuration allows. */
static void test_connection_chokes_below_a_small_limit(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->limits.outbox_max = 65536;
	session = client_connect_small(world, &client);
	session->take = take_commands;
	send_commands(client, 1000);
	turns(world, WORLD_TURNS);
	assert_true(connection_is_open(session->connection));
	client_read_bytes(world, client, &got, 1000 * REPLY_BYTES);
	assert_replies(&got, 1000);
	client_close(session, client);
	buffer_finish(&got);
}

/* One command whose replies choke the client, and then more than its outbox has room for. */
static size_t take_long_command(struct session *session, const char *bytes, size_t length)
{
	static char reply[40000];

	(void)bytes;
	if (length == 0) {
		return 0;
	}
	connection_send_bytes(session->connection, reply, sizeof(reply));
	assert_true(connection_is_choked(session->connection));
	connection_send_bytes(session->connection, reply, sizeof(reply) / 2);
	connection_send_bytes(session->connection, reply, sizeof(reply) / 4);
	return 1;
}

/* connection.h: input that was left since the client was choked is taken up, however that ended. */
static void test_connection_goes_on_when_a_send_has_drained_it(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->limits.outbox_max = 65536;
	session = client_connect(world, &client);
	session->take = take_long_command;
	send_commands(client, 3);
	client_read_bytes(world, client, &got, (size_t)3 * 70000);
	assert_int_equal(session->input.length, 3);
	client_close(session, client);
	buffer_finish(&got);
}

/* The first call is answered with too much; what the owner keeps of it is its own business. */
static size_t take_all_and_choke(struct session *session, const char *bytes, size_t length)
{
	static char reply[40000];

	(void)bytes;
	if (session->inputs == 1) {
		connection_send_bytes(session->connection, reply, sizeof(reply));
		assert_true(connection_is_choked(session->connection));
	}
	return length;
}

/* connection.h: who has put something off is called again, though no bytes are held. */
static void test_connection_calls_again_when_nothing_is_held(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->limits.outbox_max = 65536;
	session = client_connect(world, &client);
	session->take = take_all_and_choke;
	client_send(client, "all");
	client_read_bytes(world, client, &got, 40000);
	turns(world, 3);
	assert_int_equal(session->inputs, 2);
	connection_resume(session->connection);
	turns(world, 3);
	assert_int_equal(session->inputs, 3);
	assert_bytes(&session->input, "all");
	client_close(session, client);
	buffer_finish(&got);
}

/* A client that sends its commands and shuts its side down gets every reply, then the end. */
static void test_connection_answers_a_client_that_half_closed(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	session = client_connect_small(world, &client);
	session->take = take_commands;
	send_commands(client, 1000);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	turns(world, WORLD_TURNS);
	assert_int_equal(session->ends, 0);
	client_read_to_end(world, client, &got);
	assert_replies(&got, 1000);
	client_close(session, client);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
	buffer_finish(&got);
}

/* --- how it ends ----------------------------------------------------------------------- */

static void reset(int client)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
}

/* connection.h: on_closing() comes once, also when nothing can be sent any more; then on_closed().
 */
static void test_connection_tells_of_a_reset(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->goodbye = "never read";
	reset(client);
	client_close(session, client);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_CLIENT_RESET);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_CLIENT_RESET]), 1);
}

/* connection.h: what was sent before comes first, then the last word, then an end that is no reset.
 */
static void test_connection_says_its_last_word(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->goodbye = "goodbye\n";
	connection_send_bytes(session->connection, "data\n", 5);
	connection_close(session->connection, CLOSE_PING_TIMEOUT);
	assert_int_equal(session->closings, 0);
	assert_false(connection_is_open(session->connection));
	/* A second reason does not count, nor does what is sent outside on_closing(). */
	connection_close(session->connection, CLOSE_SHUTDOWN);
	connection_send_bytes(session->connection, "late\n", 5);
	client_send(client, "what the server has not read would reset the connection");
	client_read_to_end(world, client, &got);
	assert_bytes(&got, "data\ngoodbye\n");
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->ends, 0);
	client_close(session, client);
	assert_int_equal(session->reason, CLOSE_PING_TIMEOUT);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_PING_TIMEOUT]), 1);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_SHUTDOWN]), 0);
	assert_int_equal(session->input.length, 0);
	buffer_finish(&got);
}

/* close_reasons.def: a reason that is not told ends without a word. */
static void test_connection_ends_without_a_word_when_all_is_said(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->goodbye = "goodbye\n";
	connection_close(session->connection, CLOSE_PROTOCOL_DONE);
	client_read_to_end(world, client, &got);
	assert_bytes(&got, "");
	client_close(session, client);
	buffer_finish(&got);
}

/* connection.h: when the client does not close too, the end comes after a short time all the same.
 */
static void test_connection_does_not_wait_for_a_client_that_stays(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	connection_close(session->connection, CLOSE_PROTOCOL_DONE);
	turns(world, 3);
	pass(world, 1000);
	client_send(client, "still here");
	turns(world, 3);
	assert_int_equal(session->ends, 0);
	pass(world, 2000);
	assert_int_equal(session->ends, 1);
	assert_int_equal(session->closings, 1);
	(void)close(client);
}

/* connection.h: abort ends at once; unsent bytes go, on_closing() and on_closed() come once. */
static void test_connection_aborts(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->goodbye = "never sent";
	connection_send_bytes(session->connection, "never sent", 10);
	connection_abort(session->connection, CLOSE_TIMEOUT);
	connection_abort(session->connection, CLOSE_SHUTDOWN);
	connection_close(session->connection, CLOSE_SHUTDOWN);
	connection_resume(session->connection);
	connection_send_bytes(session->connection, "late", 4);
	assert_int_equal(session->closings + session->ends, 0);
	turns(world, 2);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->ends, 1);
	assert_int_equal(session->reason, CLOSE_TIMEOUT);
	(void)close(client);
}

static size_t take_and_close(struct session *session, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	connection_close(session->connection, CLOSE_PROTOCOL_ERROR);
	return 1;
}

static size_t take_and_abort(struct session *session, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	connection_abort(session->connection, CLOSE_PROTOCOL_ERROR);
	return 1;
}

/* connection.h: nothing is freed within a call; closing within on_input() ends its input there. */
static void test_connection_can_be_ended_by_its_input(void **state)
{
	struct world *world = *state;
	size_t (*const takes[])(struct session *, const char *, size_t) = {take_and_close,
	                                                                   take_and_abort};

	for (size_t i = 0; i < 4; i++) {
		struct session *session;
		int client;

		session = client_connect(world, &client);
		if (i >= 2) {
			session->take = take_nothing;
			client_send(client, "held\n");
			turns(world, 3);
			session->inputs = 0;
			connection_resume(session->connection);
		}
		session->take = takes[i % 2];
		client_send(client, "one\ntwo\n");
		turns(world, 5);
		assert_int_equal(session->inputs, 1);
		assert_int_equal(session->closings, 1);
		assert_int_equal(session->reason, CLOSE_PROTOCOL_ERROR);
		client_close(session, client);
	}
}

static size_t take_and_pause(struct session *session, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	connection_pause(session->connection);
	return 4;
}

/* connection.h: paused, it is given nothing until connection_resume(), and its end waits too. */
static void test_connection_can_be_paused(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_and_pause;
	client_send(client, "one\ntwo\n");
	turns(world, 5);
	client_send(client, "three\n");
	connection_send_bytes(session->connection, "x", 1); /* a flush is no reason to go on */
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	turns(world, 20);
	assert_int_equal(session->inputs, 1);
	assert_int_equal(session->closings, 0);
	connection_resume(session->connection);
	turns(world, 5);
	assert_int_equal(session->inputs, 2);
	assert_int_equal(session->closings, 0);
	session->take = NULL;
	connection_resume(session->connection);
	turns(world, 5);
	assert_bytes(&session->input, "one\ntwo\nthree\n");
	assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
	client_close(session, client);
}

/* connection.h: what a paused client sends is bounded; it can be closed as any other. */
static void test_connection_that_is_paused_holds_so_much(void **state)
{
	struct world *world = *state;
	static char bytes[65536];
	struct session *session;
	int client;

	session = client_connect(world, &client);
	session->take = take_and_pause;
	for (unsigned i = 0; i < 400; i++) {
		(void)send(client, bytes, sizeof(bytes), MSG_DONTWAIT);
		turn(world);
	}
	assert_int_equal(session->inputs, 1);
	assert_true(session->connection->held.length >= NET_HELD_MAX - 4);
	assert_true(session->connection->held.length < NET_HELD_MAX + NET_READ_BYTES);
	connection_close(session->connection, CLOSE_TIMEOUT);
	turns(world, 5);
	assert_int_equal(session->reason, CLOSE_TIMEOUT);
	client_close(session, client);
}

static void abort_connection(struct session *session)
{
	connection_abort(session->connection, CLOSE_LIMIT);
}

static void do_everything(struct session *session)
{
	connection_close(session->connection, CLOSE_LIMIT);
	connection_resume(session->connection);
}

/* connection.h: aborting within on_closing() ends at once; closing again there does nothing. */
static void test_connection_can_be_aborted_while_closing(void **state)
{
	struct world *world = *state;
	void (*const acts[])(struct session *) = {abort_connection, do_everything};

	for (size_t i = 0; i < 4; i++) {
		struct session *session;
		int client;

		session = client_connect(world, &client);
		session->before_end = acts[i % 2];
		session->goodbye = "bye";
		if (i < 2) {
			connection_close(session->connection, CLOSE_TIMEOUT);
		} else {
			connection_abort(session->connection, CLOSE_TIMEOUT);
		}
		turns(world, 5);
		assert_int_equal(session->closings, 1);
		client_close(session, client);
		assert_int_equal(session->reason, CLOSE_TIMEOUT);
	}
}

/* The same while draining, and while lingering: a front-end's time-out may come at any time. */
static void test_connection_can_be_aborted_at_any_time(void **state)
{
	struct world *world = *state;
	static char bytes[500000];
	struct session *session;
	int client;

	session = client_connect_small(world, &client);
	connection_send_bytes(session->connection, bytes, sizeof(bytes));
	connection_close(session->connection, CLOSE_TIMEOUT);
	turns(world, 5);
	assert_int_equal(session->connection->state, CONNECTION_DRAINING);
	connection_abort(session->connection, CLOSE_LIMIT);
	turns(world, 5);
	assert_int_equal(session->ends, 1);
	(void)close(client);
	session = client_connect(world, &client);
	connection_close(session->connection, CLOSE_TIMEOUT);
	turns(world, 5);
	assert_int_equal(session->connection->state, CONNECTION_LINGERING);
	connection_abort(session->connection, CLOSE_LIMIT);
	turns(world, 5);
	assert_int_equal(session->ends, 1);
	(void)close(client);
}

/* --- names --------------------------------------------------------------------------------- */

/* peer.h: whose connection it is. */
static void test_connection_knows_its_peer(void **state)
{
	struct world *world = *state;
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	char expected[PEER_TEXT_MAX], text[PEER_TEXT_MAX];
	struct session *session;
	int client;

	session = client_connect(world, &client);
	assert_int_equal(getsockname(client, (struct sockaddr *)&own, &length), 0);
	(void)snprintf(expected, sizeof(expected), "127.0.0.1:%u", (unsigned)ntohs(own.sin_port));
	assert_string_equal(peer_text(&session->connection->peer, text), expected);
	client_close(session, client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_connection_holds_the_rest_of_its_input),
	    TEST(test_connection_resumes_held_input),
	    TEST(test_connection_resumes_once_a_turn),
	    TEST(test_connection_ends_after_its_held_input),
	    TEST(test_connection_closes_while_it_waits_for_its_turn),
	    TEST(test_connection_stops_reading_when_it_holds_too_much),
	    TEST(test_connection_takes_one_buffer_a_turn),
	    TEST(test_connection_chokes_and_goes_on),
	    TEST(test_connection_chokes_below_a_small_limit),
	    TEST(test_connection_goes_on_when_a_send_has_drained_it),
	    TEST(test_connection_calls_again_when_nothing_is_held),
	    TEST(test_connection_answers_a_client_that_half_closed),
	    TEST(test_connection_tells_of_a_reset),
	    TEST(test_connection_says_its_last_word),
	    TEST(test_connection_ends_without_a_word_when_all_is_said),
	    TEST(test_connection_does_not_wait_for_a_client_that_stays),
	    TEST(test_connection_aborts),
	    TEST(test_connection_can_be_ended_by_its_input),
	    TEST(test_connection_can_be_paused),
	    TEST(test_connection_that_is_paused_holds_so_much),
	    TEST(test_connection_can_be_aborted_while_closing),
	    TEST(test_connection_can_be_aborted_at_any_time),
	    TEST(test_connection_knows_its_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
