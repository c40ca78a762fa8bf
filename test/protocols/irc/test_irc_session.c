/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_session.h"

#include "test/protocols/irc/harness.h"

#define CRLF     "\r\n"
#define S        ":" TEST_SERVER
#define BOT_SAYS ":rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG "

#define BURST(nick)                                                                               \
	S " 001 " nick " :Welcome to Example, " nick "!user@" TEST_SERVER CRLF S " 002 " nick     \
	  " :Your host is " TEST_SERVER ", running version rcstreamd-1.2.3" CRLF S " 003 " nick   \
	  " :This server was created 2023-11-14 22:13:20 UTC" CRLF S " 004 " nick " " TEST_SERVER \
	  " rcstreamd-1.2.3 i bklmnstv" CRLF S " 005 " nick                                       \
	  " NETWORK=Example CASEMAPPING=ascii CHANTYPES=# CHANMODES=b,k,l,mnst PREFIX=(ov)@+ "    \
	  "NICKLEN=30 CHANNELLEN=50 USERLEN=63 HOSTLEN=63 NAMELEN=128 AWAYLEN=200 SAFELIST "      \
	  "ELIST=MNU "                                                                            \
	  ":are supported by this server" CRLF S " 005 " nick                                     \
	  " WHOX UTF8ONLY TARGMAX=JOIN:,LIST:,NAMES:,NOTICE:,PART:,PRIVMSG:,WHOIS:1 "             \
	  "CHATHISTORY=1000 MSGREFTYPES=msgid,timestamp MASKJOIN=3 "                              \
	  ":are supported by this server" CRLF S " 251 " nick                                     \
	  " :There are 0 users and 1 invisible on 1 servers" CRLF S " 252 " nick                  \
	  " 0 :operator(s) online" CRLF S " 253 " nick " 0 :unknown connection(s)" CRLF S         \
	  " 254 " nick " 0 :channels formed" CRLF S " 255 " nick                                  \
	  " :I have 1 clients and 0 servers" CRLF S " 265 " nick                                  \
	  " 1 1 :Current local users 1, max 1" CRLF S " 266 " nick                                \
	  " 1 1 :Current global users 1, max 1" CRLF S " 375 " nick                               \
	  " :- Message of the day -" CRLF S " 372 " nick " :- Welcome!" CRLF S " 372 " nick       \
	  " :- " CRLF S " 372 " nick " :- Be good." CRLF S " 376 " nick                           \
	  " :End of /MOTD command." CRLF S " 221 " nick " +i" CRLF

/* --- registration --------------------------------------------------------- */

/* Each alone is silent, in either order; the last NICK counts; then the burst, in its order. */
static void test_irc_session_registers_with_nick_and_user_in_either_order(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	say(client, "NICK first");
	expect_nothing(harness, client);
	say(client, "nick reader");
	expect_nothing(harness, client);
	exchange(harness, client, "USER user x y :Real", BURST("reader"));
	(void)close(client);
	turn(harness);
	turn(harness);
	client = client_open(harness);
	say(client, "PASS secret");
	say(client, "USER user 0 * Real");
	expect_nothing(harness, client);
	exchange(harness, client, "NICK reader", BURST("reader"));
	(void)close(client);
}

/* RFC 2812 §4.1 and the note: 451 for all but what registers, known or not; bad input keeps it
 * open. */
static void test_irc_session_refuses_commands_before_registration(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	exchange(harness, client, "JOIN #en.wikipedia", S " 451 * :You have not registered" CRLF);
	exchange(harness, client, "FOO", S " 451 * :You have not registered" CRLF);
	exchange(harness, client, "PONG :x", "");
	exchange(harness, client, "NICK", S " 431 * :No nickname given" CRLF);
	exchange(harness, client, "NICK a", S " 432 * a :Erroneous nickname" CRLF);
	exchange(harness, client, "USER a b c", S " 461 * USER :Not enough parameters" CRLF);
	exchange(harness, client, "USER user 0 * :", "");
	exchange(harness, client, "USER user 0 * :x", S " 462 * :You may not reregister" CRLF);
	exchange(harness, client, "NICK reader", BURST("reader"));
	(void)close(client);
}

/* A line that is not UTF-8 is ignored, but a Latin-1 real name in USER is taken and repaired. */
static void test_irc_session_takes_a_latin1_real_name(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	say(client, "NICK \xe9\xe9");
	say(client, "PING \xe9");
	say(client, "NICK reader");
	expect_nothing(harness, client);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_lines_ignored), 2);
	exchange(harness, client, "USER user 0 * :Jos\xe9", BURST("reader"));
	exchange(harness, client, "WHOIS reader",
	         S " 311 reader reader user 127.0.0.1 * :Jos\xef\xbf\xbd" CRLF S
	           " 312 reader reader " TEST_SERVER " :Example" CRLF S
	           " 317 reader reader 0 1700001000 :seconds idle, signon time" CRLF S
	           " 318 reader reader :End of /WHOIS list" CRLF);
	(void)close(client);
}

/* ircv3.net: a negotiation that was begun holds registration up until CAP END. */
static void test_irc_session_waits_for_the_end_of_cap(void **state)
{
	struct harness *harness = *state;
	int client = client_open(harness);

	exchange(harness, client, "CAP LS 302",
	         S " CAP * LS :batch cap-notify draft/chathistory echo-message extended-join "
	           "labeled-response message-tags multi-prefix rcstreamd.alt/change=json "
	           "server-time setname standard-replies userhost-in-names" CRLF);
	say(client, "NICK reader");
	say(client, "USER user 0 * :Real");
	expect_nothing(harness, client);
	exchange(harness, client, "CAP REQ :multi-prefix", S " CAP reader ACK :multi-prefix" CRLF);
	exchange(harness, client, "CAP END", BURST("reader"));
	(void)close(client);
	turn(harness);
	turn(harness);
	client = client_open(harness);
	say(client, "NICK reader");
	exchange(harness, client, "CAP LIST", S " CAP reader LIST :" CRLF);
	exchange(harness, client, "CAP REQ :x", S " CAP reader NAK :x" CRLF);
	say(client, "USER user 0 * :Real");
	expect_nothing(harness, client);
	exchange(harness, client, "CAP END", BURST("reader"));
	(void)close(client);
}

/* --- changes -------------------------------------------------------------- */

/* A channel comes with its first change, which goes to nobody; members get the next, once. */
static void test_irc_session_gets_the_changes_of_its_channels_once(void **state)
{
	struct harness *harness = *state;
	int first = client_registered(harness, "reader");
	int second = client_registered(harness, "reader");

	exchange(harness, first, "JOIN #en.wikipedia",
	         S " 403 reader #en.wikipedia :No such channel" CRLF);
	publish(harness, "#en.wikipedia", "one");
	client_join(harness, first, "#EN.wikipedia");
	client_join(harness, second, "#en.wikipedia");
	say(second, "JOIN #en.wikipedia");
	expect_nothing(harness, second);
	publish(harness, "#En.wikipedia", "two");
	publish(harness, "#de.wikipedia", "three");
	publish(harness, "#en.wikipedia", NULL);
	expect(harness, first, BOT_SAYS "#en.wikipedia :two" CRLF);
	expect(harness, second, BOT_SAYS "#en.wikipedia :two" CRLF);
	exchange(harness, second, "PART #en.wikipedia",
	         ":reader!user@" TEST_SERVER " PART #en.wikipedia" CRLF);
	publish(harness, "#en.wikipedia", "four");
	expect(harness, first, BOT_SAYS "#en.wikipedia :four" CRLF);
	expect_nothing(harness, second);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_deliveries), 3);
	(void)close(first);
	(void)close(second);
}

/* The same memory goes to every client: one wire a change, however many read it. */
static void test_irc_session_shares_one_wire(void **state)
{
	struct harness *harness = *state;
	struct connection *connection;
	struct iovec pieces[2];
	const void *bytes = NULL;
	size_t seen = 0;
	int clients[3];

	publish(harness, "#en.wikipedia", "one");
	for (size_t i = 0; i < 3; i++) {
		clients[i] = client_registered(harness, "reader");
		client_join(harness, clients[i], "#en.wikipedia");
	}
	publish(harness, "#en.wikipedia", "two");
	for (connection = harness->net->all; connection != NULL; connection = connection->next) {
		assert_int_equal(outbox_peek(&connection->outbox, pieces, 2), 1);
		assert_true(bytes == NULL || bytes == pieces[0].iov_base);
		bytes = pieces[0].iov_base;
		seen++;
	}
	assert_int_equal(seen, 3);
	for (size_t i = 0; i < 3; i++) {
		expect(harness, clients[i], BOT_SAYS "#en.wikipedia :two" CRLF);
		(void)close(clients[i]);
	}
}

/* Replies and changes reach a client in the order in which they came about. */
static void test_irc_session_keeps_replies_and_changes_in_order(void **state)
{
	struct harness *harness = *state;
	int client;

	publish(harness, "#en.wikipedia", "one");
	client = client_registered(harness, "reader");
	client_join(harness, client, "#en.wikipedia");
	publish(harness, "#en.wikipedia", "two");
	say(client, "PING a");
	turn(harness);
	publish(harness, "#en.wikipedia", "three");
	expect(harness, client,
	       BOT_SAYS "#en.wikipedia :two" CRLF S " PONG " TEST_SERVER " :a" CRLF BOT_SAYS
	                "#en.wikipedia :three" CRLF);
	(void)close(client);
}

/* --- many commands -------------------------------------------------------- */

/* Hundreds of commands in one segment are answered completely and in order, with few writes. */
static void test_irc_session_answers_a_batch_in_order(void **state)
{
	struct harness *harness = *state;
	struct buffer input = {0};
	struct buffer wanted = {0};
	int client = client_registered(harness, "reader");
	uint64_t writes = metric_read(&metrics_of(harness)->writes);

	for (unsigned i = 0; i < 500; i++) {
		buffer_printf(&input, "PING %u\n", i);
		buffer_printf(&wanted, S " PONG " TEST_SERVER " :%u" CRLF, i);
	}
	buffer_append_byte(&wanted, '\0');
	say_bytes(client, input.bytes, input.length);
	expect(harness, client, wanted.bytes);
	assert_true(metric_read(&metrics_of(harness)->writes) - writes < 10);
	buffer_finish(&input);
	buffer_finish(&wanted);
	(void)close(client);
}

/* However the bytes are cut, nothing is lost, run twice, or run out of a long line's tail. */
static void test_irc_session_does_not_mind_how_bytes_are_cut(void **state)
{
	static const char input[] = "PING \xe2\x82\xac\r\n\r\nPING b\rPING c\n";
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	char longest[600];

	for (size_t i = 0; i < sizeof(input) - 1; i++) {
		say_bytes(client, input + i, 1);
		turn(harness);
		turn(harness);
	}
	memset(longest, ' ', sizeof(longest));
	memcpy(longest + sizeof(longest) - 4, "QUIT", 4);
	say_bytes(client, longest, sizeof(longest));
	turn(harness);
	say(client, "QUIT");
	expect(harness, client,
	       S " PONG " TEST_SERVER " :\xe2\x82\xac" CRLF S " PONG " TEST_SERVER " :b" CRLF S
	         " PONG " TEST_SERVER " :c" CRLF);
	expect_nothing(harness, client);
	(void)close(client);
}

/* A client that never ends its line does not grow memory. */
static void test_irc_session_holds_no_more_than_a_line(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	char garbage[4096];

	memset(garbage, 'x', sizeof(garbage));
	say_bytes(client, "PONG ", strlen("PONG "));
	for (int i = 0; i < 100; i++) {
		say_bytes(client, garbage, sizeof(garbage));
		turn(harness);
		assert_true(harness->net->all->held.length <= IRC_TAGS_MAX + IRC_TEXT_MAX);
	}
	say(client, "");
	expect_nothing(harness, client);
	(void)close(client);
}

/*
 * A LIST longer than the limit of the outbox is given as fast as the client takes it: its own
 * replies never end a connection, and commands behind it wait their turn.
 */
static void test_irc_session_gives_a_long_list_in_parts(void **state)
{
	enum { CHANNELS = 12000 };
	struct harness *harness = harness_create();
	struct buffer out = {0};
	const char *at;
	unsigned rows = 0;
	int client, server_side, small = 131072;
	bool has_paused = false;

	(void)state;
	harness->conf.irc.max_channels = CHANNELS;
	harness->net->limits.outbox_max = 512 * 1024;
	harness_start(harness);
	for (unsigned i = 0; i < CHANNELS; i++) {
		char name[48];

		(void)snprintf(name, sizeof(name), "#channel-with-a-long-name.%06u", i);
		publish(harness, name, "one");
	}
	client = client_registered(harness, "reader");
	(void)setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(uv_fileno((uv_handle_t *)&harness->net->all->handle, &server_side), 0);
	(void)setsockopt(server_side, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	say(client, "LIST\r\nPING after");
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	for (int i = 0; i < 20 && harness->net->all != NULL; i++) {
		const struct irc_session *session = harness->net->all->owner;

		assert_true(connection_queued(harness->net->all) < 300 * 1024);
		has_paused = has_paused || session->list_after != NULL;
		turn(harness);
	}
	assert_true(has_paused);
	read_until(harness, client, S " PONG " TEST_SERVER " :after" CRLF, &out);
	assert_true(out.length > 1000 * 1000);
	buffer_append_byte(&out, '\0');
	for (at = out.bytes; (at = strstr(at, " 322 reader #")) != NULL; at++) {
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted),
		               " 322 reader #channel-with-a-long-name.%06u ", rows++);
		assert_memory_equal(at, wanted, strlen(wanted));
	}
	assert_int_equal(rows, CHANNELS);
	at = strstr(out.bytes, " 323 ");
	assert_non_null(at);
	assert_null(strstr(at + 1, " 323 "));
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* --- time-outs ------------------------------------------------------------ */

/* "PING :S" every quarter of ping_timeout, with no source; a PONG keeps the client. */
static void test_irc_session_pings_every_quarter(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	for (int i = 0; i < 12; i++) {
		step(harness, 40 * 1000);
		expect_nothing(harness, client);
		step(harness, 5 * 1000 + DEADLINE_TICK_MS);
		expect(harness, client, "PING :" TEST_SERVER CRLF);
		say(client, "PONG :" TEST_SERVER);
		expect_nothing(harness, client);
	}
	(void)close(client);
}

/* No PONG for ping_timeout: the end, whatever else the client says. */
static void test_irc_session_ends_without_pong(void **state)
{
#define PING_LINE "PING :" TEST_SERVER CRLF
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	step(harness, 179 * 1000);
	say_bytes(client, "PING half", strlen("PING half"));
	turn(harness);
	expect(harness, client, PING_LINE PING_LINE PING_LINE);
	step(harness, 2000);
	expect_end(harness, client, "ERROR :Closing Link: (Ping timeout)" CRLF);
	assert_int_equal(metric_read(&metrics_of(harness)->closed[CLOSE_PING_TIMEOUT]), 1);
	(void)close(client);
}

/* Who does not register in time is told; who is registered is not looked at. */
static void test_irc_session_ends_without_registration(void **state)
{
	struct harness *harness = *state;
	int registered = client_registered(harness, "reader");
	int client = client_open(harness);

	say(client, "NICK slow");
	expect_nothing(harness, client);
	step(harness, 29 * 1000);
	expect_nothing(harness, client);
	step(harness, 1500);
	expect_end(harness, client, "ERROR :Closing Link: (Registration timed out)" CRLF);
	expect_nothing(harness, registered);
	(void)close(client);
	(void)close(registered);
}

/* Where ping_timeout is the shorter of the two it ends an unregistered client, unpinged. */
static void test_irc_session_ends_unregistered_by_ping_timeout(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.ping_timeout = 8;
	harness_start(harness);
	client = client_open(harness);
	step(harness, 7500);
	expect_nothing(harness, client);
	step(harness, 1500);
	expect_end(harness, client, "ERROR :Closing Link: (Ping timeout)" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* --- the end -------------------------------------------------------------- */

/* QUIT is answered with ERROR and its reason; what comes behind it is not run. */
static void test_irc_session_quits(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	say(client, "PING a\r\nQUIT :so long\r\nPING b");
	expect_end(harness, client,
	           S " PONG " TEST_SERVER " :a" CRLF "ERROR :Closing Link: (Quit: so long)" CRLF);
	(void)close(client);
	client = client_open(harness);
	say(client, "QUIT");
	expect_end(harness, client, "ERROR :Closing Link: (Quit: No reason)" CRLF);
	assert_int_equal(metric_read(&metrics_of(harness)->closed[CLOSE_CLIENT_QUIT]), 2);
	(void)close(client);
}

/* A client that shuts its side down (nc -N) gets the replies to all it sent, then the end. */
static void test_irc_session_answers_a_half_closed_client(void **state)
{
	struct harness *harness = *state;
	struct buffer out = {0};
	int client = client_open(harness);

	publish(harness, "#en.wikipedia", "one");
	say(client, "NICK reader\r\nUSER user 0 * :x\r\nJOIN #en.wikipedia\r\nPING last");
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	read_until(harness, client, NULL, &out);
	buffer_append_byte(&out, '\0');
	assert_non_null(strstr(out.bytes, S " 366 reader #en.wikipedia :End of /NAMES list" CRLF S
	                                    " PONG " TEST_SERVER " :last" CRLF));
	buffer_finish(&out);
	(void)close(client);
}

/* A connection that is reset leaves no membership behind; others go on. */
static void test_irc_session_that_is_reset_leaves_nothing(void **state)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	struct harness *harness = *state;
	int other, client;

	publish(harness, "#en.wikipedia", "one");
	other = client_registered(harness, "other");
	client_join(harness, other, "#en.wikipedia");
	client = client_registered(harness, "reader");
	client_join(harness, client, "#en.wikipedia");
	(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(client);
	turn(harness);
	turn(harness);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_clients), 1);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_registered), 1);
	publish(harness, "#en.wikipedia", "two");
	expect(harness, other, BOT_SAYS "#en.wikipedia :two" CRLF);
	(void)close(other);
}

/* Over its SendQ a client is told and ended, after whole lines only; others lose nothing. */
static void test_irc_session_over_its_sendq_is_ended(void **state)
{
	struct harness *harness = *state;
	struct buffer slow_read = {0};
	struct buffer read = {0};
	char line[400];
	int slow, other, small = 262144;

	publish(harness, "#en.wikipedia", "one");
	slow = client_open(harness);
	(void)setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(slow, "NICK slow\r\nUSER user 0 * :x\r\nJOIN #en.wikipedia");
	other = client_registered(harness, "other");
	client_join(harness, other, "#en.wikipedia");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (unsigned i = 0; i < 40000; i++) {
		ssize_t got;

		publish(harness, "#en.wikipedia", line);
		if (i % 100 == 0) {
			turn(harness);
		}
		got = recv(other, buffer_reserve(&read, 65536), 65536, 0);
		read.length += got > 0 ? (size_t)got : 0;
	}
	publish(harness, "#en.wikipedia", "last");
	read_until(harness, other, BOT_SAYS "#en.wikipedia :last" CRLF, &read);
	assert_int_equal(read.length, 40000 * (strlen(BOT_SAYS "#en.wikipedia :") + 399 + 2) +
	                                  strlen(BOT_SAYS "#en.wikipedia :last" CRLF));
	read_until(harness, slow, NULL, &slow_read);
	buffer_append_byte(&slow_read, '\0');
	assert_non_null(
	    strstr(slow_read.bytes, "x" CRLF "ERROR :Closing Link: (SendQ exceeded)" CRLF));
	assert_int_equal(metric_read(&metrics_of(harness)->closed[CLOSE_SENDQ_EXCEEDED]), 1);
	buffer_finish(&slow_read);
	buffer_finish(&read);
	(void)close(slow);
	(void)close(other);
}

/* When the server ends every client is told, registered or not. */
static void test_irc_session_is_told_that_the_server_ends(void **state)
{
	struct harness *harness = harness_create();
	int client, registered;

	(void)state;
	harness_start(harness);
	client = client_open(harness);
	registered = client_registered(harness, "reader");
	net_end(harness->net, CLOSE_SHUTDOWN);
	expect_end(harness, client, "ERROR :Closing Link: (Server shutting down)" CRLF);
	expect_end(harness, registered, "ERROR :Closing Link: (Server shutting down)" CRLF);
	(void)close(client);
	(void)close(registered);
	harness_destroy(harness);
}

/* A hundred thousand sessions should fit where a server has room: no buffers of their own. */
static void test_irc_session_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct irc_session) <= 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_session_registers_with_nick_and_user_in_either_order),
	    TEST(test_irc_session_refuses_commands_before_registration),
	    TEST(test_irc_session_takes_a_latin1_real_name),
	    TEST(test_irc_session_waits_for_the_end_of_cap),
	    TEST(test_irc_session_gets_the_changes_of_its_channels_once),
	    TEST(test_irc_session_shares_one_wire),
	    TEST(test_irc_session_keeps_replies_and_changes_in_order),
	    TEST(test_irc_session_answers_a_batch_in_order),
	    TEST(test_irc_session_does_not_mind_how_bytes_are_cut),
	    TEST(test_irc_session_holds_no_more_than_a_line),
	    cmocka_unit_test(test_irc_session_gives_a_long_list_in_parts),
	    TEST(test_irc_session_pings_every_quarter),
	    TEST(test_irc_session_ends_without_pong),
	    TEST(test_irc_session_ends_without_registration),
	    cmocka_unit_test(test_irc_session_ends_unregistered_by_ping_timeout),
	    TEST(test_irc_session_quits),
	    TEST(test_irc_session_answers_a_half_closed_client),
	    TEST(test_irc_session_that_is_reset_leaves_nothing),
	    TEST(test_irc_session_over_its_sendq_is_ended),
	    cmocka_unit_test(test_irc_session_is_told_that_the_server_ends),
	    cmocka_unit_test(test_irc_session_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
