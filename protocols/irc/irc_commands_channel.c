/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels.  They come into being with their first change, so a client joins what is
 * there and can make none.
 */
#include <stdio.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

#define NAME_SPACES " \t"

/* A name of a list, NUL-terminated and as long as a line can hold. */
struct name {
	char text[3 * IRC_TEXT_MAX + 1];
};

/* Take the next of "a,b,c", spaces around it dropped and empty ones passed over. */
static bool next_name(const char **list, struct name *name)
{
	size_t length;

	*list += strspn(*list, "," NAME_SPACES);
	length = strcspn(*list, ",");
	memcpy(name->text, *list, length);
	*list += length;
	while (length > 0 && strchr(NAME_SPACES, name->text[length - 1]) != NULL) {
		length--;
	}
	name->text[length] = '\0';
	return length > 0;
}

static struct irc_channel *find(const struct irc_channels *channels, const char *name)
{
	return irc_channels_find(channels, (struct text){name, strlen(name)});
}

/* --- what a channel says of itself ---------------------------------------- */

static void reply_topic(struct irc_session *session, const struct irc_channel *channel)
{
	const struct irc_server *server = session->server;
	char topic[IRC_TOPIC_MAX], number[IRC_NUMBER_MAX];

	irc_server_topic(server, channel, topic);
	irc_reply(session, RPL_TOPIC, channel->name, topic);
	irc_reply(session, RPL_TOPICWHOTIME, channel->name, server->bot_source,
	          irc_number(number, irc_server_started_s(server)));
}

/*
 * The client and the bot, which has the channel for itself; with userhost-in-names each as
 * "nick!user@host".
 */
static void reply_names(struct irc_session *session, const struct irc_channel *channel)
{
	bool with_hosts = (session->capabilities & IRC_CAP_USERHOST_IN_NAMES) != 0;
	const struct irc_server *server = session->server;
	bool is_in = irc_channels_has(&session->joined, channel);
	char names[IRC_SOURCE_MAX + sizeof(" @") + IRC_SOURCE_MAX], source[IRC_SOURCE_MAX];
	const char *self = with_hosts ? irc_session_source(session, source) : session->nick;

	(void)snprintf(names, sizeof(names), "%s%s@%s", is_in ? self : "", is_in ? " " : "",
	               with_hosts ? server->bot_source : server->conf->bot_name);
	irc_reply(session, RPL_NAMREPLY, channel->name, names);
}

/* --- JOIN and PART -------------------------------------------------------- */

/* With extended-join: the account, of which there are none, and the real name. */
static void reply_join(struct irc_session *session, const struct irc_channel *channel)
{
	char source[IRC_SOURCE_MAX];

	(void)irc_session_source(session, source);
	if ((session->capabilities & IRC_CAP_EXTENDED_JOIN) != 0) {
		irc_reply_line(session, ":%s JOIN %s * :%s", source, channel->name,
		               session->real_name);
	} else {
		irc_reply_line(session, ":%s JOIN %s", source, channel->name);
	}
}

/* Twice is no error, and silent: no second copy of a change follows. */
static void join(struct irc_session *session, const char *name)
{
	struct irc_channel *channel = find(&session->server->channels, name);

	if (channel == NULL) {
		irc_reply(session, ERR_NOSUCHCHANNEL, name);
	} else if (irc_session_join(session, channel)) {
		irc_session_log(session, "irc.joined", channel->name);
		reply_join(session, channel);
		reply_topic(session, channel);
		reply_names(session, channel);
		irc_reply(session, RPL_ENDOFNAMES, channel->name);
	}
}

static void part(struct irc_session *session, const struct irc_channel *channel, const char *reason)
{
	char source[IRC_SOURCE_MAX];

	(void)irc_session_part(session, channel);
	irc_session_log(session, "irc.parted", channel->name);
	irc_reply_line(session, ":%s PART %s%s%s", irc_session_source(session, source),
	               channel->name, reason != NULL ? " :" : "", reason != NULL ? reason : "");
}

void irc_command_join(struct irc_session *session, const struct irc_message *message)
{
	const char *list = message->params[0];
	struct name name;

	/* RFC 2812 §3.2.1: "0" is a request to leave all channels. */
	if (strcmp(list, "0") == 0) {
		while (session->joined.count > 0) {
			part(session, session->joined.items[0], NULL);
		}
		return;
	}
	while (next_name(&list, &name)) {
		join(session, name.text);
	}
}

void irc_command_part(struct irc_session *session, const struct irc_message *message)
{
	const char *reason = message->param_count > 1 ? message->params[1] : NULL;
	const char *list = message->params[0];
	struct name name;

	while (next_name(&list, &name)) {
		const struct irc_channel *channel = find(&session->joined, name.text);

		if (channel != NULL) {
			part(session, channel, reason);
		} else {
			irc_reply(session, ERR_NOTONCHANNEL, name.text);
		}
	}
}

/* --- TOPIC, NAMES, LIST --------------------------------------------------- */

void irc_command_topic(struct irc_session *session, const struct irc_message *message)
{
	const struct irc_channel *channel = find(&session->joined, message->params[0]);

	if (channel == NULL) {
		irc_reply(session, ERR_NOTONCHANNEL, message->params[0]);
	} else if (message->param_count > 1) {
		irc_reply(session, ERR_CHANOPRIVSNEEDED, channel->name);
	} else {
		reply_topic(session, channel);
	}
}

void irc_command_names(struct irc_session *session, const struct irc_message *message)
{
	const char *list = message->param_count > 0 ? message->params[0] : "";
	struct name name;
	bool is_empty = true;

	for (; next_name(&list, &name); is_empty = false) {
		const struct irc_channel *channel = find(&session->server->channels, name.text);

		if (channel != NULL) {
			reply_names(session, channel);
		}
		irc_reply(session, RPL_ENDOFNAMES, channel != NULL ? channel->name : name.text);
	}
	if (is_empty) {
		irc_reply(session, RPL_ENDOFNAMES, "*");
	}
}

static void reply_list_row(struct irc_session *session, const struct irc_channel *channel)
{
	char topic[IRC_TOPIC_MAX];

	irc_server_topic(session->server, channel, topic);
	irc_reply(session, RPL_LIST, channel->name,
	          irc_channels_has(&session->joined, channel) ? "2" : "1", topic);
}

/*
 * A channel is a hundred bytes of reply and there may be a million: the list
 * pauses when the client takes it too slowly, and irc_session calls again.
 */
static void list_all(struct irc_session *session)
{
	const struct irc_channels *channels = &session->server->channels;
	size_t next = 0;

	if (session->list_after != NULL) {
		next = irc_channels_rank(channels, session->list_after) + 1;
		session->list_after = NULL;
	}
	for (; next < channels->count; next++) {
		reply_list_row(session, channels->items[next]);
		if (connection_is_choked(session->connection)) {
			session->list_after = channels->items[next];
			return;
		}
	}
	irc_reply(session, RPL_LISTEND, NULL);
}

static void list_named(struct irc_session *session, const char *list)
{
	struct irc_channels named = {0}; /* sorted, and each once */
	struct name name;

	while (next_name(&list, &name)) {
		struct irc_channel *channel = find(&session->server->channels, name.text);

		if (channel != NULL) {
			(void)irc_channels_add(&named, channel);
		}
	}
	for (size_t i = 0; i < named.count; i++) {
		reply_list_row(session, named.items[i]);
	}
	irc_channels_finish(&named);
	irc_reply(session, RPL_LISTEND, NULL);
}

void irc_command_list(struct irc_session *session, const struct irc_message *message)
{
	if (message->param_count == 0 || message->params[0][0] == '\0') {
		list_all(session);
	} else {
		list_named(session, message->params[0]);
	}
}
