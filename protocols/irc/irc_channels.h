/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_CHANNELS_H
#define PROTOCOLS_IRC_IRC_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/irc/irc_name.h"
#include "server/feed/wiki_name.h"

/*
 * Channels, and sets of them sorted by name: those that exist in a worker, those
 * that a session has joined.  Names compare without ASCII case (CASEMAPPING=ascii).
 *
 * A sorted array and not a hash table, since a set is searched by name and listed in
 * order, and a thousand channels are ten comparisons.
 *
 * Threads: the worker's.
 */
struct irc_channel {
	char name[WIKI_CHANNEL_MAX + 1];   /* as first spelt; NUL-terminated, as is the next */
	char folded[WIKI_CHANNEL_MAX + 1]; /* in lower case: what is compared */
	bool is_mask;                      /* "#*.wikipedia": all channels that it fits */
	unsigned members;                  /* sessions that have joined it */
};

/* All zero is the empty set.  It refers to its channels and owns none. */
struct irc_channels {
	struct irc_channel **items; /* sorted by `folded` */
	size_t count;
	size_t capacity;
};

/*
 * Gives a channel, to be ended with free().  `name` is one of wiki_channel_is_valid()
 * or irc_name_is_mask().
 */
struct irc_channel *irc_channel_create(struct text name);

/* Lends the channel of this name in any case; NULL without one, and for an invalid name. */
struct irc_channel *irc_channels_find(const struct irc_channels *channels, struct text name);

/* How many channels of the set come up to this folded name, a channel of that name included. */
size_t irc_channels_rank_behind(const struct irc_channels *channels, const char *folded);

/* Whether this channel is in the set. */
bool irc_channels_has(const struct irc_channels *channels, const struct irc_channel *channel);

/* How many channels of the set come before this one, whether it is in the set or not. */
size_t irc_channels_rank(const struct irc_channels *channels, const struct irc_channel *channel);

/* Put a channel in; false when it was in. */
bool irc_channels_add(struct irc_channels *channels, struct irc_channel *channel);

/* Take a channel out; false when it was not in. */
bool irc_channels_remove(struct irc_channels *channels, const struct irc_channel *channel);

/* Empty the set and free what it holds itself. */
void irc_channels_finish(struct irc_channels *channels);

#endif
