/* SPDX-License-Identifier: Apache-2.0 */
/* What the server tells of itself: RFC 2812 §3.4 in the shape of modern.ircdocs.horse. */
#include "protocols/irc/irc_commands.h"

#include "test/protocols/irc/answers.h"

#define HERE              "irc.example.org"
#define NO_SERVER(target) R("402", target " :No such server")
#define VERSION_LINES                                                                             \
	R("351",                                                                                  \
	  "rcstreamd-1.2.3 " HERE " :Read-only: recent changes of wikis, a channel for each")     \
	R("005",                                                                                  \
	  "NETWORK=Example CASEMAPPING=ascii CHANTYPES=# CHANMODES=b,k,l,mnst "                   \
	  "PREFIX=(ov)@+ NICKLEN=30 CHANNELLEN=50 USERLEN=63 HOSTLEN=63 NAMELEN=128 AWAYLEN=200 " \
	  "SAFELIST ELIST=MNU :are supported by this server")                                     \
	R("005",                                                                                  \
	  "WHOX UTF8ONLY TARGMAX=JOIN:,LIST:,NAMES:,NOTICE:,PART:,PRIVMSG:,WHOIS:1 "              \
	  "CHATHISTORY=1000 MSGREFTYPES=msgid,timestamp MASKJOIN=3 :are supported by this server")

/* Of this server by its name, a mask of it, or who is on it; there is no other. */
static void test_irc_info_of_this_server_and_no_other(void **state)
{
#define TIME_LINE R("391", HERE " :2023-11-14 22:30:00 UTC")
	static const struct answer answers[] = {
	    {"VERSION", VERSION_LINES},
	    {"VERSION " HERE, VERSION_LINES},
	    {"VERSION x", NO_SERVER("x")},
	    {"TIME", TIME_LINE},
	    {"TIME *.EXAMPLE.org", TIME_LINE},
	    {"TIME rc-pmtpa", TIME_LINE},
	    {"TIME Reader", TIME_LINE},
	    {"TIME x", NO_SERVER("x")},
	    {"INFO", R("371", ":rcstreamd-1.2.3")
	                 R("371", ":Read-only: recent changes of wikis, a channel for each")
	                     R("371", ":On-line since 2023-11-14 22:13:20 UTC")
	                         R("374", ":End of /INFO list")},
	    {"INFO x", NO_SERVER("x")},
	    {"LINKS", R("364", HERE " " HERE " :0 Example") R("365", "* :End of /LINKS list")},
	    {"LINKS irc.*",
	     R("364", HERE " " HERE " :0 Example") R("365", "irc.* :End of /LINKS list")},
	    {"LINKS x", R("365", "x :End of /LINKS list")},
	    {"LINKS " HERE " *",
	     R("364", HERE " " HERE " :0 Example") R("365", "* :End of /LINKS list")},
	    {"LINKS x *", NO_SERVER("x")},
	    {"OPER root secret", R("491", ":There are no operators here")},
	};

	CHECK(state, answers);
}

/* RFC 2812 §3.4.4: u is the time that the server is up; nothing else is told to clients. */
static void test_irc_info_stats(void **state)
{
	static const struct answer answers[] = {
	    {"STATS u", R("242", ":Server Up 0 days 0:16:40") R("219", "u :End of /STATS report")},
	    {"STATS U", R("242", ":Server Up 0 days 0:16:40") R("219", "U :End of /STATS report")},
	    {"STATS l", R("219", "l :End of /STATS report")},
	    {"STATS ?", R("219", "? :End of /STATS report")},
	    {"STATS u " HERE,
	     R("242", ":Server Up 0 days 0:16:40") R("219", "u :End of /STATS report")},
	    {"STATS u x", NO_SERVER("x")},
	};
	struct harness *harness = *state;
	int client;

	CHECK(state, answers);
	client = client_registered(harness, "reader");
	harness->status.started_ms -= ((UINT64_C(12) * 24 + 1) * 60 + 2) * 60 * 1000 + 3000;
	exchange(harness, client, "STATS u",
	         R("242", ":Server Up 12 days 1:18:43") R("219", "u :End of /STATS report"));
	/* The clock was set back. */
	harness->status.started_ms = harness->net->clock.wall_ms + 5000;
	exchange(harness, client, "STATS u",
	         R("242", ":Server Up 0 days 0:00:00") R("219", "u :End of /STATS report"));
	(void)close(client);
}

/* RFC 2812 §3.4.9: as many lines as the operator has written; 423 without any. */
static void test_irc_info_admin(void **state)
{
#define ADMIN_ME R("256", HERE " :Administrative info")
	static const char *lines[] = {"Example, Berlin", "The operators", "irc@example.org"};
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");

	exchange(harness, client, "ADMIN", R("423", HERE " :No administrative info available"));
	exchange(harness, client, "ADMIN x", NO_SERVER("x"));
	harness->conf.irc.admin = (struct conf_strings){lines, 3};
	exchange(harness, client, "ADMIN",
	         ADMIN_ME R("257", ":Example, Berlin") R("258", ":The operators")
	             R("259", ":irc@example.org"));
	harness->conf.irc.admin.count = 1;
	exchange(harness, client, "ADMIN " HERE, ADMIN_ME R("257", ":Example, Berlin"));
	(void)close(client);
}

/* modern.ircdocs.horse, "HELP message": about one command, or which there are. */
static void test_irc_info_help(void **state)
{
	static const struct answer answers[] = {
	    {"HELP topic", R("704", "topic :TOPIC #CHANNEL")
	                       R("705", "topic :Tells the topic of a channel you are in.")
	                           R("706", "topic :End of /HELP")},
	    {"HELPOP STATS",
	     R("704", "STATS :STATS u") R("705", "STATS :Tells since when the server runs.")
	         R("706", "STATS :End of /HELP")},
	    {"HELP KICK", R("524", "KICK :No help available on this topic")},
	};

	CHECK(state, answers);
}

/* HELP alone names every command that there is, in lines that fit. */
static void test_irc_info_help_names_every_command(void **state)
{
	struct harness *harness = *state;
	struct buffer out = {0};
	int client = client_registered(harness, "reader");

	say(client, "HELP");
	read_until(harness, client, R("706", "* :End of /HELP"), &out);
	buffer_append_byte(&out, '\0');
	assert_memory_equal(out.bytes, R("704", "* :HELP COMMAND tells about one of:"),
	                    strlen(R("704", "* :HELP COMMAND tells about one of:")));
	for (size_t i = 0; i < irc_commands_count; i++) {
		assert_non_null(strstr(out.bytes, irc_commands[i].name));
	}
	buffer_finish(&out);
	(void)close(client);
}

/* Help is about commands that there are, in their order, each once. */
static void test_irc_info_help_is_about_commands(void **state)
{
	static const char *const names[] = {
#define HELP(command, syntax, sentence) command,
#include "protocols/irc/irc_help.def"
#undef HELP
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(irc_command_find(names[i]));
		assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_info_of_this_server_and_no_other),
	    TEST(test_irc_info_stats),
	    TEST(test_irc_info_admin),
	    TEST(test_irc_info_help),
	    TEST(test_irc_info_help_names_every_command),
	    cmocka_unit_test(test_irc_info_help_is_about_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
