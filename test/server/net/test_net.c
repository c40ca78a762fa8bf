/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/net: slow clients, connections that move, and the end of it all. */
#include "server/net/net.h"

#include "test/server/net/world.h"

/* --- slow clients ----------------------------------------------------------------- */

#define LINE_BYTES 100

/* "line 17 xxxx...\n": a wire whose boundaries show. */
static struct wire *make_line(unsigned number)
{
	char line[LINE_BYTES + 1];

	memset(line, 'x', LINE_BYTES);
	line[snprintf(line, LINE_BYTES, "line %u ", number)] = 'x';
	line[LINE_BYTES - 1] = '\n';
	return wire_copy(line, LINE_BYTES);
}

static void send_lines(struct session *session, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to && session->closings == 0; i++) {
		struct wire *line = make_line(i);

		connection_send(session->connection, line);
		wire_unref(line);
		if (i % 64 == 0) {
			turn(session->world);
		}
	}
}

/* What came is whole lines from the first on, then the goodbye.  Returns how many lines. */
static unsigned assert_lines_and_goodbye(const struct buffer *got, const char *goodbye)
{
	size_t length = got->length - strlen(goodbye);
	unsigned lines = (unsigned)(length / LINE_BYTES);

	assert_true(got->length >= strlen(goodbye));
	assert_memory_equal(got->bytes + length, goodbye, strlen(goodbye));
	assert_int_equal(length % LINE_BYTES, 0);
	for (unsigned i = 0; i < lines; i++) {
		struct wire *line = make_line(i);

		assert_memory_equal(got->bytes + (size_t)i * LINE_BYTES, line->bytes, LINE_BYTES);
		wire_unref(line);
	}
	return lines;
}

/*
 * connection.h: over the hard limit what waits is dropped and the client told why; a
 * wire that is half sent is completed first.
 */
static void test_net_tells_a_client_over_the_hard_limit(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	unsigned lines;
	int client;

	session = client_connect_small(world, &client);
	session->goodbye = "ERROR :SendQ exceeded\n";
	send_lines(session, 0, 100000);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_SENDQ_EXCEEDED);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_SENDQ_EXCEEDED]), 1);
	assert_true(connection_queued(session->connection) < 65536);
	client_read_to_end(world, client, &got);
	lines = assert_lines_and_goodbye(&got, session->goodbye);
	assert_true(lines > 0);
	client_close(session, client);
	assert_int_equal(session->closings, 1);
	buffer_finish(&got);
}

/* connection.c: a burst within one turn is not slowness, as long as the socket takes it. */
static void test_net_lets_a_burst_pass_that_the_socket_takes(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->limits.outbox_max = 4096;
	session = client_connect(world, &client);
	for (unsigned i = 0; i < 1000; i++) {
		struct wire *line = make_line(i);

		connection_send(session->connection, line);
		wire_unref(line);
	}
	assert_true(connection_is_open(session->connection));
	client_read_bytes(world, client, &got, (size_t)1000 * LINE_BYTES);
	assert_int_equal(assert_lines_and_goodbye(&got, ""), 1000);
	client_close(session, client);
	buffer_finish(&got);
}

/* Fill a client's sockets and put `bytes` more into its outbox. */
static void fill_outbox(struct session *session, size_t bytes)
{
	unsigned number = 0;

	while (connection_queued(session->connection) < bytes) {
		send_lines(session, number, number + 10);
		number += 10;
		assert_int_equal(session->closings, 0);
	}
	turn(session->world);
}

/* options.def: over outbox_soft for longer than outbox_soft_time ends a client, shorter does not.
 */
static void test_net_ends_a_client_over_the_soft_limit_for_too_long(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	size_t sent;
	int client;

	world->net->limits.write_timeout_s = 1000;
	session = client_connect_small(world, &client);
	session->goodbye = "bye";
	fill_outbox(session, 600000);
	sent = metric_read(&world->metrics.bytes_sent) + connection_queued(session->connection);
	pass(world, 50000);
	assert_true(connection_is_open(session->connection));
	client_read_bytes(world, client, &got, sent);
	assert_int_equal(connection_queued(session->connection), 0);
	pass(world, 50000);
	assert_true(connection_is_open(session->connection));
	fill_outbox(session, 600000);
	pass(world, 58000);
	assert_true(connection_is_open(session->connection));
	pass(world, 4000);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_SENDQ_EXCEEDED);
	(void)close(client);
	turns(world, WORLD_TURNS);
	buffer_finish(&got);
}

/* options.def: a client that takes nothing for write_timeout while bytes wait is ended. */
static void test_net_ends_a_client_that_takes_nothing(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect_small(world, &client);
	fill_outbox(session, 10000);
	pass(world, 28000);
	assert_true(connection_is_open(session->connection));
	pass(world, 4000);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_WRITE_TIMEOUT);
	(void)close(client);
	turns(world, WORLD_TURNS);
}

/* An idle client takes nothing either, and nothing waits for it: it stays. */
static void test_net_does_not_time_an_idle_client(void **state)
{
	struct world *world = *state;
	struct session *session;
	int client;

	session = client_connect(world, &client);
	connection_send_bytes(session->connection, "hello", 5);
	pass(world, 1000000);
	assert_true(connection_is_open(session->connection));
	client_close(session, client);
}

/*
 * options.def, write_timeout: "take nothing".  A client that takes a large wire bit by
 * bit is slow, not dead, although no write is finished in that time.
 */
static void test_net_sees_the_progress_within_a_large_wire(void **state)
{
	struct world *world = *state;
	size_t length = 8 << 20;
	char *bytes = mem_zeroed(length);
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->limits = (struct net_limits){.outbox_max = 16 << 20,
	                                         .outbox_soft = 16 << 20,
	                                         .outbox_soft_s = 1000,
	                                         .write_timeout_s = 30};
	session = client_connect_small(world, &client);
	connection_send_bytes(session->connection, bytes, length);
	turns(world, 3);
	for (unsigned i = 1; i <= 16; i++) {
		client_read_bytes(world, client, &got, i * length / 20);
		pass(world, 10000);
		assert_true(connection_is_open(session->connection));
	}
	pass(world, 40000);
	assert_int_equal(session->closings, 1);
	assert_int_equal(session->reason, CLOSE_WRITE_TIMEOUT);
	(void)close(client);
	turns(world, WORLD_TURNS);
	buffer_finish(&got);
	free(bytes);
}

/* --- connections that move ---------------------------------------------------------- */

static struct migrant detached;
static unsigned detachments;

static void on_detached(struct connection *connection, struct migrant *migrant)
{
	assert_non_null(connection);
	detached = *migrant;
	detachments++;
}

static size_t take_first_line_and_move(struct session *session, const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);

	if (end == NULL) {
		return 0;
	}
	connection_detach(session->connection, on_detached);
	return (size_t)(end - bytes) + 1;
}

static int setup_two(void **state)
{
	struct world **worlds = mem_zeroed(2 * sizeof(*worlds));

	detachments = 0;
	worlds[0] = world_create();
	worlds[1] = world_create();
	*state = worlds;
	return 0;
}

static int teardown_two(void **state)
{
	struct world **worlds = *state;

	world_end(worlds[0]);
	world_end(worlds[1]);
	free(worlds);
	return 0;
}

static struct session *adopt(struct world *world)
{
	struct connection *connection = connection_adopt(world->net, &detached);

	assert_non_null(connection);
	assert_int_equal(detached.descriptor, -1);
	assert_null(detached.unread.bytes);
	return world_take(world, connection);
}

/* connection.h: the descriptor and the unread input go; on_closed() follows without on_closing().
 */
static void test_net_moves_a_connection_with_its_unread_input(void **state)
{
	struct world **worlds = *state;
	struct buffer got = {0};
	struct session *from, *to;
	int client;

	from = client_connect(worlds[0], &client);
	from->take = take_first_line_and_move;
	client_send(client, "first\nsecond\n");
	turns(worlds[0], 5);
	assert_int_equal(detachments, 1);
	assert_bytes(&from->input, "first\n");
	assert_int_equal(from->ends, 1);
	assert_int_equal(from->closings, 0);
	assert_int_equal(from->reason, CLOSE_MOVED);
	assert_int_equal(metric_read(&worlds[0]->metrics.connections_open), 0);

	client_send(client, "third\n");
	to = adopt(worlds[1]);
	connection_resume(to->connection);
	turns(worlds[1], 5);
	assert_bytes(&to->input, "second\nthird\n");
	connection_send_bytes(to->connection, "reply", 5);
	client_read_bytes(worlds[1], client, &got, 5);
	assert_bytes(&got, "reply");
	client_close(to, client);
	buffer_finish(&got);
}

/* connection.h: not before all that waits has been sent; input that comes meanwhile travels too. */
static void test_net_moves_a_connection_once_its_output_is_sent(void **state)
{
	struct world **worlds = *state;
	static char bytes[900000];
	struct buffer got = {0};
	struct session *from, *to;
	int client;

	from = client_connect_small(worlds[0], &client);
	from->take = take_first_line_and_move;
	connection_send_bytes(from->connection, bytes, sizeof(bytes));
	client_send(client, "first\nsec");
	turns(worlds[0], 20);
	client_send(client, "ond\n");
	turns(worlds[0], 20);
	assert_int_equal(detachments, 0);
	assert_true(connection_queued(from->connection) > 0);
	client_read_bytes(worlds[0], client, &got, sizeof(bytes));
	turns(worlds[0], 5);
	assert_int_equal(detachments, 1);
	to = adopt(worlds[1]);
	connection_resume(to->connection);
	turns(worlds[1], 5);
	assert_bytes(&from->input, "first\n");
	assert_bytes(&to->input, "second\n");
	client_close(to, client);
	buffer_finish(&got);
}

/* connection.h: one that ends before it could move ends as usual; its on_detached is not called. */
static void test_net_does_not_move_a_connection_that_ends(void **state)
{
	struct world **worlds = *state;
	static char bytes[900000];
	struct session *session;
	int client;

	session = client_connect_small(worlds[0], &client);
	session->take = take_first_line_and_move;
	connection_send_bytes(session->connection, bytes, sizeof(bytes));
	client_send(client, "first\nsecond\n");
	turns(worlds[0], 20);
	client_close(session, client);
	assert_int_equal(session->closings, 1);

	session = client_connect(worlds[0], &client);
	connection_detach(session->connection, on_detached);
	connection_close(session->connection, CLOSE_LIMIT);
	turns(worlds[0], 5);
	assert_int_equal(session->reason, CLOSE_LIMIT);
	client_close(session, client);
	assert_int_equal(detachments, 0);
}

/* connection.h: NULL when the descriptor is unusable; the unread input is taken over all the same.
 */
static void test_net_refuses_a_descriptor_that_is_no_connection(void **state)
{
	struct world **worlds = *state;
	struct migrant migrant = {.descriptor = -1};

	buffer_append_text(&migrant.unread, "unread");
	assert_null(connection_adopt(worlds[1]->net, &migrant));
	assert_null(migrant.unread.bytes);
	turns(worlds[1], 2);
	assert_int_equal(metric_read(&worlds[1]->metrics.connections_open), 0);
}

/* connection.h: an end that comes before the connection has moved is met where it moves to. */
static void test_net_moves_a_connection_whose_client_says_no_more(void **state)
{
	struct world **worlds = *state;
	static char bytes[900000];
	struct buffer got = {0};
	struct session *from, *to;
	int client;

	from = client_connect_small(worlds[0], &client);
	from->take = take_first_line_and_move;
	connection_send_bytes(from->connection, bytes, sizeof(bytes));
	client_send(client, "first\nsecond\n");
	turns(worlds[0], 20);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	turns(worlds[0], 20);
	assert_int_equal(from->closings + detachments, 0);
	client_read_bytes(worlds[0], client, &got, sizeof(bytes));
	turns(worlds[0], 5);
	assert_int_equal(detachments, 1);
	to = adopt(worlds[1]);
	connection_resume(to->connection);
	turns(worlds[1], 10);
	assert_bytes(&to->input, "second\n");
	assert_int_equal(to->reason, CLOSE_CLIENT_CLOSED);
	client_close(to, client);
	buffer_finish(&got);
}

/* connection.h: a client that closes on the way is met as an end after its input. */
static void test_net_adopts_a_connection_whose_client_has_gone(void **state)
{
	struct world **worlds = *state;
	struct session *from, *to;
	int client;

	from = client_connect(worlds[0], &client);
	from->take = take_first_line_and_move;
	client_send(client, "first\nsecond\n");
	turns(worlds[0], 5);
	(void)close(client);
	to = adopt(worlds[1]);
	connection_resume(to->connection);
	turns(worlds[1], 10);
	assert_bytes(&to->input, "second\n");
	assert_int_equal(to->ends, 1);
	assert_int_equal(to->reason, CLOSE_CLIENT_CLOSED);
}

/* --- the end --------------------------------------------------------------------------- */

/* net.h: everyone is told; clients that take no more are cut off: 5 s to drain, 2 s to linger. */
static void test_net_ends_although_clients_do_not_read(void **state)
{
	struct world *world = *state;
	static char bytes[900000];
	struct buffer got = {0};
	struct session *deaf, *polite, *silent;
	int clients[3];

	deaf = client_connect_small(world, &clients[0]);
	polite = client_connect(world, &clients[1]);
	silent = client_connect(world, &clients[2]);
	polite->goodbye = "Server shutting down";
	connection_send_bytes(deaf->connection, bytes, sizeof(bytes));
	turns(world, 3);
	net_end(world->net, CLOSE_SHUTDOWN);
	client_read_to_end(world, clients[1], &got);
	assert_bytes(&got, "Server shutting down");
	client_close(polite, clients[1]);
	pass(world, 1800);
	assert_int_equal(deaf->ends + silent->ends, 0);
	pass(world, 700);
	assert_int_equal(silent->ends, 1);
	pass(world, 2300);
	assert_int_equal(deaf->ends, 0);
	pass(world, 500);
	assert_int_equal(deaf->ends, 1);
	assert_int_equal(deaf->closings, 1);
	assert_int_equal(deaf->reason, CLOSE_SHUTDOWN);
	(void)close(clients[0]);
	(void)close(clients[2]);
	buffer_finish(&got);
}

/* net.h: a network without connections ends at once; NULL is no network. */
static void test_net_ends_without_connections(void **state)
{
	(void)state;
	world_end(world_create());
	net_destroy(NULL);
}

/* net.h: each worker counts connections in steps of its own, so that no two have one id. */
static void test_net_numbers_connections_across_workers(void **state)
{
	struct world *world = *state;
	struct session *first, *second;
	int clients[2];

	world->net->next_id = 3;
	world->net->id_step = 4;
	first = client_connect(world, &clients[0]);
	second = client_connect(world, &clients[1]);
	assert_int_equal(first->connection->id, 3);
	assert_int_equal(second->connection->id, 7);
	client_close(first, clients[0]);
	client_close(second, clients[1]);
	assert_int_equal(metric_read(&world->metrics.connections_accepted), 2);
}

/* net.h: what a turn queued for a connection goes out in one write. */
static void test_net_gathers_the_writes_of_a_turn(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	session = client_connect(world, &client);
	for (int i = 0; i < 50; i++) {
		connection_send_bytes(session->connection, "abc", 3);
	}
	connection_send_bytes(session->connection, "", 0);
	assert_int_equal(connection_queued(session->connection), 150);
	client_read_bytes(world, client, &got, 150);
	assert_int_equal(metric_read(&world->metrics.writes), 1);
	assert_int_equal(metric_read(&world->metrics.bytes_sent), 150);
	client_close(session, client);
	buffer_finish(&got);
}

/* --- tasks -------------------------------------------------------------------------- */

/* A task that notes the turn it is called in, and waits again as often as it is told. */
struct note {
	struct net_task task;
	struct net *net;
	struct note *victim; /* forgotten when it is called; NULL: nobody is */
	unsigned calls, again;
	uint64_t turn;
};

static void on_noted(struct net_task *task)
{
	struct note *note = container_of(task, struct note, task);

	note->calls++;
	note->turn = note->net->turn;
	if (note->victim != NULL) {
		net_forget(note->net, &note->victim->task);
	}
	if (note->again > 0) {
		note->again--;
		net_call_next_turn(note->net, task);
	}
}

/* net.h: once in the next turn, however often it was asked for; one that waits again has its own.
 */
static void test_net_calls_a_task_in_the_next_turn(void **state)
{
	struct world *world = *state;
	struct note note = {.task = {.on_turn = on_noted}, .net = world->net, .again = 2};
	uint64_t before = world->net->turn;

	net_call_next_turn(world->net, &note.task);
	net_call_next_turn(world->net, &note.task);
	assert_int_equal(note.calls, 0);
	for (unsigned i = 1; i <= 3; i++) {
		net_turn(world->net);
		assert_int_equal(note.calls, i);
		assert_int_equal(note.turn, before + i);
	}
	net_turn(world->net);
	assert_int_equal(note.calls, 3);
}

/* net.h: a task makes the next turn come at once; without one the loop waits. */
static void test_net_does_not_wait_while_a_task_does(void **state)
{
	struct world *world = *state;
	struct note note = {.task = {.on_turn = on_noted}, .net = world->net, .again = 5};

	net_turn(world->net);
	assert_false(uv_is_active((uv_handle_t *)&world->net->idle));
	net_call_next_turn(world->net, &note.task);
	net_turn(world->net);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(uv_is_active((uv_handle_t *)&world->net->idle));
		net_turn(world->net);
	}
	assert_int_equal(note.calls, 6);
	assert_false(uv_is_active((uv_handle_t *)&world->net->idle));
}

/* net.h: who was forgotten is not called, be it by one that is called in this very turn. */
static void test_net_forgets_tasks_while_it_calls_them(void **state)
{
	struct world *world = *state;
	struct note notes[3] = {0};

	for (size_t i = 0; i < 3; i++) {
		notes[i].task.on_turn = on_noted;
		notes[i].net = world->net;
		notes[i].victim = &notes[2];
		notes[i].again = 1;
		net_call_next_turn(world->net, &notes[i].task);
	}
	net_turn(world->net);
	assert_int_equal(notes[0].calls, 1);
	assert_int_equal(notes[1].calls, 1);
	assert_int_equal(notes[2].calls, 0);
	net_turn(world->net);
	assert_int_equal(notes[0].calls, 2);
	assert_int_equal(notes[1].calls, 2);
	net_forget(world->net, &notes[2].task);
	net_turn(world->net);
	assert_int_equal(notes[2].calls, 0);
}

/* --- changes ----------------------------------------------------------------------------- */

static void send_change(struct session *session, const char *text)
{
	struct wire *wire = wire_copy(text, strlen(text));

	connection_send_change(session->connection, wire);
	wire_unref(wire);
}

/* net.h: clients that have the same waiting for them get all of it, each with one write. */
static void test_net_writes_what_many_wait_for_in_one_piece(void **state)
{
	struct world *world = *state;
	struct session *sessions[3];
	struct wire *wires[2] = {wire_copy("one\n", 4), wire_copy("two\n", 4)};
	int clients[3];

	for (size_t i = 0; i < 3; i++) {
		sessions[i] = client_connect(world, &clients[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		connection_send_change(sessions[i]->connection, wires[0]);
		connection_send_change(sessions[i]->connection, wires[1]);
	}
	connection_send_bytes(sessions[1]->connection, "for you\n", 8);
	for (size_t i = 0; i < 3; i++) {
		const char *wanted = i == 1 ? "one\ntwo\nfor you\n" : "one\ntwo\n";
		struct buffer got = {0};

		client_read_bytes(world, clients[i], &got, strlen(wanted));
		assert_bytes(&got, wanted);
		buffer_finish(&got);
	}
	assert_int_equal(metric_read(&world->metrics.writes), 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(wires[i]->references, 1);
		wire_unref(wires[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		client_close(sessions[i], clients[i]);
	}
}

/* flush_queue.h: changes wait for each other; a reply goes at once and takes them along. */
static void test_net_lets_changes_wait_but_no_reply(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	uint64_t start_ns;
	int client;

	world->net->queue.delay_ns = UINT64_C(3600000000000);
	session = client_connect(world, &client);
	send_change(session, "first\n");
	client_read_bytes(world, client, &got, 6);
	send_change(session, "second\n");
	turns(world, 3);
	assert_int_equal(connection_queued(session->connection), 7);
	connection_send_bytes(session->connection, "PONG\n", 5);
	client_read_bytes(world, client, &got, 18);
	assert_bytes(&got, "first\nsecond\nPONG\n");

	world->net->queue.delay_ns = UINT64_C(50000000);
	flush_queue_open(&world->net->queue);
	send_change(session, "third\n");
	turn(world);
	buffer_clear(&got);
	send_change(session, "fourth\n");
	start_ns = uv_hrtime();
	client_read_bytes(world, client, &got, 13);
	assert_true(seconds_since(start_ns) < 5);
	client_close(session, client);
	buffer_finish(&got);
}

/* connection.h: changes that wait count; over the limit they are written, not the client ended. */
static void test_net_counts_what_waits_to_the_limit(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->queue.delay_ns = UINT64_C(3600000000000);
	world->net->limits.outbox_max = 4096;
	session = client_connect(world, &client);
	send_change(session, "first\n");
	client_read_bytes(world, client, &got, 6);
	for (unsigned i = 0; i < 100; i++) {
		struct wire *line = make_line(i);

		connection_send_change(session->connection, line);
		wire_unref(line);
		turn(world);
		assert_true(connection_queued(session->connection) <= 4096);
	}
	assert_true(connection_is_open(session->connection));
	buffer_clear(&got);
	client_read_bytes(world, client, &got, 8000);
	client_close(session, client);
	buffer_finish(&got);
}

/* net.h: at the end nothing waits any more: changes go out before the goodbye. */
static void test_net_sends_changes_that_wait_before_the_end(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	world->net->queue.delay_ns = UINT64_C(3600000000000);
	session = client_connect(world, &client);
	session->goodbye = "bye\n";
	send_change(session, "first\n");
	client_read_bytes(world, client, &got, 6);
	send_change(session, "second\n");
	turn(world);
	net_end(world->net, CLOSE_SHUTDOWN);
	client_read_to_end(world, client, &got);
	assert_bytes(&got, "first\nsecond\nbye\n");
	client_close(session, client);
	buffer_finish(&got);
}

/* net.h: NET_BATCH changes between two rounds of writes; that many wait for no more. */
static void test_net_takes_so_many_changes_between_two_rounds(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	struct session *session;
	int client;

	assert_int_equal(net_take(world->net, 1000), NET_BATCH);
	assert_int_equal(net_take(world->net, 1000), NET_BATCH); /* they went to nobody */
	world->net->queue.delay_ns = UINT64_C(3600000000000);
	session = client_connect(world, &client);
	send_change(session, "first\n");
	client_read_bytes(world, client, &got, 6);
	assert_int_equal(net_take(world->net, 200), 200);
	send_change(session, "second\n");
	turns(world, 3);
	assert_int_equal(connection_queued(session->connection), 7);
	assert_int_equal(net_take(world->net, 200), NET_BATCH - 200);
	assert_int_equal(net_take(world->net, 200), 0);
	turn(world);
	assert_int_equal(connection_queued(session->connection), 0);
	assert_int_equal(net_take(world->net, 200), 200);
	client_close(session, client);
	buffer_finish(&got);
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define TEST_TWO(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown_two)

/* net.h: a fan-out is measured from its note to the end of the turn's writing, once. */
static void test_net_measures_fan_out(void **state)
{
	struct world *world = *state;
	const struct histogram *fan_out = &world->metrics.fan_out;
	uint64_t count = 0;

	turns(world, 3);
	assert_int_equal(metric_read(&fan_out->sum), 0);
	net_note_fan_out(world->net);
	uv_sleep(5);
	net_note_fan_out(world->net); /* more changes in the same turn */
	net_turn(world->net);
	net_turn(world->net);
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += metric_read(&fan_out->buckets[i]);
	}
	assert_int_equal(count, 1);
	assert_true(metric_read(&fan_out->sum) >= 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_net_tells_a_client_over_the_hard_limit),
	    TEST(test_net_measures_fan_out),
	    TEST(test_net_lets_a_burst_pass_that_the_socket_takes),
	    TEST(test_net_ends_a_client_over_the_soft_limit_for_too_long),
	    TEST(test_net_ends_a_client_that_takes_nothing),
	    TEST(test_net_does_not_time_an_idle_client),
	    TEST(test_net_sees_the_progress_within_a_large_wire),
	    TEST_TWO(test_net_moves_a_connection_with_its_unread_input),
	    TEST_TWO(test_net_moves_a_connection_once_its_output_is_sent),
	    TEST_TWO(test_net_does_not_move_a_connection_that_ends),
	    TEST_TWO(test_net_refuses_a_descriptor_that_is_no_connection),
	    TEST_TWO(test_net_moves_a_connection_whose_client_says_no_more),
	    TEST_TWO(test_net_adopts_a_connection_whose_client_has_gone),
	    TEST(test_net_ends_although_clients_do_not_read),
	    cmocka_unit_test(test_net_ends_without_connections),
	    TEST(test_net_numbers_connections_across_workers),
	    TEST(test_net_gathers_the_writes_of_a_turn),
	    TEST(test_net_calls_a_task_in_the_next_turn),
	    TEST(test_net_does_not_wait_while_a_task_does),
	    TEST(test_net_forgets_tasks_while_it_calls_them),
	    TEST(test_net_writes_what_many_wait_for_in_one_piece),
	    TEST(test_net_lets_changes_wait_but_no_reply),
	    TEST(test_net_counts_what_waits_to_the_limit),
	    TEST(test_net_sends_changes_that_wait_before_the_end),
	    TEST(test_net_takes_so_many_changes_between_two_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
