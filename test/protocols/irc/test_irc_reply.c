/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_reply.h"

#include "test/protocols/irc/harness.h"

#define PONG_A ":" TEST_SERVER " PONG a\r\n"

static struct irc_session *session_of(struct harness *harness)
{
	return harness->net->all->owner;
}

/* Replies of one batch are one wire, in order; nothing is sent before the flush. */
static void test_irc_reply_gathers_lines_into_one_wire(void **state)
{
	static const char wanted[] = PONG_A ":" TEST_SERVER " 403 reader #x :No such channel\r\n";
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	struct iovec pieces[2];

	irc_reply_line(session, ":%s PONG %s", TEST_SERVER, "a");
	irc_reply(session, ERR_NOSUCHCHANNEL, "#x");
	assert_int_equal(connection_queued(session->connection), 0);
	irc_reply_flush(session);
	assert_int_equal(outbox_peek(&session->connection->outbox, pieces, 2), 1);
	assert_int_equal(pieces[0].iov_len, strlen(wanted));
	assert_memory_equal(pieces[0].iov_base, wanted, strlen(wanted));
	irc_reply_flush(session);
	assert_int_equal(connection_queued(session->connection), strlen(wanted));
	expect(harness, client, wanted);
	(void)close(client);
}

/* Many replies go out in parts, so that the outbox shows how much there is. */
static void test_irc_reply_flushes_by_itself_when_much_has_come_together(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	struct buffer all = {0};

	while (connection_queued(session->connection) == 0) {
		assert_true(all.length < IRC_REPLIES_FLUSH);
		irc_reply_line(session, ":%s PONG %s", TEST_SERVER, "a");
		buffer_append_text(&all, PONG_A);
	}
	assert_true(all.length >= IRC_REPLIES_FLUSH);
	assert_int_equal(connection_queued(session->connection), all.length);
	assert_int_equal(harness->server->replies.length, 0);
	buffer_append_byte(&all, '\0');
	expect(harness, client, all.bytes);
	buffer_finish(&all);
	(void)close(client);
}

/* A line is a line, however long and odd what it is made of. */
static void test_irc_reply_is_always_one_line(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	char text[3000], wanted[IRC_LINE_MAX + 1];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	irc_reply_line(session, "PING\r\n:%s", text);
	irc_reply_flush(session);
	(void)snprintf(wanted, sizeof(wanted), "PING:%.505s\r\n", text);
	expect(harness, client, wanted);
	(void)close(client);
}

/* ircv3.net, "Standard Replies": the type, the command, a code, any context, a text. */
static void test_irc_reply_fails_warns_and_notes(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);

	irc_reply_fail(session, "CHATHISTORY", "INVALID_TARGET", "LATEST #x", "No such channel");
	irc_reply_warn(session, "*", "SHORT", NULL, "Not all of it");
	irc_reply_note(session, "LIST", "MORE", NULL, "There is more");
	irc_reply_flush(session);
	expect(harness, client,
	       ":" TEST_SERVER " FAIL CHATHISTORY INVALID_TARGET LATEST #x :No such channel\r\n"
	       ":" TEST_SERVER " WARN * SHORT :Not all of it\r\n"
	       ":" TEST_SERVER " NOTE LIST MORE :There is more\r\n");
	(void)close(client);
}

/* Tags do not count towards the 512 bytes of a line. */
static void test_irc_reply_cuts_a_line_and_not_its_tags(void **state)
{
	static const char tags[] = "+x=0123456789";
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	char text[1000], wanted[sizeof(text)];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	irc_reply_styled(session, &(struct irc_reply_style){.tags = {tags, strlen(tags)}}, "%s",
	                 text);
	irc_reply_flush(session);
	(void)snprintf(wanted, sizeof(wanted), "@%s %.510s\r\n", tags, text);
	expect(harness, client, wanted);
	session->capabilities = IRC_CAP_SERVER_TIME;
	irc_reply_line(session, "%s", text);
	irc_reply_flush(session);
	(void)snprintf(wanted, sizeof(wanted), "@time=2023-11-14T22:30:00.000Z %.510s\r\n", text);
	expect(harness, client, wanted);
	(void)close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_reply_gathers_lines_into_one_wire),
	    TEST(test_irc_reply_flushes_by_itself_when_much_has_come_together),
	    TEST(test_irc_reply_is_always_one_line),
	    TEST(test_irc_reply_fails_warns_and_notes),
	    TEST(test_irc_reply_cuts_a_line_and_not_its_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
