/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server tells of itself when it is asked: the requests of RFC 2812 §3.4 that
 * have one server to tell of, and HELP.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_isupport.h"
#include "protocols/irc/irc_reply.h"

#define PURPOSE          "Read-only: recent changes of wikis, a channel for each"
#define SECONDS_OF_A_DAY 86400
#define NAMES_OF_A_LINE  10

static const struct help_row {
	const char *command;
	const char *syntax;
	const char *sentence;
} help_rows[] = {
#define HELP(row_command, row_syntax, row_sentence) {row_command, row_syntax, row_sentence},
#include "protocols/irc/irc_help.def"
#undef HELP
};

static const char *param(const struct irc_message *message, size_t index)
{
	return message->param_count > index ? message->params[index] : "";
}

/* Whether the server that is asked is this one: by its name, a mask of it, or a user of it. */
static bool is_here(struct irc_session *session, const char *target)
{
	struct irc_server *server = session->server;

	if (target[0] == '\0' || irc_name_matches(target, server->conf->server_name) ||
	    irc_session_is(session, target) || irc_server_is_bot(server, target)) {
		return true;
	}
	irc_reply(session, ERR_NOSUCHSERVER, target);
	return false;
}

/* --- VERSION, TIME, ADMIN, INFO, STATS, LINKS ------------------------------ */

void irc_command_version(struct irc_session *session, const struct irc_message *message)
{
	char version[IRC_VERSION_MAX];

	if (is_here(session, param(message, 0))) {
		irc_reply(session, RPL_VERSION, irc_server_version(session->server, version),
		          session->server->conf->server_name, PURPOSE);
		irc_isupport_reply(session);
	}
}

static uint64_t now_s(const struct irc_session *session)
{
	return session->connection->net->clock.wall_ms / 1000;
}

void irc_command_time(struct irc_session *session, const struct irc_message *message)
{
	char date[IRC_DATE_MAX];

	if (is_here(session, param(message, 0))) {
		irc_reply(session, RPL_TIME, session->server->conf->server_name,
		          irc_date(date, now_s(session)));
	}
}

void irc_command_admin(struct irc_session *session, const struct irc_message *message)
{
	static const enum irc_numeric lines[] = {RPL_ADMINLOC1, RPL_ADMINLOC2, RPL_ADMINEMAIL};
	const struct conf_irc *conf = session->server->conf;

	if (!is_here(session, param(message, 0))) {
		return;
	}
	if (conf->admin.count == 0) {
		irc_reply(session, ERR_NOADMININFO, conf->server_name);
		return;
	}
	irc_reply(session, RPL_ADMINME, conf->server_name);
	for (size_t i = 0; i < conf->admin.count && i < sizeof(lines) / sizeof(lines[0]); i++) {
		irc_reply(session, lines[i], conf->admin.items[i]);
	}
}

void irc_command_info(struct irc_session *session, const struct irc_message *message)
{
	char version[IRC_VERSION_MAX], date[IRC_DATE_MAX], started[64];

	if (is_here(session, param(message, 0))) {
		(void)snprintf(started, sizeof(started), "On-line since %s",
		               irc_date(date, irc_server_started_s(session->server)));
		irc_reply(session, RPL_INFO, irc_server_version(session->server, version));
		irc_reply(session, RPL_INFO, PURPOSE);
		irc_reply(session, RPL_INFO, started);
		irc_reply(session, RPL_ENDOFINFO, NULL);
	}
}

static void reply_uptime(struct irc_session *session)
{
	uint64_t started_s = irc_server_started_s(session->server);
	uint64_t uptime_s = now_s(session) > started_s ? now_s(session) - started_s : 0;
	uint64_t rest_s = uptime_s % SECONDS_OF_A_DAY;
	char days[IRC_NUMBER_MAX], time[IRC_NUMBER_MAX];

	(void)snprintf(time, sizeof(time), "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, rest_s / 3600,
	               rest_s / 60 % 60, rest_s % 60);
	irc_reply(session, RPL_STATSUPTIME, irc_number(days, uptime_s / SECONDS_OF_A_DAY), time);
}

/* All other statistics are for whoever runs the server: it has them as metrics. */
void irc_command_stats(struct irc_session *session, const struct irc_message *message)
{
	const char *query = message->params[0];

	if (is_here(session, param(message, 1))) {
		if (irc_name_equals(query, "u")) {
			reply_uptime(session);
		}
		irc_reply(session, RPL_ENDOFSTATS, query);
	}
}

/* "LINKS [[server] mask]" */
void irc_command_links(struct irc_session *session, const struct irc_message *message)
{
	const struct conf_irc *conf = session->server->conf;
	const char *mask = param(message, message->param_count > 1 ? 1 : 0);

	if (message->param_count > 1 && !is_here(session, message->params[0])) {
		return;
	}
	if (mask[0] == '\0') {
		mask = "*";
	}
	if (irc_name_matches(mask, conf->server_name)) {
		irc_reply(session, RPL_LINKS, conf->server_name, conf->server_name, conf->network);
	}
	irc_reply(session, RPL_ENDOFLINKS, mask);
}

void irc_command_oper(struct irc_session *session, const struct irc_message *message)
{
	(void)message;
	irc_reply(session, ERR_NOOPERHOST, NULL);
}

/* --- HELP ------------------------------------------------------------------- */

static void reply_commands(struct irc_session *session)
{
	struct buffer line = {0};

	irc_reply(session, RPL_HELPSTART, "*", "HELP COMMAND tells about one of:");
	for (size_t i = 0; i < irc_commands_count; i++) {
		buffer_printf(&line, "%s%s", line.length > 0 ? " " : "", irc_commands[i].name);
		if ((i + 1) % NAMES_OF_A_LINE == 0 || i + 1 == irc_commands_count) {
			buffer_append_byte(&line, '\0');
			irc_reply(session, RPL_HELPTXT, "*", line.bytes);
			buffer_clear(&line);
		}
	}
	buffer_finish(&line);
	irc_reply(session, RPL_ENDOFHELP, "*");
}

void irc_command_help(struct irc_session *session, const struct irc_message *message)
{
	const char *subject = param(message, 0);

	if (subject[0] == '\0') {
		reply_commands(session);
		return;
	}
	for (size_t i = 0; i < sizeof(help_rows) / sizeof(help_rows[0]); i++) {
		if (irc_name_equals(help_rows[i].command, subject)) {
			irc_reply(session, RPL_HELPSTART, subject, help_rows[i].syntax);
			irc_reply(session, RPL_HELPTXT, subject, help_rows[i].sentence);
			irc_reply(session, RPL_ENDOFHELP, subject);
			return;
		}
	}
	irc_reply(session, ERR_HELPNOTFOUND, subject);
}
