/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client comes in and goes: NICK and USER in either order, then the burst
 * that says it is in; and QUIT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_isupport.h"
#include "protocols/irc/irc_reply.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"

#define NICK_MIN        2 /* IRCStream's */
#define NICK_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-[]'`^{}|\\"

/* --- registration ------------------------------------------------------- */

static void welcome(struct irc_session *session)
{
	const struct irc_server *server = session->server;
	const struct conf_irc *conf = server->conf;
	char source[IRC_SOURCE_MAX], version[IRC_VERSION_MAX], date[IRC_DATE_MAX];

	(void)irc_server_version(server, version);
	irc_reply(session, RPL_WELCOME, conf->network, irc_session_source(session, source));
	irc_reply(session, RPL_YOURHOST, conf->server_name, version);
	irc_reply(session, RPL_CREATED, irc_date(date, irc_server_started_s(server)));
	irc_reply(session, RPL_MYINFO, conf->server_name, version);
	irc_isupport_reply(session);
	irc_command_lusers(session, NULL);
	irc_command_motd(session, NULL);
	irc_reply(session, RPL_UMODEIS, NULL);
}

void irc_command_try_registration(struct irc_session *session)
{
	if (!session->is_registered && !session->is_negotiating && session->nick[0] != '\0' &&
	    session->user != NULL) {
		irc_session_register(session);
		welcome(session);
	}
}

static bool nick_is_valid(const char *nick)
{
	size_t length = strlen(nick);

	return length >= NICK_MIN && length <= IRC_NICK_MAX &&
	       strspn(nick, NICK_CHARACTERS) == length;
}

/* Nicks are not unique: every client is alone with the bot. */
void irc_command_nick(struct irc_session *session, const struct irc_message *message)
{
	const char *nick = message->params[0];
	char source[IRC_SOURCE_MAX];

	if (message->param_count == 0 || nick[0] == '\0') {
		irc_reply(session, ERR_NONICKNAMEGIVEN, NULL);
		return;
	}
	if (!nick_is_valid(nick)) {
		irc_reply(session, ERR_ERRONEUSNICKNAME, nick);
		return;
	}
	if (session->is_registered) {
		irc_reply_line(session, ":%s NICK %s", irc_session_source(session, source), nick);
	}
	(void)snprintf(session->nick, sizeof(session->nick), "%s", nick);
	irc_command_try_registration(session);
}

void irc_command_user(struct irc_session *session, const struct irc_message *message)
{
	const char *user = message->params[0];
	const char *real_name = message->params[3];

	if (session->user != NULL) {
		irc_reply(session, ERR_ALREADYREGISTERED, NULL);
		return;
	}
	session->user = mem_copy_text(user, utf8_cut(user, strlen(user), IRC_USER_MAX));
	session->real_name =
	    mem_copy_text(real_name, utf8_cut(real_name, strlen(real_name), IRC_REAL_NAME_MAX));
	irc_command_try_registration(session);
}

static bool real_name_is_valid(const char *real_name)
{
	size_t length = strlen(real_name);

	return length > 0 && length <= IRC_REAL_NAME_MAX;
}

/* A client that did not ask for the capability is told nothing (ircv3.net, "setname"). */
void irc_command_setname(struct irc_session *session, const struct irc_message *message)
{
	bool is_told = (session->capabilities & IRC_CAP_SETNAME) != 0;
	const char *real_name = message->params[0];
	char source[IRC_SOURCE_MAX];

	if (message->param_count == 0) {
		irc_reply(session, ERR_NEEDMOREPARAMS, message->command);
	} else if (!real_name_is_valid(real_name)) {
		if (is_told) {
			irc_reply_fail(session, message->command, "INVALID_REALNAME", NULL,
			               "Realname is not valid");
		}
	} else {
		free(session->real_name);
		session->real_name = mem_copy_text(real_name, strlen(real_name));
		if (is_told) {
			irc_reply_line(session, ":%s SETNAME :%s",
			               irc_session_source(session, source), real_name);
		}
	}
}

/* There are no passwords. */
void irc_command_pass(struct irc_session *session, const struct irc_message *message)
{
	(void)message;
	if (session->is_registered) {
		irc_reply(session, ERR_ALREADYREGISTERED, NULL);
	}
}

/* --- the end ------------------------------------------------------------ */

void irc_command_quit(struct irc_session *session, const struct irc_message *message)
{
	const char *reason = message->param_count > 0 ? message->params[0] : "No reason";

	irc_reply_line(session, "ERROR :Closing Link: (Quit: %s)", reason);
	irc_response_end(session);
	irc_reply_flush(session);
	connection_close(session->connection, CLOSE_CLIENT_QUIT);
}
