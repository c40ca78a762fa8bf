/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets stand in a hash table, and in a list in the order in which their addresses came last.
 * Each look-up forgets at most FORGOTTEN_AT_ONCE of the oldest, and adds one: so those
 * that are full again go sooner than new ones come.
 */
#include "server/net/address_rates.h"

#include <stdlib.h>
#include <utlist.h>
#include <uv.h>

#include "server/base/memory.h"
#include "server/base/table.h"
#include "server/net/peer.h"

#define US_PER_SECOND     1000000
#define US_PER_MS         1000
#define FORGOTTEN_AT_ONCE 2

struct bucket {
	struct in6_addr network; /* the key */
	uint64_t full_us;        /* when it is full again */
	struct bucket *prev, *next;
	UT_hash_handle hh; /* address_rates.buckets */
};

struct address_rates {
	uv_mutex_t lock; /* over what follows */
	struct address_rates_options options;
	struct bucket *buckets; /* by network */
	struct bucket *oldest;  /* a list of the same ones */
	uint64_t now_us;        /* the latest that a caller told: workers' clocks differ a little */
};

static void check_options(const struct address_rates_options *options)
{
	require(options->rate == 0 || (options->rate >= ADDRESS_RATES_RATE_MIN &&
	                               options->rate <= ADDRESS_RATES_RATE_MAX));
	require(options->burst > 0);
	require(options->ipv6_prefix > 0 && options->ipv6_prefix <= PEER_ADDRESS_BITS);
}

/* --- buckets, under the lock ----------------------------------------------- */

static void forget(struct address_rates *rates, struct bucket *bucket)
{
	require(bucket != NULL && rates->buckets != NULL);
	HASH_DEL(rates->buckets, bucket);
	DL_DELETE(rates->oldest, bucket);
	free(bucket);
}

static void forget_full_ones(struct address_rates *rates, uint64_t now_us)
{
	for (int i = 0;
	     i < FORGOTTEN_AT_ONCE && rates->oldest != NULL && rates->oldest->full_us <= now_us;
	     i++) {
		forget(rates, rates->oldest);
	}
}

static void forget_all(struct address_rates *rates)
{
	while (rates->oldest != NULL) {
		forget(rates, rates->oldest);
	}
}

/* The bucket of a network, which comes last in the list now. */
static struct bucket *find_or_add(struct address_rates *rates, const struct in6_addr *network)
{
	struct bucket *bucket;

	HASH_FIND(hh, rates->buckets, network, sizeof(*network), bucket);
	if (bucket != NULL) {
		DL_DELETE(rates->oldest, bucket);
	} else {
		if (HASH_COUNT(rates->buckets) == ADDRESS_RATES_MAX) {
			forget(rates, rates->oldest);
		}
		bucket = mem_new(struct bucket);
		bucket->network = *network;
		HASH_ADD(hh, rates->buckets, network, sizeof(bucket->network), bucket);
	}
	DL_APPEND(rates->oldest, bucket);
	return bucket;
}

static bool take(struct address_rates *rates, const struct in6_addr *network, uint64_t now_us)
{
	const struct address_rates_options *options = &rates->options;
	struct bucket *bucket = find_or_add(rates, network);
	uint64_t cost_us = (uint64_t)(US_PER_SECOND / options->rate);
	uint64_t begin_us = bucket->full_us > now_us ? bucket->full_us : now_us;

	/* With this one the bucket must not be emptier than empty. */
	if (begin_us - now_us > cost_us * (options->burst - 1)) {
		return false;
	}
	bucket->full_us = begin_us + cost_us;
	return true;
}

/* --- from outside ------------------------------------------------------------ */

struct address_rates *address_rates_create(const struct address_rates_options *options)
{
	struct address_rates *rates = mem_new(struct address_rates);

	check_options(options);
	rates->options = *options;
	require(uv_mutex_init(&rates->lock) == 0);
	return rates;
}

void address_rates_destroy(struct address_rates *rates)
{
	if (rates == NULL) {
		return;
	}
	forget_all(rates);
	uv_mutex_destroy(&rates->lock);
	free(rates);
}

void address_rates_change(struct address_rates *rates, const struct address_rates_options *options)
{
	const struct address_rates_options *before = &rates->options;

	check_options(options);
	uv_mutex_lock(&rates->lock);
	if (options->rate != before->rate || options->burst != before->burst ||
	    options->ipv6_prefix != before->ipv6_prefix) {
		forget_all(rates);
	}
	rates->options = *options;
	uv_mutex_unlock(&rates->lock);
}

bool address_rates_take(struct address_rates *rates, const struct sockaddr_in6 *peer,
                        uint64_t now_ms)
{
	const struct address_rates_options *options = &rates->options;
	bool may_come = true;

	uv_mutex_lock(&rates->lock);
	if (now_ms * US_PER_MS > rates->now_us) {
		rates->now_us = now_ms * US_PER_MS;
	}
	if (options->rate > 0 &&
	    (options->unlimited == NULL || !peer_is_in(peer, options->unlimited))) {
		struct in6_addr network = peer_network(peer, options->ipv6_prefix);

		forget_full_ones(rates, rates->now_us);
		may_come = take(rates, &network, rates->now_us);
	}
	uv_mutex_unlock(&rates->lock);
	return may_come;
}

size_t address_rates_count(struct address_rates *rates)
{
	size_t count;

	uv_mutex_lock(&rates->lock);
	count = HASH_COUNT(rates->buckets);
	uv_mutex_unlock(&rates->lock);
	return count;
}
