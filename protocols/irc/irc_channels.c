/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_channels.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

#define CAPACITY_MIN 4

static void fold_name(struct text name, char folded[WIKI_CHANNEL_MAX + 1])
{
	for (size_t i = 0; i < name.length; i++) {
		folded[i] = irc_name_fold(name.bytes[i]);
	}
	folded[name.length] = '\0';
}

static bool is_valid(struct text name)
{
	return wiki_channel_is_valid(name.bytes, name.length) || irc_name_is_mask(name);
}

struct irc_channel *irc_channel_create(struct text name)
{
	struct irc_channel *channel = mem_new(struct irc_channel);

	require(is_valid(name));
	channel->is_mask = irc_name_is_mask(name);
	memcpy(channel->name, name.bytes, name.length);
	fold_name(name, channel->folded);
	return channel;
}

static size_t rank_of(const struct irc_channels *channels, const char *folded)
{
	size_t low = 0;
	size_t high = channels->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(channels->items[middle]->folded, folded) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct irc_channel *irc_channels_find(const struct irc_channels *channels, struct text name)
{
	char folded[WIKI_CHANNEL_MAX + 1];
	size_t rank;

	if (!is_valid(name)) {
		return NULL;
	}
	fold_name(name, folded);
	rank = rank_of(channels, folded);
	if (rank == channels->count || strcmp(channels->items[rank]->folded, folded) != 0) {
		return NULL;
	}
	return channels->items[rank];
}

size_t irc_channels_rank(const struct irc_channels *channels, const struct irc_channel *channel)
{
	return rank_of(channels, channel->folded);
}

size_t irc_channels_rank_behind(const struct irc_channels *channels, const char *folded)
{
	size_t rank = rank_of(channels, folded);

	return rank < channels->count && strcmp(channels->items[rank]->folded, folded) == 0
	           ? rank + 1
	           : rank;
}

static bool is_at(const struct irc_channels *channels, size_t rank,
                  const struct irc_channel *channel)
{
	return rank < channels->count && channels->items[rank] == channel;
}

bool irc_channels_has(const struct irc_channels *channels, const struct irc_channel *channel)
{
	return is_at(channels, irc_channels_rank(channels, channel), channel);
}

static void make_room(struct irc_channels *channels)
{
	if (channels->count == channels->capacity) {
		channels->capacity = channels->capacity > 0 ? 2 * channels->capacity : CAPACITY_MIN;
		channels->items =
		    mem_resize(channels->items, channels->capacity * sizeof(struct irc_channel *));
	}
}

bool irc_channels_add(struct irc_channels *channels, struct irc_channel *channel)
{
	size_t rank = irc_channels_rank(channels, channel);

	if (is_at(channels, rank, channel)) {
		return false;
	}
	make_room(channels);
	memmove(channels->items + rank + 1, channels->items + rank,
	        (channels->count - rank) * sizeof(struct irc_channel *));
	channels->items[rank] = channel;
	channels->count++;
	return true;
}

bool irc_channels_remove(struct irc_channels *channels, const struct irc_channel *channel)
{
	size_t rank = irc_channels_rank(channels, channel);

	if (!is_at(channels, rank, channel)) {
		return false;
	}
	channels->count--;
	memmove(channels->items + rank, channels->items + rank + 1,
	        (channels->count - rank) * sizeof(struct irc_channel *));
	return true;
}

void irc_channels_finish(struct irc_channels *channels)
{
	free(channels->items);
	*channels = (struct irc_channels){0};
}
