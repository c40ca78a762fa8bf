/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures that are the same in every worker, such as the number of channels, are
 * counted by the first one only: metrics are summed over the workers.
 */
#include "protocols/irc/irc_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/log.h"
#include "server/base/memory.h"

#define CHANNEL_MARK "{channel}"
#define MASK_TOPIC   "Changes of all channels that fit {channel}, each under its own channel's name"

static const struct log_scope log_scope = {.name = "irc"};

static bool counts_for_all(const struct irc_server *server)
{
	return server->env->worker == 0;
}

static void refuse_channel(struct irc_server *server, struct text name)
{
	metric *refused = &server->env->metrics->irc_channels_refused;

	if (!counts_for_all(server)) {
		return;
	}
	if (metric_read(refused) == 0) {
		log_warn(&log_scope, "irc.channels_full",
		         "no channel %.*s: there are max_channels, %u", (int)name.length,
		         name.bytes, server->conf->max_channels);
	}
	metric_add(refused, 1);
}

/* The transient channel of this name is to be one of `channels`.  NULL without one. */
static struct irc_channel *adopt(struct irc_server *server, struct text name)
{
	struct irc_channel *channel = irc_channels_find(&server->transient, name);

	if (channel != NULL) {
		(void)irc_channels_remove(&server->transient, channel);
		server->waiting--;
		metric_subtract(&server->env->metrics->irc_transient_channels, 1);
		memcpy(channel->name, name.bytes, name.length);
	}
	return channel;
}

static void make_channel(struct irc_server *server, struct text name)
{
	struct irc_channel *channel = adopt(server, name);

	(void)irc_channels_add(&server->channels,
	                       channel != NULL ? channel : irc_channel_create(name));
	if (counts_for_all(server)) {
		metric_add(&server->env->metrics->irc_channels, 1);
		log_debug(&log_scope, "irc.channel", "%.*s", (int)name.length, name.bytes);
	}
}

/*
 * A change that is not for IRC makes no channel.  Its name was checked by whoever
 * made the change; one that is not valid all the same stays off IRC.
 */
static void on_change(struct subscriber *subscriber, struct delivery *delivery)
{
	struct irc_server *server = container_of(subscriber, struct irc_server, maker);
	const struct change *change = delivery_change(delivery);
	struct text name = change->channel;

	if (change->line.bytes == NULL || !wiki_channel_is_valid(name.bytes, name.length) ||
	    irc_channels_find(&server->channels, name) != NULL) {
		return;
	}
	if (server->channels.count < server->conf->max_channels) {
		make_channel(server, name);
	} else {
		refuse_channel(server, name);
	}
}

static const struct subscriber_ops maker_ops = {.deliver = on_change};

static void make_listed_channels(struct irc_server *server)
{
	const struct conf_strings *listed = &server->conf->channels;

	for (size_t i = 0; i < listed->count; i++) {
		struct text name = {listed->items[i], strlen(listed->items[i])};

		if (irc_channels_find(&server->channels, name) == NULL) {
			make_channel(server, name);
		}
	}
}

struct irc_server *irc_server_create(const struct front_end_env *env)
{
	struct irc_server *server = mem_new(struct irc_server);
	const struct conf_irc *conf = &env->conf->irc;

	server->env = env;
	server->conf = conf;
	(void)snprintf(server->bot_source, sizeof(server->bot_source), "%s!%s@%s", conf->bot_name,
	               conf->bot_name, conf->server_name);
	irc_encoder_init(&server->encoder, server->bot_source, &server->channels,
	                 &env->metrics->irc_lines_cut);
	make_listed_channels(server);
	irc_wires_init(&server->wires, server);
	irc_topics_init(&server->topics, server);
	server->topic_s = irc_server_started_s(server);
	server->maker.ops = &maker_ops;
	server->maker.is_uncounted = true;
	(void)bus_subscribe(env->bus, &server->maker, BUS_CHANNEL, (struct text){"*", 1});
	return server;
}

void irc_server_change(struct irc_server *server)
{
	const char *topic = server->conf->topic;

	server->conf = &server->env->conf->irc;
	make_listed_channels(server);
	if (strcmp(topic, server->conf->topic) != 0) {
		server->topic_s = server->env->net->clock.wall_ms / 1000;
		irc_topics_change(&server->topics, topic);
	}
}

void irc_server_destroy(struct irc_server *server)
{
	if (server == NULL) {
		return;
	}
	require(server->transient.count == 0 && server->topics.count == 0);
	bus_leave(server->env->bus, &server->maker);
	for (size_t i = 0; i < server->channels.count; i++) {
		free(server->channels.items[i]);
	}
	irc_channels_finish(&server->channels);
	irc_channels_finish(&server->transient);
	irc_wires_finish(&server->wires);
	buffer_finish(&server->replies);
	free(server);
}

/* --- channels that clients make ------------------------------------------- */

static bool may_make(const struct irc_server *server, struct text name)
{
	if (irc_name_is_mask(name)) {
		return server->conf->max_masks > 0;
	}
	return server->conf->join_unknown && wiki_channel_is_valid(name.bytes, name.length) &&
	       server->waiting < server->conf->max_channels;
}

static struct irc_channel *make_transient(struct irc_server *server, struct text name)
{
	struct irc_channel *channel = irc_channel_create(name);

	(void)irc_channels_add(&server->transient, channel);
	server->waiting += channel->is_mask ? 0 : 1;
	metric_add(&server->env->metrics->irc_transient_channels, 1);
	return channel;
}

struct irc_channel *irc_server_open(struct irc_server *server, struct text name)
{
	struct irc_channel *channel = irc_channels_find(&server->channels, name);

	if (channel == NULL) {
		channel = irc_channels_find(&server->transient, name);
	}
	if (channel == NULL && may_make(server, name)) {
		channel = make_transient(server, name);
	}
	return channel;
}

void irc_server_settle(struct irc_server *server, struct irc_channel *channel)
{
	if (channel->members == 0 && irc_channels_remove(&server->transient, channel)) {
		server->waiting -= channel->is_mask ? 0 : 1;
		metric_subtract(&server->env->metrics->irc_transient_channels, 1);
		free(channel);
	}
}

void irc_server_enter(struct irc_channel *channel)
{
	channel->members++;
}

void irc_server_leave(struct irc_server *server, struct irc_channel *channel)
{
	require(channel->members > 0);
	channel->members--;
	irc_server_settle(server, channel);
}

/* --- what the server says of itself --------------------------------------- */

bool irc_server_is_bot(const struct irc_server *server, const char *nick)
{
	return irc_name_equals(server->conf->bot_name, nick);
}

void irc_server_write_topic(const char *from, const struct irc_channel *channel,
                            char topic[IRC_TOPIC_MAX])
{
	size_t length = 0;

	topic[0] = '\0';
	while (*from != '\0' && length < IRC_TOPIC_MAX - 1) {
		const char *mark = strstr(from, CHANNEL_MARK);
		int literal = mark != NULL ? (int)(mark - from) : (int)strlen(from);

		length += (size_t)snprintf(topic + length, IRC_TOPIC_MAX - length, "%.*s%s",
		                           literal, from, mark != NULL ? channel->name : "");
		from += (size_t)literal + (mark != NULL ? strlen(CHANNEL_MARK) : 0);
	}
}

void irc_server_topic(const struct irc_server *server, const struct irc_channel *channel,
                      char topic[IRC_TOPIC_MAX])
{
	irc_server_write_topic(channel->is_mask ? MASK_TOPIC : server->conf->topic, channel, topic);
}

uint64_t irc_server_topic_s(const struct irc_server *server, const struct irc_channel *channel)
{
	return channel->is_mask ? irc_server_started_s(server) : server->topic_s;
}

void irc_server_figures(struct irc_server *server, struct irc_figures *figures)
{
	struct metrics total = {0};
	uint64_t clients;

	status_sum(server->env->status, &total);
	clients = metric_read(&total.irc_clients);
	figures->registered = metric_read(&total.irc_registered);
	/* The workers count on while they are summed. */
	figures->unregistered = clients > figures->registered ? clients - figures->registered : 0;
	figures->channels = server->channels.count;
	/* Any worker's clients may have seen it: status_sum() finds the greatest. */
	metric_raise(&server->env->metrics->irc_registered_max, figures->registered);
	metric_raise(&total.irc_registered_max, figures->registered);
	figures->registered_max = metric_read(&total.irc_registered_max);
}

const char *irc_server_version(const struct irc_server *server, char version[IRC_VERSION_MAX])
{
	(void)snprintf(version, IRC_VERSION_MAX, "rcstreamd-%.20s", server->env->status->version);
	return version;
}

uint64_t irc_server_started_s(const struct irc_server *server)
{
	return server->env->status->started_ms / 1000;
}

const char *irc_number(char text[IRC_NUMBER_MAX], uint64_t number)
{
	(void)snprintf(text, IRC_NUMBER_MAX, "%" PRIu64, number);
	return text;
}

const char *irc_date(char text[IRC_DATE_MAX], uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	(void)gmtime_r(&time, &parts);
	(void)strftime(text, IRC_DATE_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts);
	return text;
}
