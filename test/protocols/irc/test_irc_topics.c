/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/irc/irc_topics: members hear of another topic. */
#include "protocols/irc/irc_topics.h"

#include "protocols/irc/irc_reply.h"
#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/answers.h"

#define TOPIC(channel, text) ":" TEST_SERVER " TOPIC " channel " :" text CRLF

/* Another configuration, beside the one before, as a reload has it. */
static void change_topic(struct harness *harness, struct conf *next, const char *topic)
{
	*next = *harness->env.conf;
	next->irc.topic = topic;
	harness->env.conf = next;
	irc_front_end.on_conf(harness->server);
}

static struct irc_session *first_session(const struct harness *harness)
{
	return irc_session_of(clients_next(&harness->net->clients, 0));
}

/* A TOPIC for each channel of a client, by name; none for who is in no channel. */
static void test_irc_topics_reach_members(void **state)
{
	struct harness *harness = *state;
	static struct conf next[2]; /* the harness has it to its end */
	int member = client_registered(harness, "reader");
	int other = client_registered(harness, "other");
	int unregistered = client_open(harness);

	publish(harness, "#two", "x");
	publish(harness, "#one", "x");
	publish(harness, "#three", "x");
	client_join(harness, member, "#two");
	client_join(harness, member, "#one");
	change_topic(harness, &next[0], "All of {channel}");
	expect(harness, member, TOPIC("#one", "All of #one") TOPIC("#two", "All of #two"));
	expect_nothing(harness, other);
	assert_int_equal(harness->server->topics.count, 0);
	change_topic(harness, &next[1], "");
	expect(harness, member, TOPIC("#one", "") TOPIC("#two", ""));
	close(member);
	close(other);
	close(unregistered);
}

/* 333 tells since when: the reload, for a channel, and the start, for a mask. */
static void test_irc_topics_have_a_time(void **state)
{
	struct harness *harness = *state;
	static struct conf next; /* the harness has it to its end */
	int client = client_registered(harness, "reader");

	publish(harness, "#one", "x");
	client_join(harness, client, "#one");
	client_join(harness, client, "#*");
	exchange(harness, client, "TOPIC #one",
	         R("332", "#one :Stream for topic #one") R("333", "#one " BOT " 1700000000"));
	change_topic(harness, &next, "Other");
	expect(harness, client, TOPIC("#one", "Other"));
	exchange(harness, client, "TOPIC #one",
	         R("332", "#one :Other") R("333", "#one " BOT " 1700001000"));
	exchange(harness, client, "TOPIC #*",
	         R("332", "#* :Changes of all channels that fit #*, each under its own channel's "
	                  "name") R("333", "#* " BOT " 1700000000"));
	close(client);
}

/* Only where the text is another one: not of a mask, nor where two templates read alike. */
static void test_irc_topics_that_read_as_before_are_not_told(void **state)
{
	struct harness *harness = *state;
	static struct conf next[3]; /* the harness has it to its end */
	int client = client_registered(harness, "reader");

	publish(harness, "#one", "x");
	publish(harness, "#two", "x");
	client_join(harness, client, "#one");
	client_join(harness, client, "#two");
	client_join(harness, client, "#*.wikipedia");
	change_topic(harness, &next[0], "All of #one");
	expect(harness, client, TOPIC("#one", "All of #one") TOPIC("#two", "All of #one"));
	change_topic(harness, &next[1], "All of {channel}");
	expect(harness, client, TOPIC("#two", "All of #two"));
	change_topic(harness, &next[2], "All of {channel}");
	expect_nothing(harness, client);
	close(client);
}

/* Its tags are those of all lines to this client. */
static void test_irc_topics_have_the_tags_of_their_client(void **state)
{
	struct harness *harness = *state;
	static struct conf next; /* the harness has it to its end */
	int client = client_registered(harness, "reader");
	struct buffer out = {0};

	publish(harness, "#one", "x");
	client_join(harness, client, "#one");
	say(client, "CAP REQ :server-time");
	read_until(harness, client, "ACK :server-time" CRLF, &out);
	change_topic(harness, &next, "Other");
	expect(harness, client, "@time=2023-11-14T22:30:00.000Z " TOPIC("#one", "Other"));
	buffer_finish(&out);
	close(client);
}

/* --- many channels, slow clients ------------------------------------------------- */

#define MANY 4000

static char names[MANY][16];
static const char *listed[MANY];

static char long_topic[2][301];

static int set_up_many(void **state)
{
	struct harness *harness = harness_create();

	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "#c%04u", i);
		listed[i] = names[i];
	}
	memset(long_topic[0], 'a', 300);
	memset(long_topic[1], 'b', 300);
	harness->conf.irc.max_channels = MANY;
	harness->conf.irc.channels = (struct conf_strings){.items = listed, .count = MANY};
	harness_start(harness);
	*state = harness;
	return 0;
}

/* Gives the first client, which is in all channels and reads nothing yet. */
static int slow_member(struct harness *harness)
{
	int client = client_registered(harness, "slow");
	struct irc_session *session = first_session(harness);

	for (unsigned i = 0; i < MANY; i++) {
		(void)irc_session_join(
		    session, irc_server_open(harness->server, (struct text){names[i], 6}));
	}
	assert_int_equal(setsockopt(session->connection->descriptor, SOL_SOCKET, SO_SNDBUF,
	                            &(int){4096}, sizeof(int)),
	                 0);
	return client;
}

static void assert_many(const struct buffer *got, char letter)
{
	size_t length = strlen(TOPIC("#c0000", "")) + 300;

	assert_int_equal(got->length, MANY * length);
	for (unsigned i = 0; i < MANY; i++) {
		const char *line = got->bytes + i * length;

		assert_memory_equal(line + strlen(":" TEST_SERVER " TOPIC "), names[i], 6);
		assert_int_equal(line[length - 3], letter);
	}
}

static bool ends_in(const struct buffer *got, const char *end)
{
	size_t length = strlen(end);

	return got->length >= length && memcmp(got->bytes + got->length - length, end, length) == 0;
}

/* Read up to the last channel's topic of this letter. */
static void read_many(struct harness *harness, int client, char letter, struct buffer *got)
{
	char last[sizeof(long_topic[0]) + 16];

	(void)snprintf(last, sizeof(last), "#c3999 :%s" CRLF, long_topic[letter - 'a']);
	for (unsigned i = 0; i < WAIT_ROUNDS && !ends_in(got, last); i++) {
		struct pollfd waiting = {.fd = client, .events = POLLIN};
		ssize_t length = recv(client, buffer_reserve(got, 65536), 65536, 0);

		got->length += length > 0 ? (size_t)length : 0;
		step(harness, 10);
		(void)poll(&waiting, 1, 1);
	}
	assert_true(ends_in(got, last));
}

/*
 * irc_topics.h: one in thousands of channels is not told more at once than it takes, ends not
 * for that, and others do not wait for it.
 */
static void test_irc_topics_wait_for_a_slow_client(void **state)
{
	struct harness *harness = *state;
	static struct conf next; /* the harness has it to its end */
	int slow = slow_member(harness);
	int quick = client_registered(harness, "quick");
	struct buffer got = {0};

	client_join(harness, quick, "#c1234");
	change_topic(harness, &next, long_topic[0]);
	for (unsigned i = 0; i < 20; i++) {
		step(harness, 300);
		assert_true(connection_queued(first_session(harness)->connection) <
		            NET_CHOKE + (size_t)2 * IRC_REPLIES_FLUSH);
	}
	read_until(harness, quick, "aaa" CRLF, &got);
	assert_memory_equal(got.bytes, TOPIC("#c1234", "aaa"), strlen(TOPIC("#c1234", "a")));
	buffer_clear(&got);
	assert_int_equal(harness->server->topics.count, 1);
	read_many(harness, slow, 'a', &got);
	assert_many(&got, 'a');
	assert_int_equal(harness->server->topics.count, 0);
	buffer_finish(&got);
	close(slow);
	close(quick);
}

/* A second change before all were told of the first: what they hear last is what is so. */
static void test_irc_topics_change_while_a_client_is_untold(void **state)
{
	struct harness *harness = *state;
	static struct conf next[3]; /* the harness has it to its end */
	int slow = slow_member(harness);
	struct buffer got = {0};
	size_t first;

	change_topic(harness, &next[0], long_topic[0]);
	step(harness, 300);
	assert_int_equal(harness->server->topics.count, 1);
	change_topic(harness, &next[1], "x");
	change_topic(harness, &next[2], long_topic[1]);
	read_many(harness, slow, 'b', &got);
	/* It had begun to hear of the first. */
	first = (size_t)((const char *)memmem(got.bytes, got.length, "bbb", 3) - got.bytes);
	assert_in_range(first, NET_CHOKE / 2, got.length);
	first -= strlen(TOPIC("#c0000", "")) - strlen(CRLF);
	buffer_consume(&got, first);
	assert_many(&got, 'b');
	buffer_finish(&got);
	close(slow);
}

/* One that ends, or leaves its channels, while it is untold. */
static void test_irc_topics_forget_who_goes(void **state)
{
	struct harness *harness = *state;
	static struct conf next; /* the harness has it to its end */
	int slow = slow_member(harness);
	int other = client_registered(harness, "other");
	struct irc_session *session = first_session(harness);

	client_join(harness, other, "#c0001");
	change_topic(harness, &next, long_topic[0]);
	assert_int_equal(harness->server->topics.count, 2);
	close(other);
	step(harness, 300);
	step(harness, 300);
	assert_int_equal(harness->server->topics.count, 1);
	while (session->joined.count > 0) {
		(void)irc_session_part(session, session->joined.items[session->joined.count - 1]);
	}
	step(harness, 500);
	assert_int_equal(harness->server->topics.count, 0);
	close(slow);
}

/* The end of the server comes before its time for those who are slow. */
static void test_irc_topics_end_with_the_server(void **state)
{
	struct harness *harness = *state;
	static struct conf next; /* the harness has it to its end */
	int slow = slow_member(harness);

	change_topic(harness, &next, long_topic[0]);
	turn(harness);
	assert_int_equal(harness->server->topics.count, 1);
	close(slow);
}

int main(void)
{
#define TEST(name)      cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define MANY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_many, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_topics_reach_members),
	    TEST(test_irc_topics_have_a_time),
	    TEST(test_irc_topics_that_read_as_before_are_not_told),
	    TEST(test_irc_topics_have_the_tags_of_their_client),
	    MANY_TEST(test_irc_topics_wait_for_a_slow_client),
	    MANY_TEST(test_irc_topics_change_while_a_client_is_untold),
	    MANY_TEST(test_irc_topics_forget_who_goes),
	    MANY_TEST(test_irc_topics_end_with_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
