/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/irc/irc_commands_history: CHATHISTORY, as a client sees it. */
#include "protocols/irc/irc_batch.h"

#include "test/protocols/irc/harness.h"

#define S    ":" TEST_SERVER
#define BOT  ":rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG "
#define CRLF "\r\n"
#define NOTE S " NOTE CHATHISTORY HISTORY_INCOMPLETE "
#define WHY  " :Changes before this one may have been forgotten" CRLF
#define RUN  "18bcfe56800-" /* TEST_START in milliseconds, in hexadecimal */

/*
 * Ten changes, a second between them, the first at 22:30:00: 1 and every odd one of #a,
 * the even ones of #b.
 */
#define FIRST_MS ((TEST_START + 1000) * 1000)

static void publish_ten(struct harness *harness)
{
	for (unsigned i = 1; i <= 10; i++) {
		char line[8];

		(void)snprintf(line, sizeof(line), "%u", i);
		publish(harness, i % 2 == 1 ? "#a" : "#B.x", line);
		harness->net->clock.wall_ms += 1000;
	}
}

/* A client without capabilities. */
static int client_plain(struct harness *harness)
{
	int client = client_registered(harness, "reader");

	publish_ten(harness);
	return client;
}

static void request_capabilities(struct harness *harness, int client, const char *names)
{
	struct buffer out = {0};
	char line[256];

	(void)snprintf(line, sizeof(line), "CAP REQ :%s", names);
	say(client, line);
	(void)snprintf(line, sizeof(line), " ACK :%s\r\n", names);
	read_until(harness, client, line, &out);
	buffer_finish(&out);
}

/* "1 3 5" becomes their lines. */
static void add_lines(struct buffer *out, const char *numbers)
{
	char *rest = NULL;
	char *copy = mem_copy_text(numbers, strlen(numbers));

	for (char *number = strtok_r(copy, " ", &rest); number != NULL;
	     number = strtok_r(NULL, " ", &rest)) {
		bool is_odd = strtoul(number, NULL, 10) % 2 == 1;

		buffer_printf(out, BOT "%s :%s" CRLF, is_odd ? "#a" : "#B.x", number);
	}
	free(copy);
}

static void assert_given(struct harness *harness, int client, const char *command,
                         const char *numbers, bool is_short)
{
	struct buffer wanted = {0};
	char target[64] = "";

	if (is_short) {
		(void)sscanf(command, "CHATHISTORY %*s %63s", target);
		buffer_printf(&wanted, NOTE "%s " RUN "1" WHY, target);
	}
	add_lines(&wanted, numbers);
	buffer_append_byte(&wanted, '\0');
	exchange(harness, client, command, wanted.bytes);
	buffer_finish(&wanted);
}

/* --- many changes -------------------------------------------------------- */

#define MANY 3000

static void publish_many(struct harness *harness, unsigned first, unsigned count)
{
	char line[460];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (unsigned i = first; i < first + count; i++) {
		int length = snprintf(line, sizeof(line), "%u ", i);

		line[length] = 'x';
		publish(harness, "#a", line);
	}
}

/* The command has come, and the first portion of its reply is on its way. */
static void wait_for_portion(struct harness *harness)
{
	const metric *lines = &metrics_of(harness)->irc_history_lines;
	uint64_t before = metric_read(lines);

	for (int round = 0; round < WAIT_ROUNDS && metric_read(lines) == before; round++) {
		turn(harness);
		(void)poll(NULL, 0, 1);
	}
	assert_in_range(metric_read(lines) - before, 100, MANY / 2);
}

/* Set what the kernel holds for a client: with little, most of a reply waits with the server. */
static void set_buffers(struct harness *harness, int client, int size)
{
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	assert_int_equal(uv_send_buffer_size((uv_handle_t *)&harness->net->all->handle, &size), 0);
}

/* --- what is given ------------------------------------------------------ */

/* ircv3.net, "chathistory Extension", "Subcommands": each, by time and by msgid. */
static void test_irc_history_gives_what_is_asked_for(void **state)
{
	static const struct {
		const char *command;
		const char *numbers;
	} cases[] = {
	    {"LATEST #a * 3", "5 7 9"},
	    {"LATEST #b.X * 2", "8 10"},
	    {"latest #a * 100", "1 3 5 7 9"},
	    {"LATEST #a msgid=" RUN "5 100", "7 9"},
	    {"LATEST #a msgid=" RUN "6 100", "7 9"},
	    {"LATEST #a msgid=" RUN "1 2", "7 9"},
	    {"LATEST #a msgid=" RUN "9 5", ""},
	    {"LATEST #a timestamp=2023-11-14T22:30:06.000Z 5", "9"},
	    {"LATEST #a timestamp=2023-11-14T22:30:05.999Z 5", "7 9"},
	    {"AFTER #a msgid=" RUN "3 100", "5 7 9"},
	    {"AFTER #a msgid=" RUN "3 2", "5 7"},
	    {"AFTER #a msgid=" RUN "9 2", ""},
	    {"AFTER #a msgid=" RUN "99999999 2", ""},
	    {"AFTER #a msgid=" RUN "18446744073709551615 2", ""},
	    {"AFTER #a timestamp=2023-11-14T22:13:20.000Z 2", "1 3"},
	    {"AFTER #a timestamp=2023-11-14T22:30:02.000Z 2", "5 7"},
	    {"AFTER #a timestamp=2023-11-14T22:30:01.999Z 2", "3 5"},
	    {"AFTER #a timestamp=9999-12-31T23:59:59.999Z 2", ""},
	    {"BEFORE #a msgid=" RUN "7 2", "3 5"},
	    {"BEFORE #a msgid=" RUN "99999999 2", "7 9"},
	    {"BEFORE #a timestamp=2023-11-14T22:30:06.000Z 1", "5"},
	    {"BEFORE #a timestamp=2023-11-14T22:30:06.001Z 1", "7"},
	    {"AROUND #a msgid=" RUN "5 3", "3 5 7"},
	    {"AROUND #a msgid=" RUN "5 1", "5"},
	    {"AROUND #a msgid=" RUN "5 4", "1 3 5 7"},
	    {"AROUND #a timestamp=2023-11-14T22:30:05.000Z 2", "5 7"},
	    {"BETWEEN #a msgid=" RUN "1 msgid=" RUN "9 100", "3 5 7"},
	    {"BETWEEN #a msgid=" RUN "1 msgid=" RUN "9 2", "3 5"},
	    {"BETWEEN #a msgid=" RUN "9 msgid=" RUN "1 2", "5 7"},
	    {"BETWEEN #a msgid=" RUN "9 msgid=" RUN "1 100", "3 5 7"},
	    {"BETWEEN #a msgid=" RUN "5 msgid=" RUN "5 100", ""},
	    {"BETWEEN #a timestamp=2023-11-14T22:30:02.000Z msgid=" RUN "8 100", "5 7"},
	    {"BETWEEN #a timestamp=2023-11-14T22:30:08.000Z timestamp=2023-11-14T22:30:02.000Z 1",
	     "7"},
	    {"LATEST #* * 3", "8 9 10"},
	    {"LATEST #*.X * 2", "8 10"},
	    {"LATEST #? * 2", "7 9"},
	    {"LATEST #none* * 2", ""},
	    {"AFTER #* msgid=" RUN "7 2", "8 9"},
	    {"BEFORE #* msgid=" RUN "7 2", "5 6"},
	};
	struct harness *harness = *state;
	int client = client_plain(harness);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[256];

		(void)snprintf(command, sizeof(command), "CHATHISTORY %s", cases[i].command);
		assert_given(harness, client, command, cases[i].numbers, false);
	}
	(void)close(client);
}

/*
 * docs/protocols/irc.md, "What was missed": nobody is given less than asked for without
 * a word, be it forgotten, from before the server's start, or from another run.
 */
static void test_irc_history_says_when_it_is_not_whole(void **state)
{
	static const struct {
		const char *command;
		const char *numbers;
	} cases[] = {
	    {"AFTER #a timestamp=2023-11-14T22:13:19.999Z 2", "1 3"},
	    {"AFTER #a msgid=17bcfe56800-5 2", "1 3"},
	    {"AFTER #a msgid=nonsense 9", "1 3 5 7 9"},
	    {"AFTER #a msgid= 9", "1 3 5 7 9"},
	    {"LATEST #a msgid=17bcfe56800-5 6", "1 3 5 7 9"},
	    {"LATEST #a timestamp=2000-01-01T00:00:00.000Z 6", "1 3 5 7 9"},
	    {"BEFORE #a msgid=" RUN "5 3", "1 3"},
	    {"BEFORE #a msgid=" RUN "1 3", ""},
	    {"BEFORE #a timestamp=2000-01-01T00:00:00.000Z 3", ""},
	    {"AROUND #a msgid=" RUN "3 4", "1 3 5 7"},
	    {"BETWEEN #a msgid=x msgid=" RUN "5 9", "1 3"},
	    {"BETWEEN #a msgid=" RUN "5 msgid=x 9", "1 3"},
	    {"BETWEEN #a timestamp=2000-01-01T00:00:00.000Z timestamp=2001-01-01T00:00:00.000Z 9",
	     ""},
	    {"AFTER #* msgid=x 1", "1"},
	};
	struct harness *harness = *state;
	int client = client_plain(harness);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[256];

		(void)snprintf(command, sizeof(command), "CHATHISTORY %s", cases[i].command);
		assert_given(harness, client, command, cases[i].numbers, true);
	}
	/* As many as were asked for are there: what lies before them was not. */
	assert_given(harness, client, "CHATHISTORY LATEST #a msgid=x 5", "1 3 5 7 9", false);
	assert_given(harness, client, "CHATHISTORY BETWEEN #a msgid=" RUN "5 msgid=x 2", "1 3",
	             false);
	assert_given(harness, client, "CHATHISTORY BEFORE #a msgid=" RUN "5 2", "1 3", false);
	(void)close(client);
}

/* The oldest kept is named; a channel that lost nothing is whole though others did. */
static void test_irc_history_names_the_oldest_it_has(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.history.changes = 4;
	harness_start(harness);
	client = client_registered(harness, "reader");
	publish(harness, "#quiet", "0");
	publish_ten(harness);
	publish(harness, "#quiet", "11");
	/* Kept are 9, 10, 11 of ten, and "11": their ids are 9 to 12. */
	exchange(harness, client, "CHATHISTORY AFTER #a msgid=" RUN "2 9",
	         NOTE "#a " RUN "9" WHY BOT "#a :9" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #a msgid=" RUN "8 9", BOT "#a :9" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #quiet msgid=" RUN "1 9",
	         BOT "#quiet :11" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #qui?t msgid=" RUN "1 9",
	         NOTE "#qui?t " RUN "9" WHY BOT "#quiet :11" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* `irc.chathistory_limit` holds for every command that asks for more. */
static void test_irc_history_gives_no_more_than_the_limit(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.chathistory_limit = 2;
	harness_start(harness);
	client = client_plain(harness);
	assert_given(harness, client, "CHATHISTORY LATEST #a * 100", "7 9", false);
	assert_given(harness, client, "CHATHISTORY AFTER #a msgid=" RUN "1 100", "3 5", false);
	assert_given(harness, client, "CHATHISTORY AROUND #a msgid=" RUN "5 100", "3 5", false);
	(void)close(client);
	harness_destroy(harness);
}

/* What is not for IRC, and what max_channels keeps off it, is in no reply. */
static void test_irc_history_has_what_irc_has(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.max_channels = 1;
	harness_start(harness);
	client = client_registered(harness, "reader");
	publish(harness, "#a", "one");
	publish(harness, "#a", NULL);
	publish(harness, "#b", "no channel");
	publish(harness, "#a", "two");
	exchange(harness, client, "CHATHISTORY LATEST #* * 2",
	         BOT "#a :one" CRLF BOT "#a :two" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #* msgid=" RUN "1 1", BOT "#a :two" CRLF);
	exchange(harness, client, "CHATHISTORY LATEST #b * 1",
	         S " FAIL CHATHISTORY INVALID_TARGET LATEST #b :No such channel" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* --- batches and tags --------------------------------------------------- */

/* ircv3.net, "chathistory Extension", "Returned message notes": batch, time and msgid as first
 * sent. */
static void test_irc_history_comes_in_a_batch_with_the_tags_of_the_changes(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	request_capabilities(harness, client, "batch message-tags");
	publish_ten(harness);
	exchange(harness, client, "CHATHISTORY LATEST #A * 2",
	         S " BATCH +1 chathistory #a" CRLF "@batch=1;msgid=" RUN "7 " BOT "#a :7" CRLF
	           "@batch=1;msgid=" RUN "9 " BOT "#a :9" CRLF S " BATCH -1" CRLF);
	exchange(harness, client, "CHATHISTORY LATEST #*.x * 1",
	         S " BATCH +2 chathistory #*.x" CRLF "@batch=2;msgid=" RUN "10 " BOT
	           "#B.x :10" CRLF S " BATCH -2" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #a msgid=" RUN "9 1",
	         S " BATCH +3 chathistory #a" CRLF S " BATCH -3" CRLF);
	exchange(harness, client, "CHATHISTORY BEFORE #a msgid=" RUN "1 1",
	         NOTE "#a " RUN "1" WHY S " BATCH +4 chathistory #a" CRLF S " BATCH -4" CRLF);
	(void)close(client);

	client = client_registered(harness, "reader");
	request_capabilities(harness, client, "message-tags");
	exchange(harness, client, "CHATHISTORY LATEST #a * 1", "@msgid=" RUN "9 " BOT "#a :9" CRLF);
	(void)close(client);
}

/*
 * ircv3.net, "Labeled Responses": the whole answer in one batch, in which the lines are in
 * theirs; it stays open while a long one pauses.
 */
static void test_irc_history_is_a_labelled_response(void **state)
{
	struct harness *harness = harness_create();
	struct buffer out = {0};
	int client;

	(void)state;
	harness->conf.irc.chathistory_limit = MANY;
	harness->conf.history.changes = 2 * MANY;
	harness_start(harness);
	client = client_registered(harness, "reader");
	request_capabilities(harness, client, "batch labeled-response");
	publish_ten(harness);
	exchange(harness, client, "@label=x CHATHISTORY LATEST #a * 2",
	         "@label=x " S " BATCH +2 labeled-response" CRLF "@batch=2 " S
	         " BATCH +1 chathistory #a" CRLF "@batch=1 " BOT "#a :7" CRLF "@batch=1 " BOT
	         "#a :9" CRLF "@batch=2 " S " BATCH -1" CRLF S " BATCH -2" CRLF);
	exchange(harness, client, "@label=y CHATHISTORY LATEST #none * 2",
	         "@label=y " S
	         " FAIL CHATHISTORY INVALID_TARGET LATEST #none :No such channel" CRLF);
	set_buffers(harness, client, 8192);
	publish_many(harness, 1, MANY);
	say(client, "@label=z CHATHISTORY LATEST #a * 100000");
	wait_for_portion(harness);
	set_buffers(harness, client, 1 << 20);
	say(client, "PING end");
	read_until(harness, client, ":end\r\n", &out);
	buffer_append_byte(&out, '\0');
	assert_ptr_equal(strstr(out.bytes,
	                        "@label=z " S " BATCH +4 labeled-response" CRLF "@batch=4 " S
	                        " BATCH +3 chathistory #a" CRLF "@batch=3 " BOT),
	                 out.bytes);
	assert_non_null(strstr(out.bytes, "xxx" CRLF "@batch=4 " S " BATCH -3" CRLF S
	                                  " BATCH -4" CRLF S " PONG " TEST_SERVER " :end" CRLF));
	assert_null(strstr(out.bytes + strlen("@label=z"), "label="));
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* --- TARGETS ------------------------------------------------------------ */

/* ircv3.net, "TARGETS": channels by the time of their last change, which lies between the two. */
static void test_irc_history_lists_the_channels_with_changes(void **state)
{
	static const char a[] = S " CHATHISTORY TARGETS #a 2023-11-14T22:30:08.000Z" CRLF;
	static const char b[] = S " CHATHISTORY TARGETS #B.x 2023-11-14T22:30:09.000Z" CRLF;
	static const char both[] = S " CHATHISTORY TARGETS #a 2023-11-14T22:30:08.000Z" CRLF S
				     " CHATHISTORY TARGETS #B.x 2023-11-14T22:30:09.000Z" CRLF;
	static const struct {
		const char *times;
		const char *wanted;
	} cases[] = {
	    {"timestamp=2023-11-14T22:30:00.000Z timestamp=2023-11-14T22:31:00.000Z 9", both},
	    {"timestamp=2023-11-14T22:31:00.000Z timestamp=2023-11-14T22:30:00.000Z 9", both},
	    {"timestamp=2023-11-14T22:30:00.000Z timestamp=2023-11-14T22:31:00.000Z 1", a},
	    {"timestamp=2023-11-14T22:31:00.000Z timestamp=2023-11-14T22:30:00.000Z 1", b},
	    {"timestamp=2023-11-14T22:30:08.000Z timestamp=2023-11-14T22:31:00.000Z 9", b},
	    {"timestamp=2023-11-14T22:30:07.999Z timestamp=2023-11-14T22:30:09.000Z 9", a},
	    {"timestamp=2023-11-14T22:30:00.000Z timestamp=2023-11-14T22:30:05.000Z 9", ""},
	};
	struct harness *harness = *state;
	int client = client_plain(harness);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[256];

		(void)snprintf(command, sizeof(command), "CHATHISTORY TARGETS %s", cases[i].times);
		exchange(harness, client, command, cases[i].wanted);
	}
	exchange(harness, client,
	         "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z "
	         "timestamp=2000-01-02T00:00:00.000Z 9",
	         NOTE "* " RUN "1" WHY);
	request_capabilities(harness, client, "batch");
	exchange(harness, client,
	         "CHATHISTORY TARGETS timestamp=2023-11-14T22:30:08.000Z "
	         "timestamp=2023-11-14T22:31:00.000Z 9",
	         S " BATCH +1 draft/chathistory-targets" CRLF "@batch=1 " S
	           " CHATHISTORY TARGETS #B.x 2023-11-14T22:30:09.000Z" CRLF S " BATCH -1" CRLF);
	(void)close(client);
}

/* --- refusals ----------------------------------------------------------- */

/* ircv3.net, "chathistory Extension", "Errors and Warnings"; what is repeated stays one word. */
static void test_irc_history_refuses_with_fail(void **state)
{
	static const struct {
		const char *parameters;
		const char *wanted;
	} cases[] = {
	    {"", "INVALID_PARAMS * :Insufficient parameters"},
	    {" FIRST #a * 1", "INVALID_PARAMS FIRST :Unknown command"},
	    {" :", "INVALID_PARAMS * :Unknown command"},
	    {" :two words", "INVALID_PARAMS * :Unknown command"},
	    {" LATEST #a *", "INVALID_PARAMS LATEST :Insufficient parameters"},
	    {" LATEST #a * 1 1", "INVALID_PARAMS LATEST :Too many parameters"},
	    {" LATEST #a * no", "INVALID_PARAMS LATEST no :Invalid limit"},
	    {" LATEST #a * :1 2", "INVALID_PARAMS LATEST * :Invalid limit"},
	    {" LATEST #a timestamp=now 1",
	     "INVALID_PARAMS LATEST timestamp=now :Invalid timestamp"},
	    {" AFTER #a * 1",
	     "INVALID_MSGREFTYPE AFTER #a * :Not a message reference of a type that is known here"},
	    {" LATEST #none * 1", "INVALID_TARGET LATEST #none :No such channel"},
	    {" LATEST reader * 1", "INVALID_TARGET LATEST reader :No such channel"},
	    {" LATEST * * 1", "INVALID_TARGET LATEST * :No such channel"},
	    {" LATEST #a,#b * 1", "INVALID_TARGET LATEST #a,#b :No such channel"},
	    {" LATEST #[a]* * 1", "INVALID_TARGET LATEST #[a]* :No such channel"},
	    {" LATEST #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa* * 1",
	     "INVALID_TARGET LATEST #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa* :No such "
	     "channel"},
	    {" BEFORE #a msgid=x 1",
	     "MESSAGE_ERROR BEFORE #a :This message is not known here any more"},
	    {" AROUND #a msgid=17bcfe56800-1 1",
	     "MESSAGE_ERROR AROUND #a :This message is not known here any more"},
	    {" BETWEEN #a msgid=x msgid=y 1",
	     "MESSAGE_ERROR BETWEEN #a :This message is not known here any more"},
	};
	struct harness *harness = *state;
	int client = client_plain(harness);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[256], wanted[256];

		(void)snprintf(command, sizeof(command), "CHATHISTORY%s", cases[i].parameters);
		(void)snprintf(wanted, sizeof(wanted), S " FAIL CHATHISTORY %s" CRLF,
		               cases[i].wanted);
		exchange(harness, client, command, wanted);
	}
	(void)close(client);
}

/* With `history.changes: 0` there is nothing to ask. */
static void test_irc_history_that_is_off_says_so(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.history.changes = 0;
	harness_start(harness);
	client = client_plain(harness);
	exchange(harness, client, "CHATHISTORY LATEST #a * 1",
	         S " FAIL CHATHISTORY MESSAGE_ERROR LATEST #a :No changes are kept here" CRLF);
	exchange(harness, client,
	         "CHATHISTORY TARGETS timestamp=2023-11-14T22:30:08.000Z "
	         "timestamp=2023-11-14T22:31:00.000Z 9",
	         S " FAIL CHATHISTORY MESSAGE_ERROR TARGETS * :No changes are kept here" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* --- portions ----------------------------------------------------------- */

/* Take the next line's number off `at`, a line "...PRIVMSG #a :NUMBER xxx". */
static unsigned next_number(const char **at)
{
	const char *text = strstr(*at, "PRIVMSG #a :");

	assert_non_null(text);
	*at = strchr(text, '\n') + 1;
	return (unsigned)strtoul(text + strlen("PRIVMSG #a :"), NULL, 10);
}

/* Take the changes from `first` to `last`, which is the next line but one at the most. */
static void expect_numbers(const char **at, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		assert_int_equal(next_number(at), i);
	}
}

static int client_slow(struct harness *harness)
{
	int client = client_registered(harness, "reader");

	set_buffers(harness, client, 8192);
	return client;
}

static struct harness *create_big(void)
{
	struct harness *harness = harness_create();

	harness->conf.irc.chathistory_limit = MANY;
	harness->conf.history.changes = 2 * MANY;
	harness_start(harness);
	return harness;
}

/*
 * docs/protocols/irc.md: a reply larger than may wait for a client goes out as it is taken;
 * what comes meanwhile is part of AFTER, and a JOIN behind it misses nothing.
 */
static void test_irc_history_goes_out_as_it_is_taken(void **state)
{
	struct harness *harness = create_big();
	int client = client_slow(harness);
	struct buffer out = {0};
	const char *at;

	(void)state;
	publish_many(harness, 1, MANY - 500);
	say(client, "CHATHISTORY AFTER #a timestamp=2023-11-14T22:13:20.000Z 100000\r\nJOIN #a");
	wait_for_portion(harness);
	/* Not joined yet, or it would come twice. */
	publish_many(harness, MANY - 499, 200);
	set_buffers(harness, client, 1 << 20);
	read_until(harness, client, "/NAMES list\r\n", &out);
	publish_many(harness, MANY - 299, 1);
	read_until(harness, client, "x\r\n", &out);
	buffer_append_byte(&out, '\0');
	at = out.bytes;
	expect_numbers(&at, 1, MANY - 300);
	assert_ptr_equal(strstr(at, ":reader!user@" TEST_SERVER " JOIN #a"), at);
	expect_numbers(&at, MANY - 299, MANY - 299);
	assert_string_equal(at, "");
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* Changes that are forgotten while a slow client takes its reply are told of, in the middle. */
static void test_irc_history_says_what_was_forgotten_on_the_way(void **state)
{
	struct harness *harness = create_big();
	int client = client_slow(harness);
	struct buffer out = {0};
	const char *at, *note;
	unsigned last;

	(void)state;
	publish_many(harness, 1, MANY);
	say(client, "CHATHISTORY LATEST #a * 100000");
	wait_for_portion(harness);
	/* 2 * MANY are kept: of those, half may be gone, and of the reply all but a portion. */
	publish_many(harness, MANY + 1, 2 * MANY - 10);
	set_buffers(harness, client, 1 << 20);
	say(client, "PING end");
	read_until(harness, client, ":end\r\n", &out);
	buffer_append_byte(&out, '\0');
	at = out.bytes;
	note = strstr(at, NOTE "#a " RUN "2991" WHY);
	assert_non_null(note);
	for (last = 0; at < note; last++) {
		assert_int_equal(next_number(&at), last + 1);
	}
	assert_true(last > 100 && last < MANY - 100);
	expect_numbers(&at, 2991, MANY);
	assert_ptr_equal(strstr(note + strlen(NOTE), "NOTE"), NULL);
	assert_ptr_equal(strstr(at, S " PONG"), at);
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* A mask among many others is searched for some changes a turn, and found in the end. */
static void test_irc_history_searches_for_a_mask_in_turns(void **state)
{
	struct harness *harness = harness_create();
	struct history *history;
	int client;

	(void)state;
	harness->conf.history.changes = 30000;
	harness_start(harness);
	history = harness->history;
	client = client_registered(harness, "reader");
	publish(harness, "#needle", "first");
	for (unsigned i = 0; i < 25000; i++) {
		publish(harness, "#hay", "x");
	}
	publish(harness, "#needle", "last");
	assert_int_equal(history_count(history), 25002);
	exchange(harness, client, "CHATHISTORY LATEST #need* * 2",
	         BOT "#needle :first" CRLF BOT "#needle :last" CRLF);
	exchange(harness, client, "CHATHISTORY AFTER #need* msgid=" RUN "1 2",
	         BOT "#needle :last" CRLF);
	exchange(harness, client, "CHATHISTORY LATEST #nothing* * 2", "");
	(void)close(client);
	harness_destroy(harness);
}

/* A client that goes in the middle of its reply takes what was kept for it along (LeakSanitizer).
 */
static void test_irc_history_ends_with_its_client(void **state)
{
	struct harness *harness = create_big();
	int client = client_slow(harness);

	(void)state;
	publish_many(harness, 1, MANY);
	say(client, "CHATHISTORY LATEST #a * 100000");
	wait_for_portion(harness);
	(void)close(client);
	for (int i = 0; i < 100 && metric_read(&metrics_of(harness)->irc_clients) > 0; i++) {
		turn(harness);
	}
	assert_int_equal(metric_read(&metrics_of(harness)->irc_clients), 0);
	harness_destroy(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_irc_history_gives_what_is_asked_for, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_history_says_when_it_is_not_whole, set_up,
	                                    tear_down),
	    cmocka_unit_test(test_irc_history_names_the_oldest_it_has),
	    cmocka_unit_test(test_irc_history_gives_no_more_than_the_limit),
	    cmocka_unit_test(test_irc_history_has_what_irc_has),
	    cmocka_unit_test_setup_teardown(
		test_irc_history_comes_in_a_batch_with_the_tags_of_the_changes, set_up, tear_down),
	    cmocka_unit_test(test_irc_history_is_a_labelled_response),
	    cmocka_unit_test_setup_teardown(test_irc_history_lists_the_channels_with_changes,
	                                    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_history_refuses_with_fail, set_up, tear_down),
	    cmocka_unit_test(test_irc_history_that_is_off_says_so),
	    cmocka_unit_test(test_irc_history_goes_out_as_it_is_taken),
	    cmocka_unit_test(test_irc_history_says_what_was_forgotten_on_the_way),
	    cmocka_unit_test(test_irc_history_searches_for_a_mask_in_turns),
	    cmocka_unit_test(test_irc_history_ends_with_its_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
