/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHO, plain and with fields (WHOX: ircv3.net, "WHOX").  Its rows are the client and
 * the bot: there is nobody else.
 */
#include <stdio.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

#define FIELDS         "tcuihsnfdlaor" /* in the order of a row, whatever was asked */
#define TOKEN_MAX      3
#define HIDDEN_ADDRESS "255.255.255.255"
#define NO_ACCOUNT     "0"
#define NO_LEVEL       "n/a"

/* What a WHO asks for. */
struct request {
	const char *mask;
	const struct irc_channel *channel; /* NULL unless the mask names one */
	bool only_operators;
	bool is_whox;
	const char *fields; /* of WHOX, up to a comma or the end */
	char token[TOKEN_MAX + 1];
};

/* Who a row is of. */
struct person {
	const char *nick;
	const char *user;
	const char *real_name;
	char flags[sizeof("H@")];
};

/* --- the request ------------------------------------------------------------ */

/* "%fields,token": the token is up to three digits, and "0" where there is none. */
static void read_fields(struct request *request, const char *fields)
{
	const char *comma = strchr(fields, ',');
	const char *token = comma != NULL ? comma + 1 : "";
	size_t digits = strspn(token, "0123456789");

	request->is_whox = true;
	request->fields = fields;
	(void)snprintf(request->token, sizeof(request->token), "%s",
	               digits > 0 && digits <= TOKEN_MAX && token[digits] == '\0' ? token : "0");
}

static const struct irc_channel *find_channel(const struct irc_session *session, const char *name)
{
	struct text text = {name, strlen(name)};
	const struct irc_channel *channel = irc_channels_find(&session->joined, text);

	return channel != NULL ? channel : irc_channels_find(&session->server->channels, text);
}

static void read_request(const struct irc_session *session, const struct irc_message *message,
                         struct request *request)
{
	const char *options = message->param_count > 1 ? message->params[1] : "";
	const char *fields = strchr(options, '%');
	size_t flags = fields != NULL ? (size_t)(fields - options) : strlen(options);

	*request = (struct request){.mask = "*"};
	if (message->param_count > 0 && message->params[0][0] != '\0') {
		request->mask = message->params[0];
	}
	request->channel = find_channel(session, request->mask);
	request->only_operators = memchr(options, 'o', flags) != NULL;
	if (fields != NULL) {
		read_fields(request, fields + 1);
	}
}

/* RFC 2812 §3.6.1: everyone for "*", "0" or nothing, else whoever it fits in some way. */
static bool is_asked_for(const struct irc_session *session, const struct request *request,
                         const struct person *person)
{
	const char *server_name = session->server->conf->server_name;

	if (request->channel != NULL) {
		return true;
	}
	return strcmp(request->mask, "0") == 0 || irc_name_matches(request->mask, person->nick) ||
	       irc_name_matches(request->mask, person->user) ||
	       irc_name_matches(request->mask, server_name) ||
	       irc_name_matches(request->mask, person->real_name);
}

/* --- the rows --------------------------------------------------------------- */

static const char *channel_name(const struct request *request)
{
	return request->channel != NULL ? request->channel->name : "*";
}

static bool wants(const struct request *request, char field)
{
	return memchr(request->fields, field, strcspn(request->fields, ",")) != NULL;
}

/* Nobody's address is shown here, not even the client's own: WHOIS has that. */
static const char *field_text(const struct irc_session *session, const struct request *request,
                              const struct person *person, char field)
{
	const char *server_name = session->server->conf->server_name;
	const struct {
		char field;
		const char *text;
	} texts[] = {
	    {'t', request->token},
	    {'c', channel_name(request)},
	    {'u', person->user},
	    {'i', HIDDEN_ADDRESS},
	    {'h', server_name},
	    {'s', server_name},
	    {'n', person->nick},
	    {'f', person->flags},
	    {'d', "0"},
	    {'l', "0"},
	    {'a', NO_ACCOUNT},
	    {'o', NO_LEVEL},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].field == field) {
			return texts[i].text;
		}
	}
	return person->real_name;
}

static void reply_fields(struct irc_session *session, const struct request *request,
                         const struct person *person)
{
	struct buffer row = {0};

	for (const char *field = FIELDS; *field != '\0'; field++) {
		if (wants(request, *field)) {
			/* The real name is the last, and may have spaces. */
			buffer_printf(&row, "%s%s%s", row.length > 0 ? " " : "",
			              *field == 'r' ? ":" : "",
			              field_text(session, request, person, *field));
		}
	}
	buffer_append_byte(&row, '\0');
	irc_reply(session, RPL_WHOSPCRPL, row.bytes);
	buffer_finish(&row);
}

static void reply_row(struct irc_session *session, const struct request *request,
                      const struct person *person)
{
	const char *server_name = session->server->conf->server_name;

	if (!is_asked_for(session, request, person)) {
		return;
	}
	if (request->is_whox) {
		reply_fields(session, request, person);
	} else {
		irc_reply(session, RPL_WHOREPLY, channel_name(request), person->user, server_name,
		          server_name, person->nick, person->flags, person->real_name);
	}
}

static void reply_rows(struct irc_session *session, const struct request *request)
{
	const char *bot_name = session->server->conf->bot_name;
	struct person self = {
	    .nick = session->nick, .user = session->user, .real_name = session->real_name};
	struct person bot = {.nick = bot_name, .user = bot_name, .real_name = bot_name};

	(void)snprintf(self.flags, sizeof(self.flags), "%s", session->away != NULL ? "G" : "H");
	(void)snprintf(bot.flags, sizeof(bot.flags), "H%s", request->channel != NULL ? "@" : "");
	if (request->channel == NULL || irc_channels_has(&session->joined, request->channel)) {
		reply_row(session, request, &self);
	}
	reply_row(session, request, &bot);
}

void irc_command_who(struct irc_session *session, const struct irc_message *message)
{
	struct request request;

	read_request(session, message, &request);
	/* Libraries wait for the end of the list.  Nobody is an operator of the server. */
	if (!request.only_operators) {
		reply_rows(session, &request);
	}
	irc_reply(session, RPL_ENDOFWHO, request.mask);
}
