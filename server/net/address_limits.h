/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_ADDRESS_LIMITS_H
#define SERVER_NET_ADDRESS_LIMITS_H

#include <netinet/in.h>
#include <stddef.h>

#include "conf/conf_member.h"
#include "server/net/close_reason.h"

/*
 * Who takes how much of the whole process: a count for each client's address, and one of
 * all, each with a bound.  What is counted is its user's business: connections in one
 * of these, Socket.IO sessions in another.
 *
 *   client ── address_limits_enter() ──> place ── address_limits_leave() ──> room for the next
 *
 * An IPv6 client has as many addresses as it likes, so those that begin alike count as one
 * (ipv6_prefix); IPv4 ones count one by one.
 *
 * Threads: any.  A lock is held for a look-up; nothing is called under it.
 */
struct address_limits;
struct address_place;

struct address_limits_options {
	unsigned per_address;                  /* places of one address; 0: any number */
	unsigned total;                        /* places of all; 0: any number */
	unsigned ipv6_prefix;                  /* bits that make one address of many, 1 to 128 */
	const struct conf_networks *unlimited; /* lent; not bound by per_address; NULL: none */
};

/* Gives limits of which nothing is taken. */
struct address_limits *address_limits_create(const struct address_limits_options *options);

/* Every place must have been left.  NULL does nothing. */
void address_limits_destroy(struct address_limits *limits);

/* Bound all places together from now on; those that are taken stay.  0: any number. */
void address_limits_set_total(struct address_limits *limits, unsigned total);

/*
 * Have other bounds from now on, with what `options` lends until they change again.  Places that
 * are taken stay, and count for the address that they were taken for.
 */
void address_limits_change(struct address_limits *limits,
                           const struct address_limits_options *options);

/*
 * Gives a place to a client with this address (mapped, as peer.h has it), to be left
 * with address_limits_leave() by whoever has it then, on any thread.  NULL with a
 * `reason` when there is none: CLOSE_ADDRESS_LIMIT or CLOSE_LIMIT.  One whose address is
 * not known yet (NULL) is bound by `total` alone.
 */
struct address_place *address_limits_enter(struct address_limits *limits,
                                           const struct sockaddr_in6 *peer,
                                           enum close_reason *reason);

/*
 * Gives a place of another address in exchange for this one, for a client whose address was
 * learned late.  How many all have together stays, and does not matter here.  NULL when that
 * address has its fill; the old place is kept then.
 */
struct address_place *address_limits_move(struct address_place *place,
                                          const struct sockaddr_in6 *peer);

/* Leave a place.  NULL does nothing. */
void address_limits_leave(struct address_place *place);

struct address_figures {
	size_t taken;     /* places */
	size_t addresses; /* that have one, the unlimited ones apart */
	unsigned per_address, total;
};

/* Write how things stand. */
void address_limits_figures(struct address_limits *limits, struct address_figures *figures);

#endif
