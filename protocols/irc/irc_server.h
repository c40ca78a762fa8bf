/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_SERVER_H
#define PROTOCOLS_IRC_IRC_SERVER_H

#include "protocols/front_end.h"
#include "protocols/irc/irc_channels.h"
#include "protocols/irc/irc_effort.h"
#include "protocols/irc/irc_encode.h"
#include "protocols/irc/irc_response.h"
#include "protocols/irc/irc_topics.h"
#include "protocols/irc/irc_wires.h"

/*
 * One worker's IRC server: what its sessions share.  It owns the channels.
 *
 *   irc.channels, from the start ──────────────────────> channels, to the end
 *   bus ── every change ──> irc_server ── a new name ──>    ▲
 *   JOIN of a mask, or of what is not known yet ──> transient, while it has members
 *
 * `channels` are what changes and the configuration say, so they are the same in every
 * worker; those that clients make are not, and are shown to their members alone.  The
 * first change for one of them makes it one of `channels`, in the spelling of the change.
 *
 * Threads: the worker's.
 */
#define IRC_SOURCE_MAX  192  /* "nick!user@server": at most 30 + 63 + 63 and two signs */
#define IRC_TOPIC_MAX   2048 /* 300 bytes of template, of which nine become at most fifty */
#define IRC_NUMBER_MAX  24   /* 64 bits in decimal */
#define IRC_HOST_MAX    63   /* of server_name, the longest host that is shown */
#define IRC_VERSION_MAX 32
#define IRC_DATE_MAX    32
#define IRC_REFUSAL_MAX (REFUSALS_TEXT_MAX + 32)

struct irc_server {
	const struct front_end_env *env; /* lent */
	const struct conf_irc *conf;
	char bot_source[IRC_SOURCE_MAX]; /* "B!B@S" */
	struct irc_encoder encoder;
	struct irc_wires wires;        /* of the change that is being delivered */
	struct irc_channels channels;  /* owns them */
	struct irc_channels transient; /* owns them */
	size_t waiting;                /* of these, the ones that are no masks */
	struct irc_effort effort;      /* of the masks of all sessions */
	struct irc_topics topics;      /* that members have yet to hear of */
	uint64_t topic_s;              /* Unix time since when they are what they are */
	struct subscriber maker;       /* of channels; the bus's first, so before any member */
	struct buffer replies;         /* of the session that is being served; empty in between */
	struct irc_response response;  /* of the command that is being run */
	char refusal[IRC_REFUSAL_MAX]; /* what the last one was sent that was not let in */
};

/* The whole server's figures, all workers together. */
struct irc_figures {
	uint64_t registered;
	uint64_t registered_max;
	uint64_t unregistered;
	uint64_t channels;
};

/* Gives a worker's server; it subscribes to the bus.  `env` is lent for its life. */
struct irc_server *irc_server_create(const struct front_end_env *env);

/*
 * env->conf is another one, and the one before is still there: channels that it lists exist from
 * now on, those that it lists no more do so to the end, as all channels; members hear of
 * another topic.
 */
void irc_server_change(struct irc_server *server);

/* Every session must have gone.  NULL does nothing. */
void irc_server_destroy(struct irc_server *server);

/*
 * Lends the channel that a client may join by this name, NULL when there is none.  One that
 * it makes is gone after the next irc_server_leave() or irc_server_settle() that leaves it
 * without members.
 */
struct irc_channel *irc_server_open(struct irc_server *server, struct text name);

/* A session has joined, or has left and must drop its pointer. */
void irc_server_enter(struct irc_channel *channel);
void irc_server_leave(struct irc_server *server, struct irc_channel *channel);

/* Free a channel made by a client that has no members after all. */
void irc_server_settle(struct irc_server *server, struct irc_channel *channel);

/* Whether `nick` is the bot's. */
bool irc_server_is_bot(const struct irc_server *server, const char *nick);

/* Write the topic of a channel that is no mask: the template with its name for "{channel}". */
void irc_server_write_topic(const char *from, const struct irc_channel *channel,
                            char topic[IRC_TOPIC_MAX]);

/* Write the topic of a channel as it is now; a mask's says what it is. */
void irc_server_topic(const struct irc_server *server, const struct irc_channel *channel,
                      char topic[IRC_TOPIC_MAX]);

/* Unix time, in seconds, since when a channel has its topic. */
uint64_t irc_server_topic_s(const struct irc_server *server, const struct irc_channel *channel);

/* Count the clients and channels of all workers. */
void irc_server_figures(struct irc_server *server, struct irc_figures *figures);

/* Lends the program's version as IRC wants it, in one word. */
const char *irc_server_version(const struct irc_server *server, char version[IRC_VERSION_MAX]);

/* Unix time of the server's start, in seconds. */
uint64_t irc_server_started_s(const struct irc_server *server);

/* Writes a number in decimal to `text`, and lends it back. */
const char *irc_number(char text[IRC_NUMBER_MAX], uint64_t number);

/* Writes a Unix time as a date to `text`, and lends it back. */
const char *irc_date(char text[IRC_DATE_MAX], uint64_t seconds);

#endif
