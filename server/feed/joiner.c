/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue is a ring.  Ids follow one another, so the place of a held change is its id
 * less that of the first.  The wikis stand in the table in the order in which they last
 * met (uthash keeps that of insertion), the longest ago in front.
 */
#include "server/feed/joiner.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/base/table.h"

/* A power of two with room for one over the limit. */
#define RING_SIZE (2 * (size_t)JOINER_HELD_MAX)

struct held {
	struct change *change;
	uint64_t due_ms;
	bool is_waiting; /* for its other form */
};

/* One whose changes have come in both forms. */
struct wiki {
	UT_hash_handle hh;
	unsigned misses; /* in a row */
	size_t channel_length;
	char channel[];
};

struct joiner {
	uint64_t window_ms;
	struct held *ring;
	size_t first, count;
	struct wiki *wikis;
};

struct joiner *joiner_create(uint64_t window_ms)
{
	struct joiner *joiner = mem_new(struct joiner);

	joiner->window_ms = window_ms;
	joiner->ring = mem_zeroed(RING_SIZE * sizeof(joiner->ring[0]));
	return joiner;
}

/* The one at this place of the queue. */
static struct held *held_at(const struct joiner *joiner, size_t index)
{
	return &joiner->ring[(joiner->first + index) % RING_SIZE];
}

/* --- the wikis ---------------------------------------------------------------- */

static struct wiki *find_wiki(const struct joiner *joiner, struct text channel)
{
	struct wiki *wiki;

	HASH_FIND(hh, joiner->wikis, channel.bytes, channel.length, wiki);
	return wiki;
}

static void forget_wiki(struct joiner *joiner, struct wiki *wiki)
{
	HASH_DEL(joiner->wikis, wiki);
	free(wiki);
}

/* Two forms have met: it is the last to be forgotten now. */
static void note_met(struct joiner *joiner, struct text channel)
{
	struct wiki *wiki = find_wiki(joiner, channel);

	if (wiki != NULL) {
		forget_wiki(joiner, wiki);
	} else if (HASH_COUNT(joiner->wikis) == JOINER_WIKIS_MAX) {
		forget_wiki(joiner, joiner->wikis);
	}
	wiki = mem_zeroed(sizeof(*wiki) + channel.length);
	memcpy(wiki->channel, channel.bytes, channel.length);
	wiki->channel_length = channel.length;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a table ends with its last */
	HASH_ADD(hh, joiner->wikis, channel, channel.length, wiki);
}

static void note_missed(struct joiner *joiner, struct text channel)
{
	struct wiki *wiki = find_wiki(joiner, channel);

	if (wiki != NULL && ++wiki->misses == JOINER_MISSES_MAX) {
		forget_wiki(joiner, wiki);
	}
}

/* --- the queue ---------------------------------------------------------------- */

void joiner_destroy(struct joiner *joiner)
{
	struct change *change;

	if (joiner == NULL) {
		return;
	}
	while ((change = joiner_take(joiner, UINT64_MAX)) != NULL) {
		change_unref(change);
	}
	while (joiner->wikis != NULL) {
		forget_wiki(joiner, joiner->wikis);
	}
	free(joiner->ring);
	free(joiner);
}

/* Whether a change is worth waiting for. */
static bool is_awaited(const struct joiner *joiner, const struct change *change)
{
	return joiner->window_ms > 0 &&
	       (change->type == CHANGE_EDIT || change->type == CHANGE_NEW ||
	        change->type == CHANGE_LOG) &&
	       find_wiki(joiner, change->channel) != NULL;
}

void joiner_add(struct joiner *joiner, struct change *change, bool may_wait, uint64_t now_ms)
{
	struct held *held = held_at(joiner, joiner->count);
	bool is_waiting = may_wait && is_awaited(joiner, change);

	require(joiner->count < RING_SIZE);
	require(joiner->count == 0 || change->id == held_at(joiner, 0)->change->id + joiner->count);
	*held = (struct held){
	    .change = change,
	    .due_ms = is_waiting ? now_ms + joiner->window_ms : now_ms,
	    .is_waiting = is_waiting,
	};
	joiner->count++;
}

/* The held change with this id; NULL when it is not held, or not held any more. */
static struct held *find_held(const struct joiner *joiner, uint64_t id)
{
	uint64_t first_id = joiner->count > 0 ? held_at(joiner, 0)->change->id : 0;

	return id >= first_id && id - first_id < joiner->count
	           ? held_at(joiner, (size_t)(id - first_id))
	           : NULL;
}

void joiner_join(struct joiner *joiner, uint64_t id, const struct change *change)
{
	struct held *held = find_held(joiner, id);
	struct change *first;

	if (joiner->window_ms > 0) {
		note_met(joiner, change->channel);
	}
	if (held == NULL || !held->is_waiting) {
		return;
	}
	first = held->change;
	held->change =
	    first->is_from_line ? change_join(change, first) : change_join(first, change);
	held->change->id = first->id;
	held->change->arrived_ms = first->arrived_ms;
	held->due_ms = 0;
	held->is_waiting = false;
	change_unref(first);
}

struct change *joiner_take(struct joiner *joiner, uint64_t now_ms)
{
	struct held *held = held_at(joiner, 0);

	if (joiner->count == 0 || (held->due_ms > now_ms && joiner->count <= JOINER_HELD_MAX)) {
		return NULL;
	}
	if (held->is_waiting) {
		note_missed(joiner, held->change->channel);
	}
	joiner->first = (joiner->first + 1) % RING_SIZE;
	joiner->count--;
	return held->change;
}

uint64_t joiner_due_ms(const struct joiner *joiner)
{
	return joiner->count > 0 ? held_at(joiner, 0)->due_ms : UINT64_MAX;
}
