/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability negotiation (ircv3.net, "Capability Negotiation").  A client that
 * begins it before it has registered is not registered until CAP END.
 */
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"
#include "server/net/connection_tls.h"

/* What is left of a line behind ":S CAP N LIST * :". */
static size_t names_length_max(const struct irc_session *session)
{
	return IRC_TEXT_MAX - strlen(session->server->conf->server_name) -
	       strlen(irc_session_nick(session)) - strlen(": CAP  LIST * :");
}

/*
 * Strict transport security (ircv3.net, "sts"), which no client asks for and none can have on: it
 * is in the list to be read, with a value, so for those who know values.  Who comes by
 * WebSocket came to another port, and its browser knows better.
 */
static void append_sts(const struct irc_session *session, struct buffer *names)
{
	const struct conf_irc *conf = session->server->conf;

	if (conf->sts_port == 0 || session->framing != IRC_FRAMING_STREAM) {
		return;
	}
	if (connection_is_secure(session->connection)) {
		buffer_printf(names, "sts=duration=%u ", conf->sts_duration);
	} else {
		buffer_printf(names, "sts=port=%u ", conf->sts_port);
	}
}

/*
 * Reply with the names of those in `bits`.  A client that knows 302 takes a list on
 * several lines, all but the last marked by "*"; another is told what fits on one.
 */
static void reply_names(struct irc_session *session, const char *subcommand, unsigned bits,
                        bool is_302)
{
	bool with_values = is_302 && strcmp(subcommand, "LS") == 0;
	enum irc_capability_index next = 0;
	bool has_more;

	do {
		struct buffer names = {0};

		if (with_values && next == 0) {
			append_sts(session, &names);
		}
		has_more =
		    irc_capabilities_write(&names, bits, with_values,
		                           names_length_max(session) - names.length, &next) &&
		    is_302;
		irc_reply_line(session, ":%s CAP %s %s %s:%.*s", session->server->conf->server_name,
		               irc_session_nick(session), subcommand, has_more ? "* " : "",
		               (int)names.length, names.length > 0 ? names.bytes : "");
		buffer_finish(&names);
	} while (has_more);
}

static void suspend_registration(struct irc_session *session)
{
	session->is_negotiating = !session->is_registered;
}

/*
 * The version counts as a number, and the highest that was ever said stays; the reply
 * is as this request wants it.
 */
static void on_ls(struct irc_session *session, const char *argument)
{
	bool is_302 = strtoul(argument, NULL, 10) >= IRC_CAP_VERSION_302;

	suspend_registration(session);
	if (is_302) {
		session->knows_cap_302 = true;
		session->capabilities |= IRC_CAP_CAP_NOTIFY;
	}
	reply_names(session, "LS", IRC_CAP_ALL, is_302);
}

static void on_list(struct irc_session *session, const char *argument)
{
	(void)argument;
	reply_names(session, "LIST", session->capabilities, session->knows_cap_302);
}

/* Whether all of the request can be had; 302 implies cap-notify for good. */
static bool is_granted(const struct irc_session *session, const char *request, unsigned *bits)
{
	return irc_capabilities_request(request, bits) &&
	       !(session->knows_cap_302 && (*bits & IRC_CAP_CAP_NOTIFY) == 0);
}

/* All of them or none. */
static void on_req(struct irc_session *session, const char *argument)
{
	unsigned bits = session->capabilities;
	bool is_ack = is_granted(session, argument, &bits);

	suspend_registration(session);
	irc_reply_line(session, ":%s CAP %s %s :%s", session->server->conf->server_name,
	               irc_session_nick(session), is_ack ? "ACK" : "NAK", argument);
	if (is_ack) {
		session->capabilities = bits;
	}
}

static void on_end(struct irc_session *session, const char *argument)
{
	(void)argument;
	session->is_negotiating = false;
	irc_command_try_registration(session);
}

static const struct subcommand {
	const char *name;
	void (*run)(struct irc_session *session, const char *argument);
} subcommands[] = {
    {"END", on_end},
    {"LIST", on_list},
    {"LS", on_ls},
    {"REQ", on_req},
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

void irc_command_cap(struct irc_session *session, const struct irc_message *message)
{
	const char *argument = message->param_count > 1 ? message->params[1] : "";

	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		if (irc_name_equals(subcommands[i].name, message->params[0])) {
			subcommands[i].run(session, argument);
			return;
		}
	}
	irc_reply(session, ERR_INVALIDCAPCMD, message->params[0]);
}
