/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHO and WHOX.  The client's address is in no row: the note has it in WHOIS and USERHOST
 * only.
 */
#include "protocols/irc/irc_commands.h"

#include "test/protocols/irc/answers.h"

#define SELF_ROW(channel) \
	R("352", channel " user " TEST_SERVER " " TEST_SERVER " reader H :0 Real Name")
#define BOT_ROW(channel, flags)                                                             \
	R("352", channel " rc-pmtpa " TEST_SERVER " " TEST_SERVER " rc-pmtpa " flags " :0 " \
	                 "rc-pmtpa")
#define END(mask) R("315", mask " :End of /WHO list.")

/* RFC 2812 §3.6.1: whoever is in the channel; the bot alone where the client is not. */
static void test_irc_who_of_a_channel(void **state)
{
	static const struct answer answers[] = {
	    {"WHO #EN.wikipedia",
	     SELF_ROW("#en.wikipedia") BOT_ROW("#en.wikipedia", "H@") END("#EN.wikipedia")},
	    {"WHO #de.wikipedia", BOT_ROW("#De.Wikipedia", "H@") END("#de.wikipedia")},
	    {"WHO #x", END("#x")},
	    {"WHO #*", END("#*")},
	    {"JOIN #*.wikipedia", SELF
	     " JOIN #*.wikipedia" CRLF R("332", "#*.wikipedia :Changes of all channels that fit "
	                                        "#*.wikipedia, each under its own channel's "
	                                        "name") R("333", "#*.wikipedia " BOT " 1700000000")
	         R("353", "= #*.wikipedia :reader @rc-pmtpa")
	             R("366", "#*.wikipedia :End of /NAMES list")},
	    {"WHO #*.wikipedia",
	     SELF_ROW("#*.wikipedia") BOT_ROW("#*.wikipedia", "H@") END("#*.wikipedia")},
	};

	CHECK(state, answers);
}

/* Everyone without a mask; with one who fits by nick, user, server or real name. */
static void test_irc_who_of_users(void **state)
{
#define BOTH SELF_ROW("*") BOT_ROW("*", "H")
	static const struct answer answers[] = {
	    {"WHO", BOTH END("*")},
	    {"WHO :", BOTH END("*")},
	    {"WHO *", BOTH END("*")},
	    {"WHO 0", BOTH END("0")},
	    {"WHO READER", SELF_ROW("*") END("READER")},
	    {"WHO user", SELF_ROW("*") END("user")},
	    {"WHO re?l*", SELF_ROW("*") END("re?l*")},
	    {"WHO rc-*", BOT_ROW("*", "H") END("rc-*")},
	    {"WHO *.example.org", BOTH END("*.example.org")},
	    {"WHO x", END("x")},
	    {"WHO 127.0.0.1", END("127.0.0.1")},
	    {"WHO * o", END("*")},
	    {"WHO #en.wikipedia o", END("#en.wikipedia")},
	};

	CHECK(state, answers);
}

/* ircv3.net, "WHOX": fields in their own order, the token as sent. */
static void test_irc_who_with_fields(void **state)
{
	static const struct answer answers[] = {
	    {"WHO #en.wikipedia %tcuihsnfdlaor,152",
	     R("354", "152 #en.wikipedia user 255.255.255.255 " TEST_SERVER " " TEST_SERVER
	              " reader H 0 0 0 n/a :Real Name")
	         R("354", "152 #en.wikipedia rc-pmtpa 255.255.255.255 " TEST_SERVER " " TEST_SERVER
	                  " rc-pmtpa H@ 0 0 0 n/a :rc-pmtpa") END("#en.wikipedia")},
	    {"WHO reader %nat,7", R("354", "7 reader 0") END("reader")},
	    {"WHO reader %t", R("354", "0") END("reader")},
	    {"WHO reader %tn,1234", R("354", "0 reader") END("reader")},
	    {"WHO reader %tn,a b", R("354", "0 reader") END("reader")},
	    {"WHO reader n%cn,1", R("354", "* reader") END("reader")},
	    {"WHO reader o%n", END("reader")},
	    {"WHO reader %r", R("354", ":Real Name") END("reader")},
	    {"WHO x %tna,1", END("x")},
	};

	CHECK(state, answers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_who_of_a_channel),
	    TEST(test_irc_who_of_users),
	    TEST(test_irc_who_with_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
