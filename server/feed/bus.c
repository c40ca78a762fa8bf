/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asked for what, kept in both directions:
 *
 *   subscriber ──< link >── interest ──<>── roster
 *
 * An interest is a text that someone subscribed to, once however many did; a
 * roster is a name that changes came for.  A pattern meets a roster when either is new:
 * it is matched against a name once, not once a change, and keeps a bit for each that
 * it fits.  Clients may subscribe to thousands of patterns that fit every name: a bit is all that
 * one may cost.  A roster's receivers are put together again at the first change after a
 * subscription of one of its interests came or went.
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
	struct bus_link *prev, *next;         /* interest.links */
	struct bus_link *prev_own, *next_own; /* subscriber.links */
};

/* Pointers that come and go without order. */
struct pointers {
	void **items;
	size_t count;
	size_t capacity;
};

struct roster {
	size_t number;             /* its place in bus.numbered */
	struct pointers receivers; /* struct subscriber, NULL for one that left while publishing */
	bool is_stale;             /* receivers are not what the interests say */
	UT_hash_handle hh;
	size_t name_length;
	char name[];
};

struct interest {
	struct bus_link *links;
	uint64_t *fits; /* of a pattern: a bit for each roster, by its number */
	size_t fits_words;
	enum bus_field field;
	bool is_pattern;
	struct interest *prev, *next; /* bus.patterns, when it is one */
	UT_hash_handle hh;
	size_t text_length;
	char text[];
};

struct bus {
	struct interest *interests[BUS_FIELDS]; /* table by text */
	struct interest *patterns[BUS_FIELDS];  /* those of them that are patterns */
	struct roster *rosters[BUS_FIELDS];     /* table by name */
	struct pointers numbered[BUS_FIELDS];   /* struct roster: the same */
	struct roster *publishing;              /* whose receivers are being walked */
	uint64_t gatherings;
	uint64_t publications;
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

static void grow_fits(struct interest *pattern, size_t words)
{
	pattern->fits = mem_resize(pattern->fits, words * sizeof(pattern->fits[0]));
	memset(pattern->fits + pattern->fits_words, 0,
	       (words - pattern->fits_words) * sizeof(pattern->fits[0]));
	pattern->fits_words = words;
}

static void meet(struct interest *pattern, struct roster *roster)
{
	size_t word = roster->number / WORD_BITS;

	if (subscription_matches(interest_text(pattern), roster_name(roster))) {
		if (word >= pattern->fits_words) {
			grow_fits(pattern, word + 1);
		}
		pattern->fits[word] |= UINT64_C(1) << (roster->number % WORD_BITS);
		roster->is_stale = true;
	}
}

static bool fits(const struct interest *pattern, const struct roster *roster)
{
	size_t word = roster->number / WORD_BITS;

	return word < pattern->fits_words &&
	       (pattern->fits[word] >> (roster->number % WORD_BITS) & 1) != 0;
}

static void forget_rosters(struct bus *bus, enum bus_field field)
{
	struct roster *roster, *next;
	struct interest *pattern;

	DL_FOREACH (bus->patterns[field], pattern) {
		free(pattern->fits);
		pattern->fits = NULL;
		pattern->fits_words = 0;
	}
	HASH_ITER (hh, bus->rosters[field], roster, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a table ends with its last */
		HASH_DEL(bus->rosters[field], roster);
		free(roster->receivers.items);
		free(roster);
	}
	bus->numbered[field].count = 0;
}

static struct roster *roster_create(struct bus *bus, enum bus_field field, struct text name)
{
	struct roster *roster = mem_zeroed(sizeof(*roster) + name.length);
	struct interest *pattern;

	if (bus->numbered[field].count >= ROSTERS_MAX) {
		forget_rosters(bus, field);
	}
	memcpy(roster->name, name.bytes, name.length);
	roster->name_length = name.length;
	roster->number = bus->numbered[field].count;
	roster->is_stale = true;
	DL_FOREACH (bus->patterns[field], pattern) {
		meet(pattern, roster);
	}
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
		DL_APPEND(bus->patterns[field], interest);
		for (size_t i = 0; i < bus->numbered[field].count; i++) {
			meet(interest, bus->numbered[field].items[i]);
		}
	}
	return interest;
}

static void interest_destroy(struct bus *bus, struct interest *interest)
{
	if (interest->is_pattern) {
		DL_DELETE(bus->patterns[interest->field], interest);
	}
	HASH_DEL(bus->interests[interest->field], interest);
	free(interest->fits);
	free(interest);
}

static void mark_pattern_stale(struct bus *bus, const struct interest *pattern)
{
	const struct pointers *numbered = &bus->numbered[pattern->field];

	for (size_t i = 0; i < numbered->count; i++) {
		struct roster *roster = numbered->items[i];

		roster->is_stale = roster->is_stale || fits(pattern, roster);
	}
}

static void mark_rosters_stale(struct bus *bus, const struct interest *interest)
{
	struct roster *roster;

	if (interest->is_pattern) {
		mark_pattern_stale(bus, interest);
		return;
	}
	HASH_FIND(hh, bus->rosters[interest->field], interest->text, interest->text_length, roster);
	if (roster != NULL) {
		roster->is_stale = true;
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
		if (fits(interest, roster)) {
			add_receivers(roster, interest, gathering);
		}
	}
	HASH_FIND(hh, bus->interests[field], roster->name, roster->name_length, interest);
	if (interest != NULL && !interest->is_pattern) {
		add_receivers(roster, interest, gathering);
	}
	roster->is_stale = false;
}

/* Whether this field of a change can be asked for at all by anyone now. */
static bool is_asked_for(const struct bus *bus, enum bus_field field, struct text name)
{
	return bus->interests[field] != NULL && name.length <= SUBSCRIPTION_TEXT_MAX;
}

/* The roster of a folded name, made when it is new. */
static struct roster *need_roster(struct bus *bus, enum bus_field field, struct text name)
{
	struct roster *roster;

	HASH_FIND(hh, bus->rosters[field], name.bytes, name.length, roster);
	return roster != NULL ? roster : roster_create(bus, field, name);
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
	if (roster->is_stale) {
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
	publish_to(bus, BUS_WIKI, change->wiki, delivery);
	publish_to(bus, BUS_CHANNEL, change->channel, delivery);
}

static bool wants_name(struct bus *bus, const struct subscriber *subscriber, enum bus_field field,
                       struct text name)
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

		if (interest->field == field &&
		    (interest->is_pattern ? fits(interest, roster) : is_same)) {
			return true;
		}
	}
	return false;
}

bool bus_wants(struct bus *bus, const struct subscriber *subscriber, const struct change *change)
{
	require(bus->publishing == NULL);
	return wants_name(bus, subscriber, BUS_WIKI, change->wiki) ||
	       wants_name(bus, subscriber, BUS_CHANNEL, change->channel);
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
