/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says of itself, and whether it is there.
 */
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

/* Clients use it to wait for the replies to what they sent before: all come in order. */
void irc_command_ping(struct irc_session *session, const struct irc_message *message)
{
	const char *server_name = session->server->conf->server_name;

	if (message->param_count == 0) {
		irc_reply(session, ERR_NOORIGIN, NULL);
	} else {
		irc_reply_line(session, ":%s PONG %s :%s", server_name, server_name,
		               message->params[0]);
	}
}

void irc_command_pong(struct irc_session *session, const struct irc_message *message)
{
	(void)message;
	session->pong_ms = session->connection->net->clock.now_ms;
}

void irc_command_motd(struct irc_session *session, const struct irc_message *message)
{
	const char *from = session->server->conf->motd;

	(void)message;
	irc_reply(session, RPL_MOTDSTART, NULL);
	while (*from != '\0') {
		size_t length = strcspn(from, "\n");
		char line[IRC_LINE_MAX];
		size_t kept = length < sizeof(line) ? length : sizeof(line) - 1;

		memcpy(line, from, kept);
		line[kept] = '\0';
		irc_reply(session, RPL_MOTD, line);
		from += length + (from[length] == '\n' ? 1 : 0);
	}
	irc_reply(session, RPL_ENDOFMOTD, NULL);
}

/* All clients are invisible (+i), and all on one server. */
void irc_command_lusers(struct irc_session *session, const struct irc_message *message)
{
	struct irc_figures figures;
	char now[IRC_NUMBER_MAX], max[IRC_NUMBER_MAX], other[IRC_NUMBER_MAX];

	(void)message;
	irc_server_figures(session->server, &figures);
	(void)irc_number(now, figures.registered);
	(void)irc_number(max, figures.registered_max);
	irc_reply(session, RPL_LUSERCLIENT, now);
	irc_reply(session, RPL_LUSEROP, NULL);
	irc_reply(session, RPL_LUSERUNKNOWN, irc_number(other, figures.unregistered));
	irc_reply(session, RPL_LUSERCHANNELS, irc_number(other, figures.channels));
	irc_reply(session, RPL_LUSERME, now);
	irc_reply(session, RPL_LOCALUSERS, now, max, now, max);
	irc_reply(session, RPL_GLOBALUSERS, now, max, now, max);
}
