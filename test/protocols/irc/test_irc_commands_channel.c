/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining what is more than a channel with changes: wildcard channels, channels that the
 * configuration lists, channels before their first change; and the limits of it all.
 */
#include "protocols/irc/irc_commands.h"

#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/answers.h"

#define SAYS(channel, text) ":" BOT " PRIVMSG " channel " :" text CRLF
#define MASK_TOPIC_OF(mask)                                                                      \
	R("332",                                                                                 \
	  mask " :Changes of all channels that fit " mask ", each under its own channel's name") \
	R("333", mask " " BOT " 1700000000")
#define MASK_JOINED(mask)                                                                    \
	SELF " JOIN " mask CRLF MASK_TOPIC_OF(mask) R("353", "= " mask " :reader @rc-pmtpa") \
	    R("366", mask " :End of /NAMES list")
#define IN_BATCH "@batch=1 "
#define BATCHED_JOIN(mask)                                                                       \
	IN_BATCH SELF                                                                            \
	    " JOIN " mask CRLF IN_BATCH R("332", mask " :Changes of all channels that fit " mask \
	                                              ", each under its own channel's name")     \
		IN_BATCH R("333", mask " " BOT " 1700000000")                                    \
		    IN_BATCH R("353", "= " mask " :reader @rc-pmtpa")                            \
			IN_BATCH R("366", mask " :End of /NAMES list")
#define PARTED(name)     SELF " PART " name CRLF
#define TOO_MANY(name)   R("405", name " :You have joined too many channels")
#define NO_CHANNEL(name) R("403", name " :No such channel")

static size_t transient(struct harness *harness)
{
	size_t count = harness->server->transient.count;

	assert_int_equal(metric_read(&metrics_of(harness)->irc_transient_channels), count);
	return count;
}

/* Give the closed clients of this test their end. */
static void settle(struct harness *harness)
{
	for (int i = 0; i < 5; i++) {
		turn(harness);
	}
}

/* --- wildcard channels ------------------------------------------------------ */

/* A mask is a channel to its members, whatever they ask about it. */
static void test_irc_mask_is_a_channel_to_its_members(void **state)
{
	static const struct answer answers[] = {
	    {"TOPIC #*.wikipedia", R("442", "#*.wikipedia :You're not on that channel")},
	    {"NAMES #*.wikipedia", R("366", "#*.wikipedia :End of /NAMES list")},
	    {"PART #*.wikipedia", R("442", "#*.wikipedia :You're not on that channel")},
	    {"JOIN #*.WIKIPEDIA", MASK_JOINED("#*.WIKIPEDIA")},
	    {"JOIN #*.wikipedia key", ""},
	    {"TOPIC #*.wikipedia", MASK_TOPIC_OF("#*.WIKIPEDIA")},
	    {"TOPIC #*.wikipedia :x", R("482", "#*.WIKIPEDIA :You're not a channel operator")},
	    {"NAMES #*.wikipedia", R("353", "= #*.WIKIPEDIA :reader @rc-pmtpa")
	                               R("366", "#*.WIKIPEDIA :End of /NAMES list")},
	    {"MODE #*.wikipedia", R("324", "#*.wikipedia +mnt")},
	    {"MODE #*.wikipedia +b", R("368", "#*.wikipedia :End of channel ban list")},
	    {"PRIVMSG #*.wikipedia :x", R("404", "#*.wikipedia :Cannot send to channel")},
	    {"PART #*.wikipedia :bye", SELF " PART #*.WIKIPEDIA :bye" CRLF},
	    {"JOIN #*,#?e.*", MASK_JOINED("#*") MASK_JOINED("#?e.*")},
	    {"JOIN 0",
	     SELF " PART #*" CRLF SELF " PART #?e.*" CRLF SELF " PART #en.wikipedia" CRLF},
	    {"PART #*", R("442", "#* :You're not on that channel")},
	};

	CHECK(state, answers);
}

/* The bus would read '[' as a set: no mask, no channel.  Nor is a mask without '#'. */
static void test_irc_mask_is_of_stars_and_question_marks(void **state)
{
	static const struct answer answers[] = {
	    {"JOIN #[a-z]*", NO_CHANNEL("#[a-z]*")},
	    {"JOIN *", NO_CHANNEL("*")},
	    {"JOIN *.wikipedia", NO_CHANNEL("*.wikipedia")},
	    {"JOIN #a23456789b123456789c123456789d123456789e123456789*",
	     NO_CHANNEL("#a23456789b123456789c123456789d123456789e123456789*")},
	};

	CHECK(state, answers);
	assert_int_equal(transient(*state), 0);
}

/* Changes come under their channel's own name, once however many of a client's names fit. */
static void test_irc_mask_brings_each_change_once(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	client_join(harness, client, "#*.wikipedia");
	client_join(harness, client, "#EN.*");
	client_join(harness, client, "#*");
	publish(harness, "#EN.wikipedia", "one");
	publish(harness, "#de.wikipedia", "two");
	expect(harness, client, SAYS("#en.wikipedia", "one") SAYS("#De.Wikipedia", "two"));
	exchange(harness, client, "PART #*,#en.wikipedia",
	         SELF " PART #*" CRLF SELF " PART #en.wikipedia" CRLF);
	publish(harness, "#en.wikipedia", "three");
	publish(harness, "#en.wiktionary", "four");
	publish(harness, "#de.wiktionary", "not for us");
	expect(harness, client, SAYS("#en.wikipedia", "three") SAYS("#en.wiktionary", "four"));
	exchange(harness, client, "PART #en.*", SELF " PART #EN.*" CRLF);
	publish(harness, "#en.wiktionary", "not for us");
	publish(harness, "#en.wikipedia", "five");
	expect(harness, client, SAYS("#en.wikipedia", "five"));
	expect_nothing(harness, client);
	(void)close(client);
}

/* Nobody can be in a channel that does not exist, but in a mask that it fits: nothing is lost. */
static void test_irc_mask_brings_the_first_change_of_a_channel(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	client_join(harness, client, "#*.wikipedia");
	publish(harness, "#New.Wikipedia", "first");
	publish(harness, "#new.wikipedia", "second");
	expect(harness, client, SAYS("#New.Wikipedia", "first") SAYS("#New.Wikipedia", "second"));
	exchange(harness, client, "JOIN #new.wikipedia", JOINED("#New.Wikipedia"));
	publish(harness, "#new.wikipedia", "third");
	expect(harness, client, SAYS("#New.Wikipedia", "third"));
	expect_nothing(harness, client);
	(void)close(client);
}

/* irc.max_masks, told by MASKJOIN; channels do not count. */
static void test_irc_masks_of_a_client_are_limited(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	exchange(harness, client, "JOIN #a*,#b*,#c*,#d*,#de.wikipedia",
	         MASK_JOINED("#a*") MASK_JOINED("#b*") MASK_JOINED("#c*") TOO_MANY("#d*")
	             JOINED("#De.Wikipedia"));
	assert_int_equal(transient(harness), 3);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_joins_refused), 1);
	exchange(harness, client, "PART #a*", SELF " PART #a*" CRLF);
	exchange(harness, client, "JOIN #d*", MASK_JOINED("#d*"));
	(void)close(client);
}

/* max_masks: 0 turns them off. */
static void test_irc_masks_can_be_turned_off(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	harness->conf.irc.max_masks = 0;
	exchange(harness, client, "JOIN #*", NO_CHANNEL("#*"));
	(void)close(client);
}

/* It goes with its last member, who left or whose connection ended. */
static void test_irc_mask_goes_with_its_last_member(void **state)
{
	struct harness *harness = *state;
	int first = client_registered(harness, "first");
	int second = client_registered(harness, "second");

	client_join(harness, first, "#*");
	client_join(harness, second, "#*");
	assert_int_equal(transient(harness), 1);
	exchange(harness, first, "JOIN 0", ":first!user@" TEST_SERVER " PART #*" CRLF);
	assert_int_equal(transient(harness), 1);
	(void)close(second);
	settle(harness);
	assert_int_equal(transient(harness), 0);
	(void)close(first);
}

/*
 * A mask that is joined is held against every channel.  A client that joins and leaves them as
 * fast as it can gets so many a turn, and all its answers in order; what others say is run in
 * between.
 */
static void test_irc_masks_are_joined_over_several_turns(void **state)
{
	enum { CHANNELS = 4000, ROUNDS = 30 };
	struct harness *harness = harness_create();
	struct buffer lines = {0}, wanted = {0};
	const struct irc_session *session;
	unsigned pauses = 0;
	int client, other;

	(void)state;
	harness->conf.irc.max_channels = CHANNELS;
	harness_start(harness);
	for (unsigned i = 0; i < CHANNELS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "#c%04u", i);
		publish(harness, name, "one");
	}
	client = client_registered(harness, "reader");
	session = harness->net->all->owner;
	other = client_registered(harness, "other");
	for (int i = 0; i < ROUNDS; i++) {
		buffer_append_text(&lines, "JOIN #c0001,#*a,#*b,#*c" CRLF "JOIN 0" CRLF);
		buffer_append_text(&wanted, JOINED("#c0001") MASK_JOINED("#*a") MASK_JOINED("#*b")
		                                MASK_JOINED("#*c") PARTED("#*a") PARTED("#*b")
		                                    PARTED("#*c") PARTED("#c0001"));
	}
	buffer_append_byte(&wanted, '\0');
	say_bytes(client, lines.bytes, lines.length); /* at once: it all comes in one turn */
	for (int i = 0; i < 100; i++) {
		turn(harness);
		pauses += session->is_paused ? 1 : 0;
		if (i == 3) {
			assert_true(session->is_paused);
			exchange(harness, other, "MODE other",
			         ":" TEST_SERVER " 221 other +i" CRLF);
		}
	}
	/* Three masks a turn: 90 take 30 turns, of which the exchange above took some. */
	assert_true(pauses >= 15 && pauses <= 30);
	expect(harness, client, wanted.bytes);
	expect_nothing(harness, client);
	buffer_finish(&lines);
	buffer_finish(&wanted);
	(void)close(client);
	(void)close(other);
	harness_destroy(harness);
}

/* ircv3.net, "Labeled Responses": a command that goes on in later turns has one response. */
static void test_irc_masks_joined_over_several_turns_are_one_response(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.max_channels = IRC_EFFORT_TURN;
	harness_start(harness);
	for (unsigned i = 0; i < IRC_EFFORT_TURN; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "#c%04u", i);
		publish(harness, name, "one");
	}
	client = client_registered(harness, "reader");
	exchange(harness, client, "CAP REQ :labeled-response batch",
	         ":" TEST_SERVER " CAP reader ACK :labeled-response batch" CRLF);
	exchange(harness, client, "@label=x JOIN #*a,#*b",
	         "@label=x :" TEST_SERVER " BATCH +1 labeled-response" CRLF BATCHED_JOIN("#*a")
	             BATCHED_JOIN("#*b") ":" TEST_SERVER " BATCH -1" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* --- channels before their first change -------------------------------------- */

/* irc.channels: there from the start, in the spelling given; the first change is delivered. */
static void test_irc_listed_channel_exists_from_the_start(void **state)
{
	static const char *listed[] = {"#En.Wikipedia", "#commons.wikimedia", "#EN.wikipedia"};
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.channels = (struct conf_strings){listed, 3};
	harness_start(harness);
	assert_int_equal(harness->server->channels.count, 2);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 2);
	client = client_registered(harness, "reader");
	exchange(harness, client, "JOIN #en.wikipedia,#de.wikipedia",
	         JOINED("#En.Wikipedia") NO_CHANNEL("#de.wikipedia"));
	publish(harness, "#en.wikipedia", "first");
	expect(harness, client, SAYS("#En.Wikipedia", "first"));
	(void)close(client);
	harness_destroy(harness);
}

/* The note, section 1: by default clients make no channel, and the first change goes to nobody. */
static void test_irc_unknown_channel_is_not_joined_by_default(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	exchange(harness, client, "JOIN #fr.wikipedia", NO_CHANNEL("#fr.wikipedia"));
	publish(harness, "#fr.wikipedia", "first");
	expect_nothing(harness, client);
	(void)close(client);
}

/*
 * irc.join_unknown: the client waits in the channel and gets its first change.  Only its members
 * see it, since each client is alone with the bot; and it is spelt as the change spells it, as in
 * all other workers, where nobody waits.
 */
static void test_irc_unknown_channel_can_be_waited_in(void **state)
{
	struct harness *harness = *state;
	int client, other;

	harness->conf.irc.join_unknown = true;
	client = client_in_wikipedia(harness);
	other = client_registered(harness, "reader");
	exchange(harness, client, "JOIN #FR.wikipedia,bad,#a!",
	         JOINED("#FR.wikipedia") NO_CHANNEL("bad") NO_CHANNEL("#a!"));
	exchange(harness, client, "JOIN #fr.wikipedia", "");
	exchange(harness, client, "NAMES #fr.wikipedia",
	         R("353", "= #FR.wikipedia :reader @rc-pmtpa")
	             R("366", "#FR.wikipedia :End of /NAMES list"));
	exchange(harness, other, "NAMES #fr.wikipedia",
	         R("366", "#fr.wikipedia :End of /NAMES list"));
	exchange(harness, other, "LIST #fr.wikipedia", R("323", ":End of /LIST"));
	exchange(harness, other, "WHO #fr.wikipedia", R("315", "#fr.wikipedia :End of /WHO list."));
	assert_int_equal(transient(harness), 1);
	publish(harness, "#fr.Wikipedia", "first");
	assert_int_equal(transient(harness), 0);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 3);
	expect(harness, client, SAYS("#fr.Wikipedia", "first"));
	expect_nothing(harness, other);
	exchange(harness, other, "JOIN #FR.WIKIPEDIA", JOINED("#fr.Wikipedia"));
	exchange(harness, client, "PART #FR.Wikipedia", SELF " PART #fr.Wikipedia" CRLF);
	publish(harness, "#fr.wikipedia", "second");
	expect(harness, other, SAYS("#fr.Wikipedia", "second"));
	expect_nothing(harness, client);
	(void)close(client);
	(void)close(other);
}

/* Who left takes an empty one along: nobody can fill the room with channels nobody is in. */
static void test_irc_unknown_channel_goes_with_its_last_member(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	harness->conf.irc.join_unknown = true;
	exchange(harness, client, "JOIN #x", JOINED("#x"));
	exchange(harness, client, "PART #x", SELF " PART #x" CRLF);
	assert_int_equal(transient(harness), 0);
	exchange(harness, client, "JOIN #X", JOINED("#X"));
	(void)close(client);
	settle(harness);
	assert_int_equal(transient(harness), 0);
	assert_int_equal(harness->server->waiting, 0);
}

/* max_channels of them at most; masks do not count, and a change has room of its own. */
static void test_irc_unknown_channels_are_limited(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	harness->conf.irc.join_unknown = true;
	harness->conf.irc.max_channels = 2;
	exchange(harness, client, "JOIN #*,#a,#b,#c",
	         MASK_JOINED("#*") JOINED("#a") JOINED("#b") NO_CHANNEL("#c"));
	publish(harness, "#c", "one");
	publish(harness, "#A", "two");
	publish(harness, "#b", "three"); /* the third that changes would make */
	expect(harness, client, SAYS("#c", "one") SAYS("#A", "two"));
	expect_nothing(harness, client);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels_refused), 1);
	assert_int_equal(harness->server->waiting, 1);
	(void)close(client);
}

/* irc.max_joined, CHANLIMIT: masks and channels together; what exists not is still a 403. */
static void test_irc_channels_of_a_client_can_be_limited(void **state)
{
	struct harness *harness = *state;
	int client = client_in_wikipedia(harness);

	harness->conf.irc.max_joined = 2;
	harness->conf.irc.join_unknown = true;
	exchange(harness, client, "JOIN #en.wikipedia,#*,#de.wikipedia,#y,bad",
	         MASK_JOINED("#*") TOO_MANY("#De.Wikipedia") TOO_MANY("#y") NO_CHANNEL("bad"));
	assert_int_equal(transient(harness), 1);
	exchange(harness, client, "PART #*", SELF " PART #*" CRLF);
	exchange(harness, client, "JOIN #de.wikipedia", JOINED("#De.Wikipedia"));
	(void)close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_mask_is_a_channel_to_its_members),
	    TEST(test_irc_mask_is_of_stars_and_question_marks),
	    TEST(test_irc_mask_brings_each_change_once),
	    TEST(test_irc_mask_brings_the_first_change_of_a_channel),
	    TEST(test_irc_masks_of_a_client_are_limited),
	    TEST(test_irc_masks_can_be_turned_off),
	    TEST(test_irc_mask_goes_with_its_last_member),
	    cmocka_unit_test(test_irc_masks_are_joined_over_several_turns),
	    cmocka_unit_test(test_irc_masks_joined_over_several_turns_are_one_response),
	    cmocka_unit_test(test_irc_listed_channel_exists_from_the_start),
	    TEST(test_irc_unknown_channel_is_not_joined_by_default),
	    TEST(test_irc_unknown_channel_can_be_waited_in),
	    TEST(test_irc_unknown_channel_goes_with_its_last_member),
	    TEST(test_irc_unknown_channels_are_limited),
	    TEST(test_irc_channels_of_a_client_can_be_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
