/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability negotiation (ircv3.net, "Capability Negotiation").  A client that
 * begins it before it has registered is not registered until CAP END.
 */
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

static const struct capability {
	const char *name;
	unsigned bit;
} capabilities[] = {
    /* Nothing to do: nobody here has more than one prefix. */
    {"multi-prefix", 1u << 0},
};

#define CAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]))

/* Reply with the names of those whose bits are in `bits`. */
static void reply_names(struct irc_session *session, const char *subcommand, unsigned bits)
{
	struct buffer names = {0};

	for (size_t i = 0; i < CAPABILITIES; i++) {
		if ((capabilities[i].bit & bits) != 0) {
			buffer_printf(&names, "%s%s", names.length > 0 ? " " : "",
			              capabilities[i].name);
		}
	}
	irc_reply_line(session, ":%s CAP %s %s :%.*s", session->server->conf->server_name,
	               irc_session_nick(session), subcommand, (int)names.length,
	               names.length > 0 ? names.bytes : "");
	buffer_finish(&names);
}

static unsigned find_bit(const char *name, size_t length)
{
	for (size_t i = 0; i < CAPABILITIES; i++) {
		if (strlen(capabilities[i].name) == length &&
		    memcmp(capabilities[i].name, name, length) == 0) {
			return capabilities[i].bit;
		}
	}
	return 0;
}

/* Write to `bits` what the session has after the request; false when it names one unknown. */
static bool apply(const char *request, unsigned *bits)
{
	while (*(request += strspn(request, " ")) != '\0') {
		bool is_off = *request == '-';
		const char *name = request + (is_off ? 1 : 0);
		size_t length = strcspn(name, " ");
		unsigned bit = find_bit(name, length);

		if (bit == 0) {
			return false;
		}
		*bits = is_off ? *bits & ~bit : *bits | bit;
		request = name + length;
	}
	return true;
}

static void suspend_registration(struct irc_session *session)
{
	session->is_negotiating = !session->is_registered;
}

static void on_ls(struct irc_session *session, const char *argument)
{
	(void)argument; /* the version: 302 changes nothing for capabilities without values */
	suspend_registration(session);
	reply_names(session, "LS", ~0u);
}

static void on_list(struct irc_session *session, const char *argument)
{
	(void)argument;
	reply_names(session, "LIST", session->capabilities);
}

/* All of them or none. */
static void on_req(struct irc_session *session, const char *argument)
{
	unsigned bits = session->capabilities;
	bool is_granted = apply(argument, &bits);

	suspend_registration(session);
	if (is_granted) {
		session->capabilities = bits;
	}
	irc_reply_line(session, ":%s CAP %s %s :%s", session->server->conf->server_name,
	               irc_session_nick(session), is_granted ? "ACK" : "NAK", argument);
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
