/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_isupport.h"

#include <stdarg.h>
#include <stdio.h>

#include "protocols/irc/irc_reply.h"
#include "server/base/memory.h"

#define TOKEN_MAX 128

/* A line that is being put together. */
struct isupport {
	struct irc_session *session;
	struct buffer line;
	unsigned tokens;
};

static void end_line(struct isupport *isupport)
{
	buffer_append_byte(&isupport->line, '\0');
	irc_reply(isupport->session, RPL_ISUPPORT, isupport->line.bytes);
	buffer_clear(&isupport->line);
	isupport->tokens = 0;
}

static void __attribute__((format(printf, 2, 3)))
add(struct isupport *isupport, const char *format, ...)
{
	char token[TOKEN_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(token, sizeof(token), format, arguments);
	va_end(arguments);
	if (isupport->tokens == IRC_ISUPPORT_TOKENS) {
		end_line(isupport);
	}
	buffer_printf(&isupport->line, "%s%s", isupport->tokens > 0 ? " " : "", token);
	isupport->tokens++;
}

static void add_names(struct isupport *isupport)
{
	add(isupport, "NETWORK=%s", isupport->session->server->conf->network);
	add(isupport, "CASEMAPPING=ascii");
	add(isupport, "CHANTYPES=#");
	add(isupport, "CHANMODES=b,k,l,mnst");
	add(isupport, "PREFIX=(ov)@+");
	add(isupport, "NICKLEN=%d", IRC_NICK_MAX);
	add(isupport, "CHANNELLEN=%d", WIKI_CHANNEL_MAX);
	add(isupport, "USERLEN=%d", IRC_USER_MAX);
	add(isupport, "HOSTLEN=%d", IRC_HOST_MAX);
	add(isupport, "NAMELEN=%d", IRC_REAL_NAME_MAX);
	add(isupport, "AWAYLEN=%d", IRC_AWAY_MAX);
}

static void add_commands(struct isupport *isupport)
{
	add(isupport, "SAFELIST");
	add(isupport, "ELIST=MNU");
	add(isupport, "WHOX");
	add(isupport, "UTF8ONLY");
	/* Without a number: as many as a line holds. */
	add(isupport, "TARGMAX=JOIN:,LIST:,NAMES:,NOTICE:,PART:,PRIVMSG:,WHOIS:1");
	add(isupport, "CHATHISTORY=%u", isupport->session->server->conf->chathistory_limit);
	add(isupport, "MSGREFTYPES=msgid,timestamp");
}

/* MASKJOIN is this program's own: how many wildcard channels a client may join. */
static void add_limits(struct isupport *isupport)
{
	const struct conf_irc *conf = isupport->session->server->conf;

	if (conf->max_joined > 0) {
		add(isupport, "CHANLIMIT=#:%u", conf->max_joined);
	}
	if (conf->max_masks > 0) {
		add(isupport, "MASKJOIN=%u", conf->max_masks);
	}
}

void irc_isupport_reply(struct irc_session *session)
{
	struct isupport isupport = {.session = session};

	add_names(&isupport);
	add_commands(&isupport);
	add_limits(&isupport);
	end_line(&isupport);
	buffer_finish(&isupport.line);
}
