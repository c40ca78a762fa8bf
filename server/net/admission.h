/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_ADMISSION_H
#define SERVER_NET_ADMISSION_H

#include <stdbool.h>

#include "conf/conf_member.h"
#include "server/net/address_limits.h"
#include "server/net/address_rates.h"
#include "server/net/close_reason.h"

/*
 * Who may come in by a listener, as the configuration has it at the moment:
 *
 *   client ── is it in `allowed`? ── has its address a place? ── not too often? ──> let in
 *
 * One whose address only each of its requests tells, since a proxy brings them, is let in for
 * that proxy's sake; who reads the requests asks admission_allows() for each.
 *
 * Threads: any, as address_limits.h and address_rates.h.
 */
struct net;

/* All zero lets everyone in.  Lends what it points to, for as long as the configuration holds. */
struct admission {
	const struct conf_networks *allowed; /* NULL or empty: everyone */
	const struct conf_networks *trusted; /* proxies whose requests tell who asks; NULL: none */
	struct address_rates *rates;         /* NULL: as often as they like */
};

/* Whether a client with this address (mapped, as peer.h has it) may be served at all. */
bool admission_allows(const struct admission *admission, const struct sockaddr_in6 *peer);

/*
 * Let a client in: it gets a place of net.addresses, NULL when it has none of these.  False with
 * a `reason` otherwise: CLOSE_NOT_ALLOWED, CLOSE_ADDRESS_LIMIT, CLOSE_LIMIT or CLOSE_RATE_LIMIT.
 */
bool admission_enter(const struct admission *admission, struct net *net,
                     const struct sockaddr_in6 *peer, struct address_place **place,
                     enum close_reason *reason);

/*
 * The same for one that has the place of a proxy (NULL: it is not counted), and whose address is
 * known now: it gets one of its own in exchange.  False with a `reason`; it has one of the two
 * then.
 */
bool admission_move(const struct admission *admission, const struct net *net,
                    const struct sockaddr_in6 *peer, struct address_place **place,
                    enum close_reason *reason);

#endif
