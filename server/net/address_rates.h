/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_ADDRESS_RATES_H
#define SERVER_NET_ADDRESS_RATES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf_member.h"

/*
 * How often each address comes: a bucket of `burst` connections, which gets `rate` new ones a
 * second until it is full.  Addresses are told apart as in address_limits.h.
 *
 * Nobody fills a bucket: what is kept is when it will be full, which each connection puts off by
 * its share of a second.  One that is full again says nothing, and is forgotten.  There are at
 * most ADDRESS_RATES_MAX, so that memory is flat whoever comes: for one more, that of the
 * address that has not come for longest is forgotten.
 *
 * Threads: any.  A lock is held for a look-up; nothing is called under it.
 */
#define ADDRESS_RATES_MAX      16384 /* buckets, of some 130 bytes each */
#define ADDRESS_RATES_RATE_MIN 0.001 /* of a rate that is not 0 */
#define ADDRESS_RATES_RATE_MAX 1000000

struct address_rates;

struct address_rates_options {
	double rate;          /* a second; 0: any number, else within the bounds above */
	unsigned burst;       /* at once, of an address that has not come for a while; from 1 */
	unsigned ipv6_prefix; /* bits that make one address of many, 1 to 128 */
	const struct conf_networks *unlimited; /* lent; not bound; NULL: none */
};

/* Gives rates by which nobody has come yet. */
struct address_rates *address_rates_create(const struct address_rates_options *options);

/* NULL does nothing. */
void address_rates_destroy(struct address_rates *rates);

/*
 * Have other bounds from now on, with what `options` lends until they change again.  Where
 * the figures differ everyone begins anew.
 */
void address_rates_change(struct address_rates *rates, const struct address_rates_options *options);

/*
 * Whether a client with this address (mapped, as peer.h has it) may come now; if so it has.  Time
 * is monotonic; that of several threads may differ by a little.
 */
bool address_rates_take(struct address_rates *rates, const struct sockaddr_in6 *peer,
                        uint64_t now_ms);

/* How many addresses are remembered. */
size_t address_rates_count(struct address_rates *rates);

#endif
