/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asked for what, kept in both directions:
 *
 *   subscriber ──< link >── interest ──<>── roster
 *
 * An interest is a text that someone subscribed to, once however many did; a
 * roster is a name that changes came for.  A roster meets the patterns that are new to it when
 * it is needed next: a pattern is matched against a name once, not once a change, and keeps a bit
 * for each that it fits.  Until then it costs nothing, so that a client gains nothing by
 * subscribing and unsubscribing in a loop.  Clients may subscribe to thousands of patterns that
 * fit every name: a bit is all that one may cost.  A roster's receivers are put together again at
 * the first change after a subscription of one of its interests came or went.
 *
 * Rosters are only remembered knowledge: with too many of them all are forgotten.
 */
#include "server/feed/bus.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "server/base/memory.h"
#include "server/base/table.h"
#include "server/feed/subscription.h"

#define ROSTERS_MAX 65536 /* names come from outside; some 1,000 wikis exist */
#define WORD_BITS   64

struct interest;

struct bus_link {
	struct subscriber *subscriber;
	struct interest *interest;
	uint64_t first_id;                    /* of the changes that are published for it */
	struct bus_link *prev, *next;         /* interest.links */
	struct bus_link *prev_own, *next_own; /* subscriber.links */
};

/* Pointers that come and go without order. */
struct pointers {
	void **items;
	size_t count;
	size_t capacity;
};

/* A bit for each roster, by its number; those behind the last word are 0. */
struct bits {
	uint64_t *words;
	size_t count;
};

struct roster {
	size_t number;             /* its place in bus.numbered */
	uint64_t patterns_met;     /* the number of the last pattern that it met */
	struct pointers receivers; /* struct subscriber, NULL for one that left while publishing */
	UT_hash_handle hh;
	size_t name_length;
	char name[];
};

struct interest {
	struct bus_link *links;
	struct bits fits; /* of a pattern: the rosters that have met it and that it fits */
	enum bus_field field;
	bool is_pattern;
	uint64_t number;              /* of a pattern: those that came later have higher ones */
	struct interest *prev, *next; /* bus.patterns, when it is one */
	UT_hash_handle hh;
	size_t text_length;
	char text[];
};

struct bus {
	struct interest *interests[BUS_FIELDS]; /* table by text */
	struct interest *patterns[BUS_FIELDS];  /* those of them that are patterns, by number */
	uint64_t last_pattern;                  /* its number */
	struct roster *rosters[BUS_FIELDS];     /* table by name */
	struct pointers numbered[BUS_FIELDS];   /* struct roster: the same */
	struct bits stale[BUS_FIELDS];          /* whose receivers are not what interests say */
	struct roster *publishing;              /* whose receivers are being walked */
	uint64_t gatherings;
	uint64_t publications;
	uint64_t last_id;             /* of the change that was published last */
	size_t counts[BUS_FIELDS][2]; /* subscriptions, to names and to patterns */
};

static void pointers_add(struct pointers *pointers, void *item)
{
	if (pointers->count == pointers->capacity) {
		pointers->capacity = pointers->capacity > 0 ? pointers->capacity * 2 : 4;
		pointers->items =
		    mem_resize(pointers->items, pointers->capacity * sizeof(*pointers->items));
	}
	pointers->items[pointers->count++] = item;
}

static bool bits_has(const struct bits *bits, size_t number)
{
	size_t word = number / WORD_BITS;

	return word < bits->count && (bits->words[word] >> (number % WORD_BITS) & 1) != 0;
}

static void bits_grow(struct bits *bits, size_t count)
{
	if (count > bits->count) {
		bits->words = mem_resize(bits->words, count * sizeof(bits->words[0]));
		memset(bits->words + bits->count, 0,
		       (count - bits->count) * sizeof(bits->words[0]));
		bits->count = count;
	}
}

static void bits_add(struct bits *bits, size_t number)
{
	bits_grow(bits, number / WORD_BITS + 1);
	bits->words[number / WORD_BITS] |= UINT64_C(1) << (number % WORD_BITS);
}

static void bits_add_all(struct bits *bits, const struct bits *others)
{
	bits_grow(bits, others->count);
	for (size_t i = 0; i < others->count; i++) {
		bits->words[i] |= others->words[i];
	}
}

/* Take one out that is in. */
static void bits_remove(struct bits *bits, size_t number)
{
	bits->words[number / WORD_BITS] &= ~(UINT64_C(1) << (number % WORD_BITS));
}

static void bits_finish(struct bits *bits)
{
	free(bits->words);
	*bits = (struct bits){0};
}

/* A name in the form it is compared in: channels folded, in `folded`; wikis as they are. */
static struct text fold(enum bus_field field, struct text text, char folded[SUBSCRIPTION_TEXT_MAX])
{
	if (field != BUS_CHANNEL) {
		return text;
	}
	for (size_t i = 0; i < text.length; i++) {
		char byte = text.bytes[i];

		folded[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
	}
	return (struct text){.bytes = folded, .length = text.length};
}

/* --- interests and rosters meet ----------------------------------------- */

static struct text roster_name(const struct roster *roster)
{
	return (struct text){.bytes = roster->name, .length = roster->name_length};
}

static struct text interest_text(const struct interest *interest)
{
	return (struct text){.bytes = interest->text, .length = interest->text_length};
}

/* The patterns that came since it did so last, from the newest back. */
static void meet_patterns(struct bus *bus, enum bus_field field, struct roster *roster)
{
	struct interest *oldest = bus->patterns[field];
	struct interest *pattern = oldest != NULL ? oldest->prev : NULL; /* the last of the list */

	while (pattern != NULL && pattern->number > roster->patterns_met) {
		if (subscription_matches(interest_text(pattern), roster_name(roster))) {
			bits_add(&pattern->fits, roster->number);
			bits_add(&bus->stale[field], roster->number);
		}
		pattern = pattern != oldest ? pattern->prev : NULL;
	}
	roster->patterns_met = bus->last_pattern;
}

static void forget_rosters(struct bus *bus, enum bus_field field)
{
	struct roster *roster, *next;
	struct interest *pattern;

	DL_FOREACH (bus->patterns[field], pattern) {
		bits_finish(&pattern->fits);
	}
	HASH_ITER (hh, bus->rosters[field], roster, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a table ends with its last */
		HASH_DEL(bus->rosters[field], roster);
		free(roster->receivers.items);
		free(roster);
	}
	bits_finish(&bus->stale[field]);
	bus->numbered[field].count = 0;
}

static struct roster *roster_create(struct bus *bus, enum bus_field field, struct text name)
{
	struct roster *roster = mem_zeroed(sizeof(*roster) + name.length);

	if (bus->numbered[field].count >= ROSTERS_MAX) {
		forget_rosters(bus, field);
	}
	memcpy(roster->name, name.bytes, name.length);
	roster->name_length = name.length;
	roster->number = bus->numbered[field].count;
	bits_add(&bus->stale[field], roster->number);
	pointers_add(&bus->numbered[field], roster);
	HASH_ADD(hh, bus->rosters[field], name, name.length, roster);
	return roster;
}

static struct interest *interest_create(struct bus *bus, enum bus_field field, struct text text)
{
	struct interest *interest = mem_zeroed(sizeof(*interest) + text.length);

	memcpy(interest->text, text.bytes, text.length);
	interest->text_length = text.length;
	interest->field = field;
	interest->is_pattern = subscription_is_pattern(text);
	HASH_ADD(hh, bus->interests[field], text, text.length, interest);
	if (interest->is_pattern) {
		interest->number = ++bus->last_pattern;
		DL_APPEND(bus->patterns[field], interest);
	}
	return interest;
}

static void interest_destroy(struct bus *bus, struct interest *interest)
{
	if (interest->is_pattern) {
		DL_DELETE(bus->patterns[interest->field], interest);
	}
	HASH_DEL(bus->interests[interest->field], interest);
	bits_finish(&interest->fits);
	free(interest);
}

static void mark_rosters_stale(struct bus *bus, const struct interest *interest)
{
	struct roster *roster;

	if (interest->is_pattern) {
		bits_add_all(&bus->stale[interest->field], &interest->fits);
		return;
	}
	HASH_FIND(hh, bus->rosters[interest->field], interest->text, interest->text_length, roster);
	if (roster != NULL) {
		bits_add(&bus->stale[interest->field], roster->number);
	}
}

static void count_link(struct bus *bus, const struct bus_link *link, size_t amount)
{
	if (!link->subscriber->is_uncounted) {
		bus->counts[link->interest->field][link->interest->is_pattern ? 1 : 0] += amount;
	}
}

/* --- subscribing -------------------------------------------------------- */

static struct bus_link *find_link(const struct subscriber *subscriber, enum bus_field field,
                                  struct text text)
{
	struct bus_link *link;

	DL_FOREACH2(subscriber->links, link, next_own)
	{
		const struct interest *interest = link->interest;

		if (interest->field == field && interest->text_length == text.length &&
		    memcmp(interest->text, text.bytes, text.length) == 0) {
			return link;
		}
	}
	return NULL;
}

bool bus_subscribe(struct bus *bus, struct subscriber *subscriber, enum bus_field field,
                   struct text text)
{
	char folded[SUBSCRIPTION_TEXT_MAX];
	struct interest *interest;
	struct bus_link *link;

	require(subscriber->ops != NULL && text.length > 0 && text.length <= SUBSCRIPTION_TEXT_MAX);
	text = fold(field, text, folded);
	HASH_FIND(hh, bus->interests[field], text.bytes, text.length, interest);
	if (interest == NULL) {
		interest = interest_create(bus, field, text);
	} else if (find_link(subscriber, field, text) != NULL) {
		return false;
	}
	link = mem_new(struct bus_link);
	link->subscriber = subscriber;
	link->interest = interest;
	link->first_id = bus->last_id + 1;
	DL_APPEND(interest->links, link);
	DL_APPEND2(subscriber->links, link, prev_own, next_own);
	subscriber->subscriptions++;
	count_link(bus, link, 1);
	mark_rosters_stale(bus, interest);
	return true;
}

/* Who left for good gets nothing more, even of the change being published. */
static void forget_receiver(struct bus *bus, const struct subscriber *subscriber)
{
	struct roster *roster = bus->publishing;

	if (roster == NULL || subscriber->links != NULL) {
		return;
	}
	for (size_t i = 0; i < roster->receivers.count; i++) {
		if (roster->receivers.items[i] == subscriber) {
			roster->receivers.items[i] = NULL;
		}
	}
}

static void unlink_one(struct bus *bus, struct bus_link *link)
{
	struct subscriber *subscriber = link->subscriber;
	struct interest *interest = link->interest;

	mark_rosters_stale(bus, interest);
	DL_DELETE(interest->links, link);
	DL_DELETE2(subscriber->links, link, prev_own, next_own);
	subscriber->subscriptions--;
	count_link(bus, link, (size_t)0 - 1);
	free(link);
	if (interest->links == NULL) {
		interest_destroy(bus, interest);
	}
	forget_receiver(bus, subscriber);
}

bool bus_unsubscribe(struct bus *bus, struct subscriber *subscriber, enum bus_field field,
                     struct text text)
{
	char folded[SUBSCRIPTION_TEXT_MAX];
	struct bus_link *link;

	if (text.length > SUBSCRIPTION_TEXT_MAX) {
		return false;
	}
	link = find_link(subscriber, field, fold(field, text, folded));
	if (link == NULL) {
		return false;
	}
	unlink_one(bus, link);
	return true;
}

void bus_leave(struct bus *bus, struct subscriber *subscriber)
{
	while (subscriber->links != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): unlink_one() has moved the head on */
		unlink_one(bus, subscriber->links);
	}
}

/* --- publishing --------------------------------------------------------- */

/* A subscriber with two interests that fit this name is listed once. */
static void add_receivers(struct roster *roster, const struct interest *interest,
                          uint64_t gathering)
{
	struct bus_link *link;

	DL_FOREACH (interest->links, link) {
		if (link->subscriber->gathering != gathering) {
			link->subscriber->gathering = gathering;
			pointers_add(&roster->receivers, link->subscriber);
		}
	}
}

static void gather_receivers(struct bus *bus, enum bus_field field, struct roster *roster)
{
	uint64_t gathering = ++bus->gatherings;
	struct interest *interest;

	roster->receivers.count = 0;
	DL_FOREACH (bus->patterns[field], interest) {
		if (bits_has(&interest->fits, roster->number)) {
			add_receivers(roster, interest, gathering);
		}
	}
	HASH_FIND(hh, bus->interests[field], roster->name, roster->name_length, interest);
	if (interest != NULL && !interest->is_pattern) {
		add_receivers(roster, interest, gathering);
	}
	bits_remove(&bus->stale[field], roster->number);
}

/* Whether this field of a change can be asked for at all by anyone now. */
static bool is_asked_for(const struct bus *bus, enum bus_field field, struct text name)
{
	return bus->interests[field] != NULL && name.length <= SUBSCRIPTION_TEXT_MAX;
}

/* The roster of a folded name, made when it is new; it has met every pattern. */
static struct roster *need_roster(struct bus *bus, enum bus_field field, struct text name)
{
	struct roster *roster;

	HASH_FIND(hh, bus->rosters[field], name.bytes, name.length, roster);
	if (roster == NULL) {
		roster = roster_create(bus, field, name);
	}
	meet_patterns(bus, field, roster);
	return roster;
}

static void publish_to(struct bus *bus, enum bus_field field, struct text name,
                       struct delivery *delivery)
{
	char folded[SUBSCRIPTION_TEXT_MAX];
	struct roster *roster;

	if (!is_asked_for(bus, field, name)) {
		return;
	}
	roster = need_roster(bus, field, fold(field, name, folded));
	if (bits_has(&bus->stale[field], roster->number)) {
		gather_receivers(bus, field, roster);
	}
	bus->publishing = roster;
	for (size_t i = 0; i < roster->receivers.count; i++) {
		struct subscriber *subscriber = roster->receivers.items[i];

		/* Who has got it by its wiki does not get it by its channel. */
		if (subscriber != NULL && subscriber->publication != bus->publications) {
			subscriber->publication = bus->publications;
			subscriber->ops->deliver(subscriber, delivery);
		}
	}
	bus->publishing = NULL;
}

void bus_publish(struct bus *bus, struct delivery *delivery)
{
	const struct change *change = delivery_change(delivery);

	require(bus->publishing == NULL);
	bus->publications++;
	bus->last_id = change->id;
	publish_to(bus, BUS_WIKI, change->wiki, delivery);
	publish_to(bus, BUS_CHANNEL, change->channel, delivery);
}

/* Whether one of the subscriptions that were there for the change with this id asks for a name. */
static bool asks_for(struct bus *bus, const struct subscriber *subscriber, enum bus_field field,
                     struct text name, uint64_t id)
{
	char folded[SUBSCRIPTION_TEXT_MAX];
	const struct roster *roster;
	const struct bus_link *link;

	if (!is_asked_for(bus, field, name)) {
		return false;
	}
	roster = need_roster(bus, field, fold(field, name, folded));
	DL_FOREACH2(subscriber->links, link, next_own)
	{
		const struct interest *interest = link->interest;
		bool is_same = interest->text_length == roster->name_length &&
		               memcmp(interest->text, roster->name, roster->name_length) == 0;

		if (interest->field == field && link->first_id <= id &&
		    (interest->is_pattern ? bits_has(&interest->fits, roster->number) : is_same)) {
			return true;
		}
	}
	return false;
}

static bool asks_for_change(struct bus *bus, const struct subscriber *subscriber,
                            const struct change *change, uint64_t id)
{
	require(bus->publishing == NULL);
	return asks_for(bus, subscriber, BUS_WIKI, change->wiki, id) ||
	       asks_for(bus, subscriber, BUS_CHANNEL, change->channel, id);
}

bool bus_wants(struct bus *bus, const struct subscriber *subscriber, const struct change *change)
{
	return asks_for_change(bus, subscriber, change, UINT64_MAX);
}

bool bus_brings(struct bus *bus, const struct subscriber *subscriber, const struct change *change)
{
	return asks_for_change(bus, subscriber, change, change->id);
}

size_t bus_count(const struct bus *bus, enum bus_field field, bool is_pattern)
{
	return bus->counts[field][is_pattern ? 1 : 0];
}

void bus_each(const struct subscriber *subscriber,
              bool (*visit)(void *context, enum bus_field field, struct text text), void *context)
{
	const struct bus_link *link;

	DL_FOREACH2(subscriber->links, link, next_own)
	{
		if (!visit(context, link->interest->field, interest_text(link->interest))) {
			return;
		}
	}
}

/* --- life --------------------------------------------------------------- */

struct bus *bus_create(void)
{
	return mem_new(struct bus);
}

void bus_destroy(struct bus *bus)
{
	if (bus == NULL) {
		return;
	}
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		require(bus->interests[field] == NULL);
		forget_rosters(bus, field);
		free(bus->numbered[field].items);
	}
	free(bus);
}
