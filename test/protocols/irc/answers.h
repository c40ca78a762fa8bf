/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_IRC_ANSWERS_H
#define TEST_PROTOCOLS_IRC_ANSWERS_H

#include "test/protocols/irc/harness.h"

/*
 * Tables of what a command is answered with, to the byte.  The client is "reader"; it
 * has joined #en.wikipedia, and #De.Wikipedia exists beside it.
 */
#define CRLF            "\r\n"
#define R(number, rest) ":" TEST_SERVER " " number " reader " rest CRLF
#define SELF            ":reader!user@" TEST_SERVER
#define BOT             "rc-pmtpa!rc-pmtpa@" TEST_SERVER
#define PONG(token)     ":" TEST_SERVER " PONG " TEST_SERVER " :" token CRLF

#define TOPIC_OF(channel) \
	R("332", channel " :Stream for topic " channel) R("333", channel " " BOT " 1700000000")
#define JOINED(channel)                                                                          \
	SELF " JOIN " channel CRLF TOPIC_OF(channel) R("353", "= " channel " :reader @rc-pmtpa") \
	    R("366", channel " :End of /NAMES list")

struct answer {
	const char *line;
	const char *wanted;
};

static inline int client_in_wikipedia(struct harness *harness)
{
	int client;

	publish(harness, "#en.wikipedia", "first");
	publish(harness, "#De.Wikipedia", "first");
	client = client_registered(harness, "reader");
	client_join(harness, client, "#en.wikipedia");
	return client;
}

/* All with one client, in order. */
static inline void check_answers(struct harness *harness, const struct answer *answers,
                                 size_t count)
{
	int client = client_in_wikipedia(harness);

	for (size_t i = 0; i < count; i++) {
		exchange(harness, client, answers[i].line, answers[i].wanted);
	}
	(void)close(client);
}

#define CHECK(state, answers) check_answers(*(state), answers, sizeof(answers) / sizeof(answers[0]))

#endif
