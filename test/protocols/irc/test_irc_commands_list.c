/* SPDX-License-Identifier: Apache-2.0 */
/* LIST with the conditions that ELIST=MNU names (modern.ircdocs.horse, "LIST message"). */
#include "protocols/irc/irc_commands.h"

#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/answers.h"

#define ROW(channel, count) R("322", channel " " count " :Stream for topic " channel)
#define END                 R("323", ":End of /LIST")
#define DE                  ROW("#De.Wikipedia", "1")
#define EN                  ROW("#en.wikipedia", "2")

/* M: masks, without the case of letters, with or without the '#'; any of them. */
static void test_irc_list_takes_masks(void **state)
{
	static const struct answer answers[] = {
	    {"LIST *", DE EN END},
	    {"LIST *WIKIPEDIA", DE EN END},
	    {"LIST #en*", EN END},
	    {"LIST en*", END},
	    {"LIST #??.wikipedia", DE EN END},
	    {"LIST #?.wikipedia", END},
	    {"LIST *wiktionary", END},
	    {"LIST #x,d*,#de.*", DE END},
	    {"LIST #en.wikipedia,#d*", DE EN END},
	    {"LIST #[de]*", END},
	};

	CHECK(state, answers);
}

/* N and U: all conditions hold together; the users are the bot, and the client where it is. */
static void test_irc_list_takes_conditions(void **state)
{
	static const struct answer answers[] = {
	    {"LIST !*en*", DE END},
	    {"LIST !#de.*,!#en.*", END},
	    {"LIST *wiki*,!*en*", DE END},
	    {"LIST >1", EN END},
	    {"LIST <2", DE END},
	    {"LIST >0,<3", DE EN END},
	    {"LIST >2", END},
	    {"LIST <1", END},
	    {"LIST #de.wikipedia,#en.wikipedia >1", EN END},
	    {"LIST * !*en*", DE END},
	    {"LIST >99999999999999999999999", END},
	};

	CHECK(state, answers);
}

/* What ELIST does not name is a channel that does not exist; a server as second parameter, none. */
static void test_irc_list_is_not_confused(void **state)
{
	static const struct answer answers[] = {
	    {"LIST C<10", END},
	    {"LIST T>10", END},
	    {"LIST !", DE EN END},
	    {"LIST <,>x", DE EN END},
	    {"LIST ,,", DE EN END},
	    {"LIST #en.wikipedia " TEST_SERVER, EN END},
	    {"LIST #en.wikipedia *", EN END},
	};

	CHECK(state, answers);
}

/* Masks that are joined are no channels that exist. */
static void test_irc_list_shows_no_masks(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	client_join(harness, client, "#*");
	exchange(harness, client, "LIST", DE EN END);
	exchange(harness, client, "LIST *", DE EN END);
	(void)close(client);
}

/*
 * Masks that fit nothing take time and give no reply: they are held against the channels over
 * several turns of the loop, and the answer is whole.
 */
static void test_irc_list_with_masks_takes_several_turns(void **state)
{
	enum { CHANNELS = 3000 };
	struct harness *harness = harness_create();
	char line[256] = "LIST ";
	struct buffer wanted = {0};
	unsigned pauses = 0;
	int client;

	(void)state;
	harness->conf.irc.max_channels = CHANNELS;
	harness_start(harness);
	for (unsigned i = 0; i < CHANNELS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "#c%04u", i);
		publish(harness, name, "one");
	}
	client = client_registered(harness, "reader");
	for (int i = 0; i < 20; i++) {
		(void)strcat(line, "*x*y*z,");
	}
	(void)strcat(line, "#c2999,#c0*7" CRLF "PING after" CRLF);
	say_bytes(client, line, strlen(line)); /* at once: it all comes in the first turn */
	for (int i = 0; i < 20; i++) {
		const struct irc_session *session = harness->net->all->owner;

		turn(harness);
		pauses += session->is_paused ? 1 : 0;
	}
	/* 22 masks, 3,000 channels, 10,000 pairs a turn: seven turns. */
	assert_true(pauses >= 5 && pauses <= 7);
	for (unsigned i = 0; i < CHANNELS; i++) {
		if (i == 2999 || (i < 1000 && i % 10 == 7)) {
			buffer_printf(&wanted, R("322", "#c%04u 1 :Stream for topic #c%04u"), i, i);
		}
	}
	buffer_append(&wanted, END PONG("after"), sizeof(END PONG("after")));
	expect(harness, client, wanted.bytes);
	buffer_finish(&wanted);
	(void)close(client);
	harness_destroy(harness);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_list_takes_masks),
	    TEST(test_irc_list_takes_conditions),
	    TEST(test_irc_list_is_not_confused),
	    TEST(test_irc_list_shows_no_masks),
	    cmocka_unit_test(test_irc_list_with_masks_takes_several_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
