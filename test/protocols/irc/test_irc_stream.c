/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_stream.h"

#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/harness.h"

/* RFC 2812 §2.3: lines end in CR LF both ways, and may come in any pieces. */
static void test_irc_stream_carries_lines(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);
	const struct irc_session *session = harness->net->all->owner;

	assert_int_equal(session->framing, IRC_FRAMING_STREAM);
	assert_ptr_equal(session->connection, harness->net->all);
	for (const char *byte = "PING one\r\nPING two\nPING "; *byte != '\0'; byte++) {
		say_bytes(client, byte, 1);
		turn(harness);
	}
	expect(harness, client,
	       ":" TEST_SERVER " PONG " TEST_SERVER " :one\r\n"
	       ":" TEST_SERVER " PONG " TEST_SERVER " :two\r\n");
	say_bytes(client, "three\r\n", 7);
	expect(harness, client, ":" TEST_SERVER " PONG " TEST_SERVER " :three\r\n");
	(void)close(client);
}

/* The session ends with its connection: it is told why, is counted no more, and is freed. */
static void test_irc_stream_ends_its_session(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	assert_int_equal(metric_read(&metrics_of(harness)->irc_clients), 1);
	connection_close(harness->net->all, CLOSE_SHUTDOWN);
	expect_end(harness, client, "ERROR :Closing Link: (Server shutting down)\r\n");
	(void)close(client);
	for (int round = 0; harness->net->all != NULL && round < WAIT_ROUNDS; round++) {
		turn(harness);
	}
	assert_int_equal(metric_read(&metrics_of(harness)->irc_clients), 0);
}

/* RFC 8446 §5.1: a client that begins with a handshake means another port, and hears so at once. */
static void test_irc_stream_tells_who_speaks_tls(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	say_bytes(client, "\x16\x03\x01\x02", 4);
	expect_end(harness, client, "ERROR :Closing Link: (This port does not speak TLS)\r\n");
	(void)close(client);
	assert_int_equal(metric_read(&metrics_of(harness)->closed[CLOSE_TLS_UNWANTED]), 1);
}

/* The byte means that in front of everything else alone. */
static void test_irc_stream_takes_the_byte_elsewhere(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	say(client, "PING \x16");
	expect(harness, client, ":" TEST_SERVER " PONG " TEST_SERVER " :\x16\r\n");
	(void)close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_irc_stream_carries_lines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_stream_ends_its_session, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_stream_tells_who_speaks_tls, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_stream_takes_the_byte_elsewhere, set_up,
	                                    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
