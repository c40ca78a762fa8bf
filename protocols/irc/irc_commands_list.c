/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIST, with the conditions that ELIST in ISUPPORT names (modern.ircdocs.horse, "LIST
 * message"): M, masks; N, masks that must not fit; U, numbers of users.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"

#define TEXTS_MAX (IRC_TEXT_MAX / 2) /* of a line: each has a character and a comma */
#define NUMBERS   "0123456789"

/* Names or masks of a filter; they point into its `storage`. */
struct texts {
	const char *items[TEXTS_MAX];
	size_t count;
};

/* What a LIST asks for: a channel that is any of `wanted`, and for which the rest holds. */
struct filter {
	char storage[2][3 * IRC_TEXT_MAX + 1];
	struct texts wanted; /* none: every channel */
	struct texts unwanted;
	bool has_masks;           /* among `wanted` */
	unsigned long users_over; /* 0: any number, since the bot is everywhere */
	unsigned long users_under;
};

static void add_text(struct texts *texts, const char *text)
{
	if (texts->count < TEXTS_MAX) {
		texts->items[texts->count++] = text;
	}
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, NUMBERS) == strlen(text);
}

static void add_condition(struct filter *filter, const char *text)
{
	if (text[0] == '>' && is_number(text + 1)) {
		filter->users_over = strtoul(text + 1, NULL, 10);
	} else if (text[0] == '<' && is_number(text + 1)) {
		filter->users_under = strtoul(text + 1, NULL, 10);
	} else if (text[0] == '!' && text[1] != '\0') {
		add_text(&filter->unwanted, text + 1);
	}
}

static bool is_condition(const char *text)
{
	return strchr("<>!", text[0]) != NULL;
}

/* RFC 2812 lets a server's name be the second parameter; there are no others to ask. */
static void read_filter(struct filter *filter, const struct irc_message *message)
{
	*filter = (struct filter){.users_under = (unsigned long)-1};
	for (size_t i = 0; i < message->param_count && i < 2; i++) {
		char *rest = NULL;

		(void)snprintf(filter->storage[i], sizeof(filter->storage[i]), "%s",
		               message->params[i]);
		for (char *text = strtok_r(filter->storage[i], ", \t", &rest); text != NULL;
		     text = strtok_r(NULL, ", \t", &rest)) {
			if (is_condition(text)) {
				add_condition(filter, text);
			} else if (i == 0) {
				add_text(&filter->wanted, text);
				filter->has_masks =
				    filter->has_masks || irc_name_has_wildcard(text);
			}
		}
	}
}

static bool fits_any(const struct texts *masks, const struct irc_channel *channel)
{
	for (size_t i = 0; i < masks->count; i++) {
		if (irc_name_matches(masks->items[i], channel->folded)) {
			return true;
		}
	}
	return false;
}

static void reply_row(struct irc_session *session, const struct filter *filter,
                      const struct irc_channel *channel)
{
	unsigned users = irc_channels_has(&session->joined, channel) ? 2 : 1;
	char topic[IRC_TOPIC_MAX], number[IRC_NUMBER_MAX];

	if (users <= filter->users_over || users >= filter->users_under ||
	    (filter->wanted.count > 0 && !fits_any(&filter->wanted, channel)) ||
	    fits_any(&filter->unwanted, channel)) {
		return;
	}
	irc_server_topic(session->server, channel, topic);
	irc_reply(session, RPL_LIST, channel->name, irc_number(number, users), topic);
}

/* Whether the next channel is for another time: the client, or the turn, has had enough. */
static bool is_to_pause(struct irc_session *session, const struct filter *filter)
{
	struct irc_server *server = session->server;
	size_t cost = filter->wanted.count + filter->unwanted.count;

	if (connection_is_choked(session->connection)) {
		return true;
	}
	if (cost == 0 || irc_effort_take(&server->effort, server->env->net->turn, cost)) {
		return false;
	}
	connection_resume(session->connection);
	return true;
}

/*
 * A channel is a hundred bytes of reply and there may be a million: the list
 * pauses when the client takes it too slowly, and irc_session calls again.
 */
static void list_all(struct irc_session *session, const struct filter *filter)
{
	const struct irc_channels *channels = &session->server->channels;
	size_t next = 0;

	if (session->list_after != NULL) {
		next = irc_channels_rank(channels, session->list_after) + 1;
	}
	for (; next < channels->count; next++) {
		if (is_to_pause(session, filter)) {
			session->is_paused = true;
			return;
		}
		reply_row(session, filter, channels->items[next]);
		session->list_after = channels->items[next];
	}
	session->list_after = NULL;
	irc_reply(session, RPL_LISTEND, NULL);
}

static void list_named(struct irc_session *session, const struct filter *filter)
{
	struct irc_channels named = {0}; /* sorted, and each once */

	for (size_t i = 0; i < filter->wanted.count; i++) {
		const char *name = filter->wanted.items[i];
		struct irc_channel *channel = irc_channels_find(&session->server->channels,
		                                                (struct text){name, strlen(name)});

		if (channel != NULL) {
			(void)irc_channels_add(&named, channel);
		}
	}
	for (size_t i = 0; i < named.count; i++) {
		reply_row(session, filter, named.items[i]);
	}
	irc_channels_finish(&named);
	irc_reply(session, RPL_LISTEND, NULL);
}

void irc_command_list(struct irc_session *session, const struct irc_message *message)
{
	struct filter filter;

	read_filter(&filter, message);
	if (filter.wanted.count > 0 && !filter.has_masks) {
		list_named(session, &filter);
	} else {
		list_all(session, &filter);
	}
}
