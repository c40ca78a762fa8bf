/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_response.h"

#include "protocols/irc/irc_batch.h"
#include "protocols/irc/irc_reply.h"
#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/harness.h"

#define CRLF            "\r\n"
#define S               ":" TEST_SERVER
#define R(number, rest) S " " number " reader " rest CRLF
#define SELF            ":reader!user@" TEST_SERVER
#define NOW             "time=2023-11-14T22:30:00.000Z"

static struct irc_session *session_of(struct harness *harness)
{
	return harness->net->all->owner;
}

/* Gives a client that has asked for all that labels need, and for these. */
static int client_with(struct harness *harness, unsigned capabilities)
{
	int client = client_registered(harness, "reader");

	session_of(harness)->capabilities = IRC_CAP_LABELED_RESPONSE | IRC_CAP_BATCH | capabilities;
	return client;
}

/* --- none, one, many ------------------------------------------------------- */

/* ircv3.net, "Labeled Responses": ACK where there would be no answer; one line has the label. */
static void test_irc_response_is_an_ack_or_a_line(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);

	exchange(harness, client, "@label=a PONG x", "@label=a " S " ACK" CRLF);
	exchange(harness, client, "@label=a PING x", "@label=a " S " PONG " TEST_SERVER " :x" CRLF);
	exchange(harness, client, "@x=y;label=a\\:b;z JOIN #none",
	         "@label=a\\:b " R("403", "#none :No such channel"));
	exchange(harness, client, "@label=a NONSENSE",
	         "@label=a " R("421", "NONSENSE :Unknown command"));
	exchange(harness, client, "@label=a JOIN",
	         "@label=a " R("461", "JOIN :Not enough parameters"));
	exchange(harness, client, "@label=a PRIVMSG \xff :x", "@label=a " S " ACK" CRLF);
	(void)close(client);
}

/* ibid.: more lines are a batch of this type, and what comes behind it is not in it. */
static void test_irc_response_of_many_lines_is_a_batch(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);

	exchange(harness, client, "@label=a WHOIS nobody",
	         "@label=a " S " BATCH +1 labeled-response" CRLF
	         "@batch=1 " R("401", "nobody :No such nick/channel") "@batch=1 " R(
		     "318", "nobody :End of /WHOIS list") S " BATCH -1" CRLF);
	say(client, "@label=b WHOIS nobody\r\nPING x\r\n@label=c WHOWAS nobody");
	exchange(harness, client, "PING y",
	         "@label=b " S " BATCH +2 labeled-response" CRLF
	         "@batch=2 " R("401", "nobody :No such nick/channel") "@batch=2 " R(
		     "318", "nobody :End of /WHOIS list") S
	         " BATCH -2" CRLF S " PONG " TEST_SERVER " :x" CRLF "@label=c " S
	         " BATCH +3 labeled-response" CRLF
	         "@batch=3 " R("406", "nobody :There was no such nickname") "@batch=3 " R(
		     "369", "nobody :End of WHOWAS") S " BATCH -3" CRLF S " PONG " TEST_SERVER
	                                               " :y" CRLF);
	(void)close(client);
}

/* ircv3.net, "server-time": on every line, beside the label and the batch. */
static void test_irc_response_has_the_time_too(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, IRC_CAP_SERVER_TIME);

	say(client, "@label=a PONG x\r\n@label=b PING x\r\n@label=c WHOIS nobody");
	expect(harness, client,
	       "@label=a;" NOW " " S " ACK" CRLF "@label=b;" NOW " " S " PONG " TEST_SERVER
	       " :x" CRLF "@label=c;" NOW " " S " BATCH +1 labeled-response" CRLF "@batch=1;" NOW
	       " " R("401", "nobody :No such nick/channel") "@batch=1;" NOW " " R(
		   "318", "nobody :End of /WHOIS list") "@" NOW " " S " BATCH -1" CRLF);
	(void)close(client);
}

/* --- who gets one ---------------------------------------------------------- */

/* ibid.: the capability needs batch; without both a label means nothing. */
static void test_irc_response_needs_both_capabilities(void **state)
{
	static const unsigned others[] = {0, IRC_CAP_BATCH, IRC_CAP_LABELED_RESPONSE,
	                                  IRC_CAP_MESSAGE_TAGS};
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		session_of(harness)->capabilities = others[i];
		exchange(harness, client, "@label=a PING x", S " PONG " TEST_SERVER " :x" CRLF);
		exchange(harness, client, "@label=a PONG x", "");
	}
	(void)close(client);
}

/* ibid.: at most 64 bytes; one that could not be sent back as it is is none. */
static void test_irc_response_takes_no_label_that_cannot_be_repeated(void **state)
{
#define LABEL_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	struct harness *harness = *state;
	int client = client_with(harness, 0);

	exchange(harness, client, "@label=" LABEL_64 " PONG x",
	         "@label=" LABEL_64 " " S " ACK" CRLF);
	exchange(harness, client, "@label=" LABEL_64 "x PONG x", "");
	exchange(harness, client, "@label= PONG x", "");
	exchange(harness, client, "@label PONG x", "");
	exchange(harness, client, "@label=\xff PONG x", "");
	exchange(harness, client, "@+label=a PONG x", "");
	say_bytes(client, "@label=a\0b PONG x\r\n", 19);
	expect_nothing(harness, client);
	exchange(harness, client, "@label=\xe2\x82\xac PONG x",
	         "@label=\xe2\x82\xac " S " ACK" CRLF);
	(void)close(client);
}

/* What comes of itself while no command is run has no label: a change, a PING. */
static void test_irc_response_is_not_what_comes_of_itself(void **state)
{
	struct harness *harness = *state;
	int client;

	publish(harness, "#en.wikipedia", "first");
	client = client_with(harness, 0);
	client_join(harness, client, "#en.wikipedia");
	exchange(harness, client, "@label=a PONG x", "@label=a " S " ACK" CRLF);
	publish(harness, "#en.wikipedia", "text");
	expect(harness, client,
	       ":rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG #en.wikipedia :text" CRLF);
	step(harness, 46 * 1000);
	expect(harness, client, "PING :" TEST_SERVER CRLF);
	(void)close(client);
}

/* --- its ends --------------------------------------------------------------- */

/* A QUIT is answered before the connection closes. */
static void test_irc_response_to_quit_is_its_goodbye(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);

	say(client, "@label=a QUIT :bye");
	expect_end(harness, client, "@label=a ERROR :Closing Link: (Quit: bye)" CRLF);
	(void)close(client);
}

/* A line that has to leave the buffer before the next one is there opens the batch. */
static void test_irc_response_that_is_flushed_is_a_batch(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);
	struct irc_session *session = session_of(harness);

	irc_response_begin(session, (struct text){"label=a", 7});
	irc_reply_line(session, "one");
	irc_reply_flush(session);
	irc_reply_line(session, "two");
	irc_response_end(session);
	irc_response_end(session);
	irc_reply_flush(session);
	expect(harness, client,
	       "@label=a " S " BATCH +1 labeled-response" CRLF "@batch=1 one" CRLF
	       "@batch=1 two" CRLF S " BATCH -1" CRLF);
	(void)close(client);
}

/* Replies that are behind a full buffer's worth of others keep their tags and order. */
static void test_irc_response_waits_in_a_full_buffer(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);
	struct irc_session *session = session_of(harness);
	struct buffer wanted = {0};

	while (harness->server->replies.length < IRC_REPLIES_FLUSH - 6) {
		irc_reply_line(session, "%.*s", 1, "x");
		buffer_append_text(&wanted, "x" CRLF);
	}
	irc_response_begin(session, (struct text){"label=a", 7});
	irc_reply_line(session, "one line that fills it");
	assert_int_not_equal(harness->server->replies.length, 0);
	irc_response_end(session);
	irc_reply_flush(session);
	buffer_append_text(&wanted, "@label=a one line that fills it" CRLF);
	buffer_append_byte(&wanted, '\0');
	expect(harness, client, wanted.bytes);
	buffer_finish(&wanted);
	(void)close(client);
}

/* A batch of its own (CHATHISTORY) is nested in the response's (ircv3.net, "Batch"). */
static void test_irc_response_holds_other_batches(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);
	struct irc_session *session = session_of(harness);
	char reference[IRC_BATCH_REFERENCE_MAX];

	irc_response_begin(session, (struct text){"label=a", 7});
	irc_batch_begin(session, "chathistory", "#c", reference);
	irc_batch_end(session, reference);
	irc_response_end(session);
	irc_reply_flush(session);
	expect(harness, client,
	       "@label=a " S " BATCH +2 labeled-response" CRLF "@batch=2 " S
	       " BATCH +1 chathistory #c" CRLF "@batch=2 " S " BATCH -1" CRLF S " BATCH -2" CRLF);
	(void)close(client);
}

/* A LIST that the client takes in parts is one batch, open until its end. */
static void test_irc_response_goes_on_over_turns(void **state)
{
	enum { CHANNELS = 12000 };
	struct harness *harness = harness_create();
	struct irc_session *session;
	struct buffer out = {0};
	unsigned rows = 0, pauses = 0;
	int client;

	(void)state;
	harness->conf.irc.max_channels = CHANNELS;
	harness_start(harness);
	for (unsigned i = 0; i < CHANNELS; i++) {
		char name[48];

		(void)snprintf(name, sizeof(name), "#channel-with-a-long-name.%06u", i);
		publish(harness, name, "one");
	}
	client = client_with(harness, 0);
	session = session_of(harness);
	say(client, "@label=a LIST\r\n@label=b PONG x");
	for (int i = 0; i < 5; i++) {
		turn(harness);
		pauses += session->list_after != NULL ? 1 : 0;
		assert_int_equal(session->response_batch, session->list_after != NULL ? 1 : 0);
	}
	assert_true(pauses > 0);
	read_until(harness, client, "@label=b " S " ACK" CRLF, &out);
	buffer_append_byte(&out, '\0');
	assert_memory_equal(out.bytes, "@label=a " S " BATCH +1 labeled-response" CRLF,
	                    strlen("@label=a " S " BATCH +1 labeled-response" CRLF));
	for (const char *at = out.bytes;
	     (at = strstr(at, CRLF "@batch=1 " S " 322 reader ")) != NULL; at++) {
		rows++;
	}
	assert_int_equal(rows, CHANNELS);
	assert_non_null(strstr(out.bytes, CRLF "@batch=1 " R("323", ":End of /LIST") S
	                       " BATCH -1" CRLF "@label=b "));
	assert_ptr_equal(strstr(out.bytes, "BATCH +"), strstr(out.bytes, "BATCH "));
	assert_int_equal(session->response_batch, 0);
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* --- what a client says to itself --------------------------------------------- */

/*
 * ircv3.net, "echo-message", "Labeled Responses": without the capability one copy, as
 * IRCStream has it, which never has the label; with it another one, which alone has.
 */
static void test_irc_response_is_the_echo_and_not_the_message(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, 0);

	exchange(harness, client, "@label=a PRIVMSG reader :hi",
	         SELF " PRIVMSG reader :hi" CRLF "@label=a " S " ACK" CRLF);
	exchange(harness, client, "@label=a PRIVMSG rc-pmtpa :hi", "@label=a " S " ACK" CRLF);
	session_of(harness)->capabilities |= IRC_CAP_ECHO_MESSAGE;
	exchange(harness, client, "@label=a PRIVMSG READER :hi",
	         "@label=a " SELF " PRIVMSG reader :hi" CRLF SELF " PRIVMSG reader :hi" CRLF);
	exchange(harness, client, "@label=a NOTICE rc-pmtpa :hi",
	         "@label=a " SELF " NOTICE rc-pmtpa :hi" CRLF);
	exchange(harness, client, "NOTICE nobody,#c :hi", "");
	exchange(harness, client, "@label=a PRIVMSG #c,nobody :hi",
	         "@label=a " S " BATCH +1 labeled-response" CRLF
	         "@batch=1 " R("404", "#c :Cannot send to channel") "@batch=1 " R(
		     "401", "nobody :No such nick/channel") S " BATCH -1" CRLF);
	(void)close(client);
}

/* ircv3.net, "Message Tags": client-only tags come back, behind the server's; others do not. */
static void test_irc_response_carries_the_tags_for_clients(void **state)
{
	struct harness *harness = *state;
	int client = client_with(harness, IRC_CAP_ECHO_MESSAGE | IRC_CAP_SERVER_TIME);

	say(client, "@label=a;+x=1;y=2 PRIVMSG reader :hi");
	expect(harness, client,
	       "@label=a;" NOW " " SELF " PRIVMSG reader :hi" CRLF "@" NOW " " SELF
	       " PRIVMSG reader :hi" CRLF);
	session_of(harness)->capabilities |= IRC_CAP_MESSAGE_TAGS;
	say(client, "@label=a;+x=1;y=2 PRIVMSG reader :hi");
	expect(harness, client,
	       "@label=a;" NOW ";+x=1 " SELF " PRIVMSG reader :hi" CRLF "@" NOW ";+x=1 " SELF
	       " PRIVMSG reader :hi" CRLF);
	session_of(harness)->capabilities &= ~(unsigned)IRC_CAP_SERVER_TIME;
	say(client, "@label=a;+x=1;+z PRIVMSG rc-pmtpa,reader :hi");
	expect(harness, client,
	       "@label=a " S " BATCH +1 labeled-response" CRLF "@batch=1;+x=1;+z " SELF
	       " PRIVMSG rc-pmtpa :hi" CRLF "@batch=1;+x=1;+z " SELF " PRIVMSG reader :hi" CRLF
	       "@+x=1;+z " SELF " PRIVMSG reader :hi" CRLF S " BATCH -1" CRLF);
	(void)close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_response_is_an_ack_or_a_line),
	    TEST(test_irc_response_of_many_lines_is_a_batch),
	    TEST(test_irc_response_has_the_time_too),
	    TEST(test_irc_response_needs_both_capabilities),
	    TEST(test_irc_response_takes_no_label_that_cannot_be_repeated),
	    TEST(test_irc_response_is_not_what_comes_of_itself),
	    TEST(test_irc_response_to_quit_is_its_goodbye),
	    TEST(test_irc_response_that_is_flushed_is_a_batch),
	    TEST(test_irc_response_waits_in_a_full_buffer),
	    TEST(test_irc_response_holds_other_batches),
	    cmocka_unit_test(test_irc_response_goes_on_over_turns),
	    TEST(test_irc_response_is_the_echo_and_not_the_message),
	    TEST(test_irc_response_carries_the_tags_for_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
