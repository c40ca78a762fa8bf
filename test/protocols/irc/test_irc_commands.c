/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each command is answered with, to the byte; LIST, WHO, masks and what the server
 * tells of itself have programs of their own.
 */
#include "protocols/irc/irc_commands.h"

#include "test/protocols/irc/answers.h"

/* bsearch() finds every row. */
static void test_irc_commands_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < irc_commands_count; i++) {
		assert_true(strcmp(irc_commands[i].name, irc_commands[i + 1].name) < 0);
	}
	for (size_t i = 0; i < irc_commands_count; i++) {
		assert_ptr_equal(irc_command_find(irc_commands[i].name), &irc_commands[i]);
		assert_non_null(irc_commands[i].run);
	}
	assert_null(irc_command_find("JOI"));
	assert_null(irc_command_find(""));
}

/* Everything but commands is a 421, however it looks; a source alone is nothing. */
static void test_irc_commands_unknown_are_refused(void **state)
{
	static const struct answer answers[] = {
	    {"FOO", R("421", "FOO :Unknown command")},
	    {"foo bar", R("421", "FOO :Unknown command")},
	    {"KICK #en.wikipedia reader", R("421", "KICK :Unknown command")},
	    {"INVITE reader #en.wikipedia", R("421", "INVITE :Unknown command")},
	    {"KILL reader :x", R("421", "KILL :Unknown command")},
	    {"__INIT__", R("421", "__INIT__ :Unknown command")},
	    {"_X", R("421", "_X :Unknown command")},
	    {"\xc3\xa9", R("421", "\xc3\xa9 :Unknown command")},
	    {"005", R("421", "005 :Unknown command")},
	    {":source", ""},
	    {"", ""},
	    {"   ", ""},
	    {"@tag=1 :source  FOO", R("421", "FOO :Unknown command")},
	};
	struct harness *harness = *state;

	CHECK(state, answers);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_unknown_commands), 10);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_lines_ignored), 2);
}

/* Too few parameters, or an empty one where something must be: 461 with the command. */
static void test_irc_commands_want_their_parameters(void **state)
{
#define NEEDS_MORE(command) R("461", command " :Not enough parameters")
	static const struct answer answers[] = {
	    {"JOIN", NEEDS_MORE("JOIN")},          {"JOIN :", NEEDS_MORE("JOIN")},
	    {"PART", NEEDS_MORE("PART")},          {"TOPIC", NEEDS_MORE("TOPIC")},
	    {"MODE", NEEDS_MORE("MODE")},          {"USERHOST", NEEDS_MORE("USERHOST")},
	    {"PRIVMSG", NEEDS_MORE("PRIVMSG")},    {"PRIVMSG reader", NEEDS_MORE("PRIVMSG")},
	    {"PRIVMSG  :", NEEDS_MORE("PRIVMSG")}, {"NOTICE reader", NEEDS_MORE("NOTICE")},
	    {"USER a b c", NEEDS_MORE("USER")},    {"CAP", NEEDS_MORE("CAP")},
	    {"ISON", NEEDS_MORE("ISON")},          {"STATS", NEEDS_MORE("STATS")},
	    {"OPER", NEEDS_MORE("OPER")},          {"OPER reader", NEEDS_MORE("OPER")},
	};

	CHECK(state, answers);
}

/* RFC 2812 §3.2.1; names compare without case, the first spelling is shown. */
static void test_irc_commands_join(void **state)
{
	static const struct answer answers[] = {
	    {"JOIN #de.wikipedia", JOINED("#De.Wikipedia")},
	    {"JOIN #DE.WIKIPEDIA", ""},
	    {"JOIN #en.wikipedia key", ""},
	    {"JOIN 0", SELF " PART #De.Wikipedia" CRLF SELF " PART #en.wikipedia" CRLF},
	    {"JOIN 0", ""},
	    {"JOIN #x,#en.wikipedia,,bad name",
	     R("403", "#x :No such channel") JOINED("#en.wikipedia")
	         R("403", "bad :No such channel")},
	    {"JOIN #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	     R("403", "#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa :No such channel")},
	    {"JOIN #,&en.wikipedia,#a\x07",
	     R("403", "# :No such channel") R("403", "&en.wikipedia :No such channel")
	         R("403", "#a\x07 :No such channel")},
	};

	CHECK(state, answers);
}

/* RFC 2812 §3.2.2: 442 also for what does not exist. */
static void test_irc_commands_part(void **state)
{
	static const struct answer answers[] = {
	    {"PART #de.wikipedia,#x", R("442", "#de.wikipedia :You're not on that channel")
	                                  R("442", "#x :You're not on that channel")},
	    {"PART #EN.wikipedia", SELF " PART #en.wikipedia" CRLF},
	    {"PART #en.wikipedia", R("442", "#en.wikipedia :You're not on that channel")},
	    {"JOIN #en.wikipedia", JOINED("#en.wikipedia")},
	    {"PART #en.wikipedia :gone away", SELF " PART #en.wikipedia :gone away" CRLF},
	};

	CHECK(state, answers);
}

/* TOPIC is for members, setting it for nobody; MODE answers for any channel. */
static void test_irc_commands_topic_and_mode(void **state)
{
#define NO_OPERATOR(channel) R("482", channel " :You're not a channel operator")
	static const struct answer answers[] = {
	    {"TOPIC #en.wikipedia", TOPIC_OF("#en.wikipedia")},
	    {"TOPIC #EN.wikipedia", TOPIC_OF("#en.wikipedia")},
	    {"TOPIC #de.wikipedia", R("442", "#de.wikipedia :You're not on that channel")},
	    {"TOPIC #x", R("442", "#x :You're not on that channel")},
	    {"TOPIC #en.wikipedia :new", NO_OPERATOR("#en.wikipedia")},
	    {"TOPIC #en.wikipedia :", NO_OPERATOR("#en.wikipedia")},
	    {"MODE #en.wikipedia", R("324", "#en.wikipedia +mnt")},
	    {"MODE #x", R("324", "#x +mnt")},
	    {"MODE #en.wikipedia b", R("368", "#en.wikipedia :End of channel ban list")},
	    {"MODE #x +b", R("368", "#x :End of channel ban list")},
	    {"MODE #en.wikipedia +b a!b@c", NO_OPERATOR("#en.wikipedia")},
	    {"MODE #en.wikipedia +m", NO_OPERATOR("#en.wikipedia")},
	    {"MODE #x -b", NO_OPERATOR("#x")},
	    {"MODE reader", R("221", "+i")},
	    {"MODE READER +iwx", ""},
	    {"MODE rc-pmtpa", R("502", ":Can't change mode for other users")},
	    {"MODE other", R("401", "other :No such nick/channel")},
	};

	CHECK(state, answers);
}

/* NAMES and LIST know nobody but the client and the bot; what is unknown just ends the list. */
static void test_irc_commands_names_and_list(void **state)
{
#define ROW(channel, count) R("322", channel " " count " :Stream for topic " channel)
#define LIST_END            R("323", ":End of /LIST")
	static const struct answer answers[] = {
	    {"NAMES #en.wikipedia", R("353", "= #en.wikipedia :reader @rc-pmtpa")
	                                R("366", "#en.wikipedia :End of /NAMES list")},
	    {"NAMES #de.wikipedia,#x",
	     R("353", "= #De.Wikipedia :@rc-pmtpa") R("366", "#De.Wikipedia :End of /NAMES list")
	         R("366", "#x :End of /NAMES list")},
	    {"NAMES", R("366", "* :End of /NAMES list")},
	    {"LIST", ROW("#De.Wikipedia", "1") ROW("#en.wikipedia", "2") LIST_END},
	    {"LIST :", ROW("#De.Wikipedia", "1") ROW("#en.wikipedia", "2") LIST_END},
	    {"LIST #en.wikipedia,#x,#de.wikipedia,#EN.wikipedia",
	     ROW("#De.Wikipedia", "1") ROW("#en.wikipedia", "2") LIST_END},
	    {"LIST #x", LIST_END},
	};

	CHECK(state, answers);
}

/* RFC 2812 §3.3: only oneself can be spoken to, and a NOTICE is never answered. */
static void test_irc_commands_privmsg_and_notice(void **state)
{
	static const struct answer answers[] = {
	    {"PRIVMSG #en.wikipedia :hi", R("404", "#en.wikipedia :Cannot send to channel")},
	    {"PRIVMSG #x :hi", R("404", "#x :Cannot send to channel")},
	    {"PRIVMSG rc-pmtpa :\001VERSION\001", ""},
	    {"PRIVMSG reader :hi  there", SELF " PRIVMSG reader :hi  there" CRLF},
	    {"PRIVMSG READER,x,rc-pmtpa,#x hi",
	     SELF " PRIVMSG reader :hi" CRLF R("401", "x :No such nick/channel")
	         R("404", "#x :Cannot send to channel")},
	    {"NOTICE reader :hi", SELF " NOTICE reader :hi" CRLF},
	    {"NOTICE #en.wikipedia,rc-pmtpa,x :hi", ""},
	};

	CHECK(state, answers);
}

/* Every request about users ends in the numeric that libraries wait for. */
static void test_irc_commands_about_users(void **state)
{
#define WHOIS_SELF                                     \
	R("311", "reader user 127.0.0.1 * :Real Name") \
	R("312", "reader " TEST_SERVER " :Example")    \
	R("317", "reader 0 1700001000 :seconds idle, signon time")
#define WHOIS_BOT                                                 \
	R("311", "rc-pmtpa rc-pmtpa " TEST_SERVER " * :rc-pmtpa") \
	R("312", "rc-pmtpa " TEST_SERVER " :Example")             \
	R("317", "rc-pmtpa 0 1700000000 :seconds idle, signon time")
	static const struct answer answers[] = {
	    {"WHOIS reader", WHOIS_SELF R("318", "reader :End of /WHOIS list")},
	    {"WHOIS x Reader,y", WHOIS_SELF R("318", "Reader,y :End of /WHOIS list")},
	    {"WHOIS rc-pmtpa", WHOIS_BOT R("318", "rc-pmtpa :End of /WHOIS list")},
	    {"WHOIS x", R("401", "x :No such nick/channel") R("318", "x :End of /WHOIS list")},
	    {"WHOIS", R("431", ":No nickname given")},
	    {"WHOWAS x", R("406", "x :There was no such nickname") R("369", "x :End of WHOWAS")},
	    {"WHOWAS", R("431", ":No nickname given")},
	    {"USERHOST reader", R("302", ":reader=+user@127.0.0.1")},
	    {"USERHOST x rc-pmtpa READER rc-pmtpa y reader",
	     R("302", ":rc-pmtpa*=+rc-pmtpa@" TEST_SERVER " reader=+user@127.0.0.1 "
	              "rc-pmtpa*=+rc-pmtpa@" TEST_SERVER)},
	    {"USERHOST x", R("302", ":")},
	    {"ISON reader x RC-pmtpa", R("303", ":reader rc-pmtpa")},
	    {"ISON :x rc-pmtpa READER", R("303", ":rc-pmtpa reader")},
	    {"ISON x", R("303", ":")},
	};

	CHECK(state, answers);
}

/* RFC 2812 §4.1: shown where nobody else looks, to oneself; cut at AWAYLEN between characters. */
static void test_irc_commands_away(void **state)
{
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const struct answer answers[] = {
	    {"AWAY :", R("305", ":You are no longer marked as being away")},
	    {"AWAY :gone out", R("306", ":You have been marked as being away")},
	    {"USERHOST reader", R("302", ":reader=-user@127.0.0.1")},
	    {"WHO reader", R("352", "* user " TEST_SERVER " " TEST_SERVER " reader G :0 Real Name")
	                       R("315", "reader :End of /WHO list.")},
	    {"WHOIS reader",
	     WHOIS_SELF R("301", "reader :gone out") R("318", "reader :End of /WHOIS list")},
	    {"PRIVMSG reader :hi", SELF " PRIVMSG reader :hi" CRLF R("301", "reader :gone out")},
	    {"NOTICE reader :hi", SELF " NOTICE reader :hi" CRLF},
	    {"AWAY :" A50 A50 A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9",
	     R("306", ":You have been marked as being away")},
	    {"PRIVMSG reader :hi", SELF " PRIVMSG reader :hi" CRLF R(
				       "301", "reader :" A50 A50 A50
					      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")},
	    {"AWAY", R("305", ":You are no longer marked as being away")},
	    {"USERHOST reader", R("302", ":reader=+user@127.0.0.1")},
	};

	CHECK(state, answers);
}

/* PING is how clients wait for all that came before; both forms of no token. */
static void test_irc_commands_of_the_server(void **state)
{
	static const struct answer answers[] = {
	    {"PING a", PONG("a")},
	    {"PING :a b", PONG("a b")},
	    {"PING a irc.example.net", PONG("a")},
	    {"PING :", PONG("")},
	    {"PING", R("409", ":No origin specified")},
	    {"PONG", ""},
	    {"PONG :" TEST_SERVER, ""},
	    {"MOTD", R("375", ":- Message of the day -") R("372", ":- Welcome!") R("372", ":- ")
	                 R("372", ":- Be good.") R("376", ":End of /MOTD command.")},
	    {"LUSERS",
	     R("251", ":There are 0 users and 1 invisible on 1 servers")
	         R("252", "0 :operator(s) online") R("253", "0 :unknown connection(s)")
	             R("254", "2 :channels formed") R("255", ":I have 1 clients and 0 servers")
	                 R("265", "1 1 :Current local users 1, max 1")
	                     R("266", "1 1 :Current global users 1, max 1")},
	};

	CHECK(state, answers);
}

/* Once registered: PASS and USER are over, NICK changes the nick and shows the old one. */
static void test_irc_commands_of_login_later(void **state)
{
	static const struct answer answers[] = {
	    {"PASS secret", R("462", ":You may not reregister")},
	    {"USER a 0 * :b", R("462", ":You may not reregister")},
	    {"USER 0 * :", R("461", "USER :Not enough parameters")},
	    {"NICK", R("431", ":No nickname given")},
	    {"NICK a", R("432", "a :Erroneous nickname")},
	    {"NICK a!b", R("432", "a!b :Erroneous nickname")},
	    {"NICK rc-pmtpa", SELF " NICK rc-pmtpa" CRLF},
	    {"MOTDX", ":" TEST_SERVER " 421 rc-pmtpa MOTDX :Unknown command" CRLF},
	    {"NICK reader", ":rc-pmtpa!user@" TEST_SERVER " NICK reader" CRLF},
	    {"NAMES #en.wikipedia", R("353", "= #en.wikipedia :reader @rc-pmtpa")
	                                R("366", "#en.wikipedia :End of /NAMES list")},
	};

	CHECK(state, answers);
}

/* Modern's nicknames as far as ASCII goes; IRCStream's lengths. */
static void test_irc_commands_nick_takes_what_is_valid(void **state)
{
	static const char *const valid[] = {"ab", "0a", "a_-[]'`^{}|\\",
	                                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const invalid[] = {"a",
	                                      "*",
	                                      "/x",
	                                      "a.b",
	                                      "#x",
	                                      "a@b",
	                                      "\xc3\xa9\xc3\xa9",
	                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	char line[128], wanted[256];

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		(void)snprintf(line, sizeof(line), "NICK %s", invalid[i]);
		(void)snprintf(wanted, sizeof(wanted), R("432", "%s :Erroneous nickname"),
		               invalid[i]);
		exchange(harness, client, line, wanted);
	}
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		const char *before = i == 0 ? "reader" : valid[i - 1];

		(void)snprintf(line, sizeof(line), "NICK %s", valid[i]);
		(void)snprintf(wanted, sizeof(wanted), ":%s!user@" TEST_SERVER " NICK %s" CRLF,
		               before, valid[i]);
		exchange(harness, client, line, wanted);
	}
	(void)close(client);
}

#define CAP(rest) ":" TEST_SERVER " CAP reader " rest CRLF
#define OFFERED(value)                                                                            \
	CAP("LS :batch cap-notify draft/chathistory echo-message extended-join labeled-response " \
	    "message-tags multi-prefix rcstreamd.alt/change" value                                \
	    " server-time setname standard-replies userhost-in-names")

/* ircv3.net, "Capability Negotiation": all or nothing, and nothing of it ends the connection. */
static void test_irc_commands_cap(void **state)
{
	static const struct answer answers[] = {
	    {"CAP LS", OFFERED("")},
	    {"CAP LS 301", OFFERED("")},
	    {"CAP LIST", CAP("LIST :")},
	    {"CAP REQ :sasl", CAP("NAK :sasl")},
	    {"CAP REQ :multi-prefix sasl", CAP("NAK :multi-prefix sasl")},
	    {"CAP LIST", CAP("LIST :")},
	    {"CAP REQ :multi-prefix ", CAP("ACK :multi-prefix")},
	    {"CAP LIST", CAP("LIST :multi-prefix")},
	    {"CAP req -multi-prefix", CAP("ACK :-multi-prefix")},
	    {"CAP LIST", CAP("LIST :")},
	    {"CAP REQ", CAP("ACK :")},
	    {"CAP END", ""},
	    {"CAP FOO", R("410", "FOO :Invalid CAP command")},
	    {"CAP", R("461", "CAP :Not enough parameters")},
	};

	CHECK(state, answers);
}

/* ibid.: the version is a number; 302 brings values and cap-notify, which then stays; the
 * highest version that was said counts from then on. */
static void test_irc_commands_cap_302(void **state)
{
	static const struct answer answers[] = {
	    {"CAP REQ :cap-notify", CAP("ACK :cap-notify")},
	    {"CAP REQ :-cap-notify", CAP("ACK :-cap-notify")},
	    {"CAP LIST", CAP("LIST :")},
	    {"CAP LS 307", OFFERED("=json")},
	    {"CAP LIST", CAP("LIST :cap-notify")},
	    {"CAP LS", OFFERED("")},
	    {"CAP REQ :-cap-notify setname", CAP("NAK :-cap-notify setname")},
	    {"CAP REQ :cap-notify -server-time", CAP("ACK :cap-notify -server-time")},
	    {"CAP REQ :rcstreamd.alt/change", CAP("ACK :rcstreamd.alt/change")},
	    {"CAP LIST", CAP("LIST :cap-notify rcstreamd.alt/change")},
	};

	CHECK(state, answers);
}

/* ibid.: a list that does not fit on a line is told on several, all but the last with "*". */
static void test_irc_commands_cap_on_several_lines(void **state)
{
#define S_50  "this-is-fifty-characters-of-a-name-for-a-server-1."
#define S_350 S_50 S_50 S_50 S_50 S_50 S_50 S_50
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.server_name = S_350;
	harness_start(harness);
	client = client_open(harness);
	say(client, "CAP LS 302");
	expect(
	    harness, client,
	    ":" S_350 " CAP * LS * :batch cap-notify draft/chathistory echo-message extended-join "
	    "labeled-response message-tags multi-prefix rcstreamd.alt/change=json server-time" CRLF
	    ":" S_350 " CAP * LS :setname standard-replies userhost-in-names" CRLF);
	say(client, "CAP REQ :batch draft/chathistory echo-message extended-join labeled-response");
	expect(harness, client,
	       ":" S_350 " CAP * ACK :batch draft/chathistory echo-message extended-join "
	       "labeled-response" CRLF);
	say(client,
	    "CAP REQ :message-tags multi-prefix rcstreamd.alt/change setname standard-replies");
	expect(harness, client,
	       ":" S_350 " CAP * ACK :message-tags multi-prefix rcstreamd.alt/change setname "
	       "standard-replies" CRLF);
	say(client, "CAP LIST");
	expect(harness, client,
	       ":" S_350
	       " CAP * LIST * :batch cap-notify draft/chathistory echo-message extended-join "
	       "labeled-response message-tags multi-prefix rcstreamd.alt/change setname" CRLF
	       ":" S_350 " CAP * LIST :standard-replies" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* ircv3.net, "sts": the port, for those who are not secure and know values; nobody can ask for it.
 */
static void test_irc_commands_cap_sts(void **state)
{
	struct harness *harness = harness_create();
	int client;

	(void)state;
	harness->conf.irc.sts_port = 6697;
	harness->conf.irc.sts_duration = 3600;
	harness_start(harness);
	client = client_open(harness);
	say(client, "CAP LS 302");
	expect(harness, client,
	       ":" TEST_SERVER " CAP * LS :sts=port=6697 batch cap-notify draft/chathistory "
	       "echo-message extended-join labeled-response message-tags multi-prefix "
	       "rcstreamd.alt/change=json server-time setname standard-replies "
	       "userhost-in-names" CRLF);
	say(client, "CAP REQ sts");
	expect(harness, client, ":" TEST_SERVER " CAP * NAK :sts" CRLF);
	say(client, "CAP LIST");
	expect(harness, client, ":" TEST_SERVER " CAP * LIST :cap-notify" CRLF);
	say(client, "CAP LS");
	expect(harness, client,
	       ":" TEST_SERVER " CAP * LS :batch cap-notify draft/chathistory echo-message "
	       "extended-join labeled-response message-tags multi-prefix rcstreamd.alt/change "
	       "server-time setname standard-replies userhost-in-names" CRLF);
	(void)close(client);
	harness_destroy(harness);
}

/* ircv3.net, "UTF8ONLY": a line that is not UTF-8 is ignored, and told of with standard replies. */
static void test_irc_commands_tell_of_a_line_that_is_not_utf8(void **state)
{
	static const struct answer answers[] = {
	    {"PRIVMSG reader :\xff", ""},
	    {"CAP REQ standard-replies", CAP("ACK :standard-replies")},
	    {"privmsg reader :\xff",
	     ":" TEST_SERVER " FAIL PRIVMSG INVALID_UTF8 :The line is not UTF-8" CRLF},
	    {"\xff", ":" TEST_SERVER " FAIL * INVALID_UTF8 :The line is not UTF-8" CRLF},
	};

	CHECK(state, answers);
}

/* ircv3.net, "setname", "Standard Replies"; the name is WHOIS's from then on. */
static void test_irc_commands_setname(void **state)
{
#define NAME_128                                                           \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WHOIS(name)                                                \
	R("311", "reader user 127.0.0.1 * :" name)                 \
	R("312", "reader " TEST_SERVER " :Example")                \
	R("317", "reader 0 1700001000 :seconds idle, signon time") \
	R("318", "reader :End of /WHOIS list")
#define INVALID ":" TEST_SERVER " FAIL SETNAME INVALID_REALNAME :Realname is not valid" CRLF
	static const struct answer answers[] = {
	    {"SETNAME", R("461", "SETNAME :Not enough parameters")},
	    {"SETNAME :Silent One", ""},
	    {"WHOIS reader", WHOIS("Silent One")},
	    {"SETNAME :", ""},
	    {"CAP REQ setname", CAP("ACK :setname")},
	    {"SETNAME :Another Name", SELF " SETNAME :Another Name" CRLF},
	    {"SETNAME word", SELF " SETNAME :word" CRLF},
	    {"SETNAME :" NAME_128, SELF " SETNAME :" NAME_128 CRLF},
	    {"SETNAME :" NAME_128 "x", INVALID},
	    {"SETNAME :", INVALID},
	    {"WHOIS reader", WHOIS(NAME_128)},
	};

	CHECK(state, answers);
}

/* ircv3.net, "Message Tags": as PRIVMSG without a text, and unknown to who has not asked. */
static void test_irc_commands_tagmsg(void **state)
{
	static const struct answer answers[] = {
	    {"@+x TAGMSG reader", R("421", "TAGMSG :Unknown command")},
	    {"CAP REQ message-tags", CAP("ACK :message-tags")},
	    {"@+x;y TAGMSG reader", "@+x " SELF " TAGMSG reader" CRLF},
	    {"@+x TAGMSG reader :text", "@+x " SELF " TAGMSG reader" CRLF},
	    {"TAGMSG rc-pmtpa", ""},
	    {"TAGMSG #en.wikipedia", R("404", "#en.wikipedia :Cannot send to channel")},
	    {"TAGMSG nobody", R("401", "nobody :No such nick/channel")},
	    {"TAGMSG", R("461", "TAGMSG :Not enough parameters")},
	    {"@+x PRIVMSG reader :hi", "@+x " SELF " PRIVMSG reader :hi" CRLF},
	    {"CAP REQ echo-message", CAP("ACK :echo-message")},
	    {"@+x TAGMSG rc-pmtpa", "@+x " SELF " TAGMSG rc-pmtpa" CRLF},
	};

	CHECK(state, answers);
}

/* ircv3.net, "extended-join": no account, and the real name; "userhost-in-names". */
static void test_irc_commands_join_with_capabilities(void **state)
{
	static const struct answer answers[] = {
	    {"CAP REQ :extended-join userhost-in-names",
	     CAP("ACK :extended-join userhost-in-names")},
	    {"JOIN #De.Wikipedia",
	     SELF " JOIN #De.Wikipedia * :Real Name" CRLF TOPIC_OF("#De.Wikipedia")
	         R("353", "= #De.Wikipedia :reader!user@" TEST_SERVER " @" BOT)
	             R("366", "#De.Wikipedia :End of /NAMES list")},
	    {"PART #De.Wikipedia", SELF " PART #De.Wikipedia" CRLF},
	    {"NAMES #De.Wikipedia",
	     R("353", "= #De.Wikipedia :@" BOT) R("366", "#De.Wikipedia :End of /NAMES list")},
	    {"CAP REQ :-extended-join -userhost-in-names",
	     CAP("ACK :-extended-join -userhost-in-names")},
	    {"JOIN #De.Wikipedia", JOINED("#De.Wikipedia")},
	};

	CHECK(state, answers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_commands_are_sorted),
	    TEST(test_irc_commands_unknown_are_refused),
	    TEST(test_irc_commands_want_their_parameters),
	    TEST(test_irc_commands_join),
	    TEST(test_irc_commands_part),
	    TEST(test_irc_commands_topic_and_mode),
	    TEST(test_irc_commands_names_and_list),
	    TEST(test_irc_commands_privmsg_and_notice),
	    TEST(test_irc_commands_about_users),
	    TEST(test_irc_commands_away),
	    TEST(test_irc_commands_of_the_server),
	    TEST(test_irc_commands_of_login_later),
	    TEST(test_irc_commands_nick_takes_what_is_valid),
	    TEST(test_irc_commands_cap),
	    TEST(test_irc_commands_cap_302),
	    cmocka_unit_test(test_irc_commands_cap_on_several_lines),
	    cmocka_unit_test(test_irc_commands_cap_sts),
	    TEST(test_irc_commands_tell_of_a_line_that_is_not_utf8),
	    TEST(test_irc_commands_setname),
	    TEST(test_irc_commands_tagmsg),
	    TEST(test_irc_commands_join_with_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
