/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels.  They come into being with their first change, so a client joins what is
 * there, or a mask: a wildcard channel, which stands for all channels that it fits.
 */
#include <stdio.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

static struct text text_of(const char *name)
{
	return (struct text){name, strlen(name)};
}

/* The channel of this name that the client can see: one that exists, or that it is in. */
static const struct irc_channel *find_visible(const struct irc_session *session, const char *name)
{
	const struct irc_channel *channel =
	    irc_channels_find(&session->server->channels, text_of(name));

	return channel != NULL ? channel : irc_channels_find(&session->joined, text_of(name));
}

/* --- what a channel says of itself ---------------------------------------- */

static void reply_topic(struct irc_session *session, const struct irc_channel *channel)
{
	const struct irc_server *server = session->server;
	char topic[IRC_TOPIC_MAX], number[IRC_NUMBER_MAX];

	irc_server_topic(server, channel, topic);
	irc_reply(session, RPL_TOPIC, channel->name, topic);
	irc_reply(session, RPL_TOPICWHOTIME, channel->name, server->bot_source,
	          irc_number(number, irc_server_topic_s(server, channel)));
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

static bool has_room_for(const struct irc_session *session, const struct irc_channel *channel)
{
	const struct conf_irc *conf = session->server->conf;
	size_t masks = 0;

	if (conf->max_joined > 0 && session->joined.count >= conf->max_joined) {
		return false;
	}
	for (size_t i = 0; channel->is_mask && i < session->joined.count; i++) {
		masks += session->joined.items[i]->is_mask ? 1 : 0;
	}
	return !channel->is_mask || masks < conf->max_masks;
}

static void enter(struct irc_session *session, struct irc_channel *channel)
{
	(void)irc_session_join(session, channel);
	reply_join(session, channel);
	reply_topic(session, channel);
	reply_names(session, channel);
	irc_reply(session, RPL_ENDOFNAMES, channel->name);
}

/*
 * Twice is no error, and silent: no second copy of a change follows.  Lends the channel that was
 * joined; NULL when none was.
 */
static const struct irc_channel *join(struct irc_session *session, const char *name)
{
	struct irc_server *server = session->server;
	struct irc_channel *channel;

	if (irc_channels_find(&session->joined, text_of(name)) != NULL) {
		return NULL;
	}
	channel = irc_server_open(server, text_of(name));
	if (channel == NULL) {
		irc_reply(session, ERR_NOSUCHCHANNEL, name);
	} else if (has_room_for(session, channel)) {
		enter(session, channel);
		return channel;
	} else {
		metric_add(&server->env->metrics->irc_joins_refused, 1);
		irc_reply(session, ERR_TOOMANYCHANNELS, channel->name);
		irc_server_settle(server, channel);
	}
	return NULL;
}

static void part(struct irc_session *session, struct irc_channel *channel, const char *reason)
{
	char source[IRC_SOURCE_MAX];

	irc_session_log(session, "irc.parted", channel->name);
	irc_reply_line(session, ":%s PART %s%s%s", irc_session_source(session, source),
	               channel->name, reason != NULL ? " :" : "", reason != NULL ? reason : "");
	(void)irc_session_part(session, channel);
}

/* A mask that is joined is held against all channels by and by; any other name costs nothing. */
static bool may_go_on(struct irc_session *session, const char *name)
{
	struct irc_server *server = session->server;

	return !irc_name_is_mask(text_of(name)) ||
	       irc_effort_take(&server->effort, server->env->net->turn, server->channels.count + 1);
}

static void join_list(struct irc_session *session, const char *list)
{
	unsigned done = session->join_after;
	struct client_names joined = {0};
	const struct irc_channel *channel;
	struct irc_name name;

	session->join_after = 0;
	for (unsigned i = 0; irc_name_next(&list, &name); i++) {
		if (i < done) {
			continue;
		}
		if (!may_go_on(session, name.text)) {
			session->join_after = i;
			session->is_paused = true;
			connection_resume(session->connection);
			break;
		}
		channel = join(session, name.text);
		if (channel != NULL) {
			client_names_add(&joined, channel->name, strlen(channel->name));
		}
	}
	irc_session_tell_joined(session, &joined);
}

void irc_command_join(struct irc_session *session, const struct irc_message *message)
{
	/* RFC 2812 §3.2.1: "0" is a request to leave all channels. */
	if (strcmp(message->params[0], "0") != 0) {
		join_list(session, message->params[0]);
		return;
	}
	while (session->joined.count > 0) {
		part(session, session->joined.items[0], NULL);
	}
}

void irc_command_part(struct irc_session *session, const struct irc_message *message)
{
	const char *reason = message->param_count > 1 ? message->params[1] : NULL;
	const char *list = message->params[0];
	struct irc_name name;

	while (irc_name_next(&list, &name)) {
		struct irc_channel *channel =
		    irc_channels_find(&session->joined, text_of(name.text));

		if (channel != NULL) {
			part(session, channel, reason);
		} else {
			irc_reply(session, ERR_NOTONCHANNEL, name.text);
		}
	}
}

/* --- TOPIC, NAMES --------------------------------------------------------- */

void irc_command_topic(struct irc_session *session, const struct irc_message *message)
{
	const struct irc_channel *channel =
	    irc_channels_find(&session->joined, text_of(message->params[0]));

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
	struct irc_name name;
	bool is_empty = true;

	for (; irc_name_next(&list, &name); is_empty = false) {
		const struct irc_channel *channel = find_visible(session, name.text);

		if (channel != NULL) {
			reply_names(session, channel);
		}
		irc_reply(session, RPL_ENDOFNAMES, channel != NULL ? channel->name : name.text);
	}
	if (is_empty) {
		irc_reply(session, RPL_ENDOFNAMES, "*");
	}
}
