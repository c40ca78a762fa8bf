/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_commands.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_reply.h"

/* Keep sorted: searched with bsearch(). */
const struct irc_command irc_commands[] = {
    {.name = "CAP", .run = irc_command_cap, .params_min = 1, .before_registration = true},
    {.name = "JOIN", .run = irc_command_join, .params_min = 1},
    {.name = "LIST", .run = irc_command_list},
    {.name = "LUSERS", .run = irc_command_lusers},
    {.name = "MODE", .run = irc_command_mode, .params_min = 1},
    {.name = "MOTD", .run = irc_command_motd},
    {.name = "NAMES", .run = irc_command_names},
    {.name = "NICK", .run = irc_command_nick, .before_registration = true},
    {.name = "NOTICE", .run = irc_command_notice, .params_min = 2},
    {.name = "PART", .run = irc_command_part, .params_min = 1},
    {.name = "PASS", .run = irc_command_pass, .before_registration = true},
    {.name = "PING", .run = irc_command_ping, .before_registration = true},
    {.name = "PONG", .run = irc_command_pong, .before_registration = true},
    {.name = "PRIVMSG", .run = irc_command_privmsg, .params_min = 2},
    {.name = "QUIT", .run = irc_command_quit, .before_registration = true},
    {.name = "SETNAME", .run = irc_command_setname},
    {.name = "TAGMSG", .run = irc_command_tagmsg, .params_min = 1},
    {.name = "TOPIC", .run = irc_command_topic, .params_min = 1},
    /* A client with a real name in Latin-1 would wait for ever if it were ignored. */
    {.name = "USER",
     .run = irc_command_user,
     .params_min = 4,
     .before_registration = true,
     .takes_repaired = true},
    {.name = "USERHOST", .run = irc_command_userhost, .params_min = 1},
    {.name = "WHO", .run = irc_command_who},
    {.name = "WHOIS", .run = irc_command_whois},
    {.name = "WHOWAS", .run = irc_command_whowas},
};

const size_t irc_commands_count = sizeof(irc_commands) / sizeof(irc_commands[0]);

static int compare_name(const void *name, const void *command)
{
	return strcmp(name, ((const struct irc_command *)command)->name);
}

const struct irc_command *irc_command_find(const char *name)
{
	return bsearch(name, irc_commands, irc_commands_count, sizeof(irc_commands[0]),
	               compare_name);
}

static bool has_params(const struct irc_command *command, const struct irc_message *message)
{
	return command->params_min == 0 ||
	       (message->param_count >= command->params_min && message->params[0][0] != '\0');
}

/*
 * It is ignored, as IRCStream does; who knows standard replies is told why (ircv3.net,
 * "UTF8ONLY").
 */
static void ignore_line(struct irc_session *session, const struct irc_command *command)
{
	metric_add(&session->server->env->metrics->irc_lines_ignored, 1);
	irc_session_log(session, "irc.ignored", "a line that is not UTF-8");
	if ((session->capabilities & IRC_CAP_STANDARD_REPLIES) != 0) {
		irc_reply_fail(session, command != NULL ? command->name : "*", "INVALID_UTF8", NULL,
		               "The line is not UTF-8");
	}
}

void irc_command_run(struct irc_session *session, const struct irc_message *message)
{
	const struct irc_command *command = irc_command_find(message->command);
	struct metrics *metrics = session->server->env->metrics;

	if (message->was_repaired && (command == NULL || !command->takes_repaired)) {
		ignore_line(session, command);
	} else if (!session->is_registered && (command == NULL || !command->before_registration)) {
		irc_reply(session, ERR_NOTREGISTERED, NULL);
	} else if (command == NULL) {
		metric_add(&metrics->irc_unknown_commands, 1);
		irc_session_log(session, "irc.unknown_command", message->command);
		irc_reply(session, ERR_UNKNOWNCOMMAND, message->command);
	} else if (!has_params(command, message)) {
		irc_reply(session, ERR_NEEDMOREPARAMS, command->name);
	} else {
		command->run(session, message);
	}
}
