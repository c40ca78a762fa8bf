/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_BUS_H
#define SERVER_FEED_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/feed/change.h"
#include "server/feed/delivery.h"

/*
 * The bus: a change goes in once and comes out at every subscriber that asked for
 * its wiki or its channel.
 *
 *   worker ── bus_publish() ──> bus ── ops->deliver() ──> subscriber
 *
 * Who gets the changes of a name is worked out at the first of them after a subscription came or
 * went, which pays for it; else publishing costs two look-ups and the receivers.  Subscribing
 * itself matches nothing.
 * The bus queues nothing: a slow client is the business of its outbox.
 *
 * Threads: the worker's.
 */
struct bus;
struct subscriber;
struct bus_link;

/* What a subscription names.  Channels compare without ASCII case, wikis with it. */
enum bus_field { BUS_WIKI, BUS_CHANNEL, BUS_FIELDS };

struct subscriber_ops {
	/*
	 * A change you asked for, once however many of your subscriptions match.  It is
	 * lent: delivery_ref() to keep it.  Must not publish; may subscribe and
	 * unsubscribe anyone, itself included: one that has left gets nothing more.
	 */
	void (*deliver)(struct subscriber *subscriber, struct delivery *delivery);
};

/* One receiver.  Embed it, all zero, in a session and set `ops` before subscribing. */
struct subscriber {
	const struct subscriber_ops *ops;
	struct bus_link *links; /* bus-private */
	unsigned subscriptions; /* how many it has; read only */
	bool is_uncounted;      /* bus_count() passes it over: it is the server's own */
	uint64_t gathering;     /* bus-private: the last that listed it */
	uint64_t publication;   /* bus-private: the last that was delivered to it */
};

/* Gives a bus. */
struct bus *bus_create(void);

/* Every subscriber must have left; asserts it.  NULL does nothing. */
void bus_destroy(struct bus *bus);

/*
 * Deliver what `text` names from now on: a pattern when
 * subscription_is_pattern(), else that very name.  False, and nothing is done, when
 * this subscriber has it already.  `text` is copied; 1 to SUBSCRIPTION_TEXT_MAX
 * bytes.
 */
bool bus_subscribe(struct bus *bus, struct subscriber *subscriber, enum bus_field field,
                   struct text text);

/* Stop the subscription with this very text.  False when there is none. */
bool bus_unsubscribe(struct bus *bus, struct subscriber *subscriber, enum bus_field field,
                     struct text text);

/* Stop them all. */
void bus_leave(struct bus *bus, struct subscriber *subscriber);

/*
 * Deliver to everyone who asked, of those who asked for the channel the patterns first, in
 * the order in which they came to the bus.  Lent.
 */
void bus_publish(struct bus *bus, struct delivery *delivery);

/*
 * Whether this subscriber has asked for this change, published or not.  No text is compared but
 * names: it costs a look at each of its subscriptions.  Not from within deliver().
 */
bool bus_wants(struct bus *bus, const struct subscriber *subscriber, const struct change *change);

/*
 * The same, of those subscriptions only that it has had since before the change was published,
 * so that they have brought it, or will.  At the same cost, and not from within deliver() either.
 */
bool bus_brings(struct bus *bus, const struct subscriber *subscriber, const struct change *change);

/* How many subscriptions there are, to names or to patterns. */
size_t bus_count(const struct bus *bus, enum bus_field field, bool is_pattern);

/*
 * Call `visit` with the text of each of a subscriber's subscriptions, lent, in the order they were
 * made; until it says false.
 */
void bus_each(const struct subscriber *subscriber,
              bool (*visit)(void *context, enum bus_field field, struct text text), void *context);

#endif
