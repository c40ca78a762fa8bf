/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users: there are two, the client and the bot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"
#include "server/net/connection_tls.h"

#define USERHOST_MAX 5 /* RFC 2812 §4.8 */

static bool is_channel(const char *target)
{
	return target[0] == '#';
}

static const char *param_or(const struct irc_message *message, size_t index, const char *other)
{
	return message->param_count > index && message->params[index][0] != '\0'
	           ? message->params[index]
	           : other;
}

/* --- MODE ----------------------------------------------------------------- */

/* Also for a channel that does not exist: clients ask on joining, and IRCStream answers. */
static void reply_channel_mode(struct irc_session *session, const struct irc_message *message)
{
	const char *channel = message->params[0];
	const char *modes = param_or(message, 1, "");
	bool asks_for_bans = strcmp(modes, "b") == 0 || strcmp(modes, "+b") == 0;

	if (modes[0] == '\0') {
		irc_reply(session, RPL_CHANNELMODEIS, channel);
	} else if (asks_for_bans && message->param_count == 2) {
		irc_reply(session, RPL_ENDOFBANLIST, channel);
	} else {
		irc_reply(session, ERR_CHANOPRIVSNEEDED, channel);
	}
}

/* One's own modes are taken without a word: clients send "MODE N +i" as they connect. */
void irc_command_mode(struct irc_session *session, const struct irc_message *message)
{
	const char *target = message->params[0];

	if (is_channel(target)) {
		reply_channel_mode(session, message);
	} else if (irc_session_is(session, target)) {
		if (message->param_count == 1) {
			irc_reply(session, RPL_UMODEIS, NULL);
		}
	} else if (irc_server_is_bot(session->server, target)) {
		irc_reply(session, ERR_USERSDONTMATCH, NULL);
	} else {
		irc_reply(session, ERR_NOSUCHNICK, target);
	}
}

/* --- PRIVMSG, NOTICE and TAGMSG ---------------------------------------------- */

static void reply_away(struct irc_session *session)
{
	if (session->away != NULL) {
		irc_reply(session, RPL_AWAY, session->nick, session->away);
	}
}

static bool has_capability(const struct irc_session *session, enum irc_capability capability)
{
	return (session->capabilities & (unsigned)capability) != 0;
}

/* Send back what the client has said, with the tags that are for other clients. */
static void repeat(struct irc_session *session, const struct irc_message *message,
                   const char *target, bool is_aside)
{
	bool has_text = message->param_count > 1 && strcmp(message->command, "TAGMSG") != 0;
	char source[IRC_SOURCE_MAX];
	struct buffer tags = {0};

	if (has_capability(session, IRC_CAP_MESSAGE_TAGS)) {
		irc_tags_relay(&tags, message->tags);
	}
	irc_reply_styled(
	    session,
	    &(struct irc_reply_style){.tags = {tags.bytes, tags.length}, .is_aside = is_aside},
	    ":%s %s %s%s%s", irc_session_source(session, source), message->command, target,
	    has_text ? " :" : "", has_text ? message->params[1] : "");
	buffer_finish(&tags);
}

/*
 * The bot hears everything and says nothing; so does the client itself, who gets what it
 * has said.  With echo-message it gets another copy before that, which answers the command
 * and alone has its label (ircv3.net, "Labeled Responses").  False: nobody is there.
 */
static bool deliver(struct irc_session *session, const struct irc_message *message,
                    const char *target)
{
	bool is_self = irc_session_is(session, target);
	const char *name = is_self ? session->nick : session->server->conf->bot_name;

	if (!is_self && !irc_server_is_bot(session->server, target)) {
		return false;
	}
	if (has_capability(session, IRC_CAP_ECHO_MESSAGE)) {
		repeat(session, message, name, false);
	}
	if (is_self) {
		repeat(session, message, name, true);
	}
	return true;
}

static void say(struct irc_session *session, const struct irc_message *message, const char *target)
{
	if (is_channel(target)) {
		irc_reply(session, ERR_CANNOTSENDTOCHAN, target);
	} else if (!deliver(session, message, target)) {
		irc_reply(session, ERR_NOSUCHNICK, target);
	} else if (irc_session_is(session, target) && strcmp(message->command, "PRIVMSG") == 0) {
		reply_away(session);
	}
}

/* RFC 2812 §3.3.2: a NOTICE is never answered. */
static void notice(struct irc_session *session, const struct irc_message *message,
                   const char *target)
{
	(void)deliver(session, message, target);
}

static void each_target(struct irc_session *session, const struct irc_message *message,
                        void (*act)(struct irc_session *session, const struct irc_message *message,
                                    const char *target))
{
	char targets[3 * IRC_TEXT_MAX + 1];
	char *rest = NULL;

	(void)snprintf(targets, sizeof(targets), "%s", message->params[0]);
	for (const char *target = strtok_r(targets, ", ", &rest); target != NULL;
	     target = strtok_r(NULL, ", ", &rest)) {
		act(session, message, target);
	}
}

void irc_command_privmsg(struct irc_session *session, const struct irc_message *message)
{
	each_target(session, message, say);
}

void irc_command_notice(struct irc_session *session, const struct irc_message *message)
{
	each_target(session, message, notice);
}

/* There is no such command before message-tags is on. */
void irc_command_tagmsg(struct irc_session *session, const struct irc_message *message)
{
	if (has_capability(session, IRC_CAP_MESSAGE_TAGS)) {
		each_target(session, message, say);
	} else {
		irc_reply(session, ERR_UNKNOWNCOMMAND, message->command);
	}
}

/* --- WHOIS, WHOWAS, USERHOST, ISON ------------------------------------------- */

/* Who WHOIS tells of: the client itself, or the bot. */
struct person {
	const char *nick;
	const char *user;
	const char *host;
	const char *real_name;
	uint64_t signon_s;
};

static void reply_person(struct irc_session *session, const struct person *person)
{
	const struct conf_irc *conf = session->server->conf;
	char signon[IRC_NUMBER_MAX], host[1 + PEER_TEXT_MAX];
	/* A host that begins with a colon would be read as the last parameter. */
	const char *zero = person->host[0] == ':' ? "0" : "";

	(void)snprintf(host, sizeof(host), "%s%s", zero, person->host);
	irc_reply(session, RPL_WHOISUSER, person->nick, person->user, host, person->real_name);
	irc_reply(session, RPL_WHOISSERVER, person->nick, conf->server_name, conf->network);
	irc_reply(session, RPL_WHOISIDLE, person->nick, irc_number(signon, person->signon_s));
}

static void reply_self(struct irc_session *session)
{
	char address[PEER_TEXT_MAX];

	reply_person(session, &(struct person){
				  .nick = session->nick,
				  .user = session->user,
				  .host = peer_address_text(&session->connection->peer, address),
				  .real_name = session->real_name,
				  .signon_s = session->signon_s,
			      });
	if (connection_is_secure(session->connection)) {
		irc_reply(session, RPL_WHOISSECURE, session->nick);
	}
	reply_away(session);
}

static void reply_bot(struct irc_session *session)
{
	const struct conf_irc *conf = session->server->conf;

	reply_person(session, &(struct person){
				  .nick = conf->bot_name,
				  .user = conf->bot_name,
				  .host = conf->server_name,
				  .real_name = conf->bot_name,
				  .signon_s = irc_server_started_s(session->server),
			      });
}

/* "WHOIS server nick" asks for the nick; of a list of nicks the first counts. */
void irc_command_whois(struct irc_session *session, const struct irc_message *message)
{
	const char *list = param_or(message, message->param_count > 1 ? 1 : 0, "");
	char nick[3 * IRC_TEXT_MAX + 1];

	if (list[0] == '\0') {
		irc_reply(session, ERR_NONICKNAMEGIVEN, NULL);
		return;
	}
	(void)snprintf(nick, sizeof(nick), "%.*s", (int)strcspn(list, ","), list);
	if (irc_session_is(session, nick)) {
		reply_self(session);
	} else if (irc_server_is_bot(session->server, nick)) {
		reply_bot(session);
	} else {
		irc_reply(session, ERR_NOSUCHNICK, nick);
	}
	irc_reply(session, RPL_ENDOFWHOIS, list);
}

/* Nobody is remembered. */
void irc_command_whowas(struct irc_session *session, const struct irc_message *message)
{
	const char *nick = param_or(message, 0, NULL);

	if (nick == NULL) {
		irc_reply(session, ERR_NONICKNAMEGIVEN, NULL);
		return;
	}
	irc_reply(session, ERR_WASNOSUCHNICK, nick);
	irc_reply(session, RPL_ENDOFWHOWAS, nick);
}

static void add_userhost(const struct irc_session *session, const char *nick, struct buffer *out)
{
	const struct conf_irc *conf = session->server->conf;
	const char *space = out->length > 0 ? " " : "";
	char address[PEER_TEXT_MAX];

	if (irc_session_is(session, nick)) {
		buffer_printf(out, "%s%s=%c%s@%s", space, session->nick,
		              session->away != NULL ? '-' : '+', session->user,
		              peer_address_text(&session->connection->peer, address));
	} else if (irc_server_is_bot(session->server, nick)) {
		buffer_printf(out, "%s%s*=+%s@%s", space, conf->bot_name, conf->bot_name,
		              conf->server_name);
	}
}

void irc_command_userhost(struct irc_session *session, const struct irc_message *message)
{
	struct buffer out = {0};

	for (size_t i = 0; i < message->param_count && i < USERHOST_MAX; i++) {
		add_userhost(session, message->params[i], &out);
	}
	buffer_append_byte(&out, '\0');
	irc_reply(session, RPL_USERHOST, out.bytes);
	buffer_finish(&out);
}

/* RFC 2812 §4.9: those of the nicks that are there, parameters or words of one. */
void irc_command_ison(struct irc_session *session, const struct irc_message *message)
{
	struct buffer out = {0};

	for (size_t i = 0; i < message->param_count; i++) {
		char nicks[3 * IRC_TEXT_MAX + 1];
		char *rest = NULL;

		(void)snprintf(nicks, sizeof(nicks), "%s", message->params[i]);
		for (const char *nick = strtok_r(nicks, " ", &rest); nick != NULL;
		     nick = strtok_r(NULL, " ", &rest)) {
			bool is_self = irc_session_is(session, nick);

			if (is_self || irc_server_is_bot(session->server, nick)) {
				buffer_printf(&out, "%s%s", out.length > 0 ? " " : "",
				              is_self ? session->nick
				                      : session->server->conf->bot_name);
			}
		}
	}
	buffer_append_byte(&out, '\0');
	irc_reply(session, RPL_ISON, out.bytes);
	buffer_finish(&out);
}

/* --- AWAY ------------------------------------------------------------------- */

void irc_command_away(struct irc_session *session, const struct irc_message *message)
{
	const char *text = param_or(message, 0, NULL);

	free(session->away);
	session->away = NULL;
	if (text == NULL) {
		irc_reply(session, RPL_UNAWAY, NULL);
		return;
	}
	session->away = mem_copy_text(text, utf8_cut(text, strlen(text), IRC_AWAY_MAX));
	irc_reply(session, RPL_NOWAWAY, NULL);
}
