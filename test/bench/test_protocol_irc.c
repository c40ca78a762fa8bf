/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol_irc: what an IRC client of the load says, and understands. */
#include "bench/protocol.h"

#include "test/bench/listener.h"

static void open_irc(struct listener *listener)
{
	listener_begin(listener, &protocol_irc);
	assert_says_text(listener, "NICK b7\r\nUSER bench 0 * :rcstream-bench\r\n");
	listener_hear_text(listener, ":s 001 b7 :Hello\r\n:s 376 b7 :End\r\n");
	assert_says_text(listener, "JOIN #bench.example\r\n");
	assert_false(listener->session.is_ready);
	listener_hear_text(listener, ":b7!b@s JOIN #bench.example\r\n"
	                             ":s 366 b7 #bench.example :End\r\n");
	assert_says_text(listener, "");
	assert_true(listener->session.is_ready);
}

/* RFC 2812, 3.1: a client registers, waits for the MOTD's end (or that there is none), joins. */
static void test_irc_joins_when_it_is_registered(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	listener_finish(&listener);
	listener_begin(&listener, &protocol_irc);
	buffer_clear(&listener.session.replies);
	listener_hear_text(&listener, ":s 422 b7 :No MOTD\r\n");
	assert_says_text(&listener, "JOIN #bench.example\r\n");
	listener_finish(&listener);
}

/* protocol_irc.c: the change that makes the channel may still be on its way: JOIN again. */
static void test_irc_asks_again_for_a_channel_that_is_not_there(void **state)
{
	struct listener listener;

	(void)state;
	listener_begin(&listener, &protocol_irc);
	listener_hear_text(&listener, ":s 376 b7 :End\r\n");
	buffer_clear(&listener.session.replies);
	listener_hear_text(&listener, ":s 403 b7 #bench.example :No such channel\r\n");
	assert_says_text(&listener, "JOIN #bench.example\r\n");
	assert_null(listener.session.failure);
	listener_finish(&listener);
}

/* RFC 2812, 3.7.2: PING is answered, also between changes. */
static void test_irc_answers_a_ping(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	listener_hear_text(&listener, "PING :s\r\n");
	assert_says_text(&listener, "PONG :s\r\n");
	listener_finish(&listener);
}

/* RFC 2812, 3.7.4: ERROR is the server's last word; 433: another run has the nick. */
static void test_irc_refusals_are_failures(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	assert_null(listener.session.failure);
	listener_hear_text(&listener, "ERROR :Closing Link: (SendQ exceeded)\r\n");
	assert_failed(&listener);
	listener_begin(&listener, &protocol_irc);
	listener_hear_text(&listener, ":s 433 * b7 :Nickname is already in use.\r\n");
	assert_failed(&listener);
}

/* Lines of people, and of other runs, are no changes. */
static void test_irc_counts_changes_of_its_run_only(void **state)
{
	struct listener listener;

	(void)state;
	open_irc(&listener);
	listener_hear_text(&listener, ":b!b@s PRIVMSG #bench.example :Serial\r\n"
	                              ":b!b@s PRIVMSG #bench.example :Serial "
	                              "ffffffff.0000000000\r\n");
	assert_int_equal(listener.changes, 0);
	listener_hear_text(&listener, ":b!b@s PRIVMSG #bench.example :Serial "
	                              "0123abcd.0000000000\r\n");
	assert_int_equal(listener.changes, 1);
	listener_finish(&listener);
}

static void add_change(uint32_t serial, struct buffer *out)
{
	buffer_append_text(out, ":b!b@s PRIVMSG #bench.example :\00314[[\00307");
	protocol_title(&listener_subject, serial, out);
	buffer_append_text(out, "\00314]]\0034\r\n");
}

/* protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_irc_changes_are_understood_however_they_are_cut(void **state)
{
	static const struct listener_recipe recipe = {open_irc, add_change, 0};

	(void)state;
	listener_check_cuts(&recipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_joins_when_it_is_registered),
	    cmocka_unit_test(test_irc_asks_again_for_a_channel_that_is_not_there),
	    cmocka_unit_test(test_irc_answers_a_ping),
	    cmocka_unit_test(test_irc_refusals_are_failures),
	    cmocka_unit_test(test_irc_counts_changes_of_its_run_only),
	    cmocka_unit_test(test_irc_changes_are_understood_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
