/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address is in the table while it has a place, so the table is never larger than what it
 * counts.  A place is the address's entry: all clients of one address share it, and
 * those that are not bound share one that is in no table.
 */
#include "server/net/address_limits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "server/base/memory.h"
#include "server/base/table.h"
#include "server/net/peer.h"

struct address_place {
	struct address_limits *limits;
	struct in6_addr network; /* the key: bits behind the prefix are 0 */
	size_t taken;
	UT_hash_handle hh; /* address_limits.places */
};

struct address_limits {
	uv_mutex_t lock; /* over what follows */
	struct address_limits_options options;
	struct address_place *places;
	struct address_place unlimited; /* of all that are not bound by per_address */
	size_t taken;
};

struct address_limits *address_limits_create(const struct address_limits_options *options)
{
	struct address_limits *limits = mem_new(struct address_limits);

	require(options->ipv6_prefix > 0 && options->ipv6_prefix <= PEER_ADDRESS_BITS);
	limits->options = *options;
	limits->unlimited.limits = limits;
	require(uv_mutex_init(&limits->lock) == 0);
	return limits;
}

void address_limits_destroy(struct address_limits *limits)
{
	if (limits == NULL) {
		return;
	}
	require(limits->taken == 0 && limits->places == NULL);
	uv_mutex_destroy(&limits->lock);
	free(limits);
}

void address_limits_set_total(struct address_limits *limits, unsigned total)
{
	uv_mutex_lock(&limits->lock);
	limits->options.total = total;
	uv_mutex_unlock(&limits->lock);
}

void address_limits_change(struct address_limits *limits,
                           const struct address_limits_options *options)
{
	require(options->ipv6_prefix > 0 && options->ipv6_prefix <= PEER_ADDRESS_BITS);
	uv_mutex_lock(&limits->lock);
	limits->options = *options;
	uv_mutex_unlock(&limits->lock);
}

/* --- addresses ---------------------------------------------------------- */

static bool is_unlimited(const struct address_limits_options *options,
                         const struct sockaddr_in6 *peer)
{
	return options->per_address == 0 ||
	       (options->unlimited != NULL && peer_is_in(peer, options->unlimited));
}

/* --- places, under the lock ---------------------------------------------- */

static struct address_place *find_or_add(struct address_limits *limits,
                                         const struct in6_addr *network)
{
	struct address_place *place;

	HASH_FIND(hh, limits->places, network, sizeof(*network), place);
	if (place == NULL) {
		place = mem_new(struct address_place);
		place->limits = limits;
		place->network = *network;
		HASH_ADD(hh, limits->places, network, sizeof(place->network), place);
	}
	return place;
}

/* One place more of an address, whatever all have; NULL when that address has its fill. */
static struct address_place *add(struct address_limits *limits, const struct sockaddr_in6 *peer)
{
	struct address_place *place = &limits->unlimited;

	if (peer != NULL && !is_unlimited(&limits->options, peer)) {
		struct in6_addr network = peer_network(peer, limits->options.ipv6_prefix);

		place = find_or_add(limits, &network);
		if (place->taken >= limits->options.per_address) {
			return NULL;
		}
	}
	place->taken++;
	return place;
}

static void drop(struct address_limits *limits, struct address_place *place)
{
	require(place->taken > 0);
	place->taken--;
	if (place->taken == 0 && place != &limits->unlimited) {
		HASH_DEL(limits->places, place);
		free(place);
	}
}

static struct address_place *take(struct address_limits *limits, const struct sockaddr_in6 *peer,
                                  enum close_reason *reason)
{
	struct address_place *place;

	if (limits->options.total > 0 && limits->taken >= limits->options.total) {
		*reason = CLOSE_LIMIT;
		return NULL;
	}
	place = add(limits, peer);
	if (place == NULL) {
		*reason = CLOSE_ADDRESS_LIMIT;
		return NULL;
	}
	limits->taken++;
	return place;
}

/* --- from outside --------------------------------------------------------- */

struct address_place *address_limits_enter(struct address_limits *limits,
                                           const struct sockaddr_in6 *peer,
                                           enum close_reason *reason)
{
	struct address_place *place;

	uv_mutex_lock(&limits->lock);
	place = take(limits, peer, reason);
	uv_mutex_unlock(&limits->lock);
	return place;
}

struct address_place *address_limits_move(struct address_place *place,
                                          const struct sockaddr_in6 *peer)
{
	struct address_limits *limits = place->limits;
	struct address_place *moved;

	uv_mutex_lock(&limits->lock);
	moved = add(limits, peer);
	if (moved != NULL) {
		drop(limits, place);
	}
	uv_mutex_unlock(&limits->lock);
	return moved;
}

void address_limits_leave(struct address_place *place)
{
	struct address_limits *limits;

	if (place == NULL) {
		return;
	}
	limits = place->limits;
	uv_mutex_lock(&limits->lock);
	drop(limits, place);
	limits->taken--;
	uv_mutex_unlock(&limits->lock);
}

void address_limits_figures(struct address_limits *limits, struct address_figures *figures)
{
	uv_mutex_lock(&limits->lock);
	figures->taken = limits->taken;
	figures->addresses = HASH_COUNT(limits->places);
	figures->total = limits->options.total;
	figures->per_address = limits->options.per_address;
	uv_mutex_unlock(&limits->lock);
}
