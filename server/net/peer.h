/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_PEER_H
#define SERVER_NET_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "conf/conf_member.h"

/*
 * Who is at the other end: an address and a port, IPv4 as IPv4-mapped IPv6
 * (RFC 4291 §2.5.5.2), so that there is one form to keep and to compare.
 *
 * Threads: any; no state.
 */
#define PEER_TEXT_MAX     64
#define PEER_ADDRESS_BITS 128

/* Write `address` in the mapped form; another family than these two gives `::` and port 0. */
void peer_map(const struct sockaddr *address, struct sockaddr_in6 *peer);

/* Whether the address is in one of the networks. */
bool peer_is_in(const struct sockaddr_in6 *peer, const struct conf_networks *networks);

/*
 * What counts as one address where a client has as many as it likes: an IPv6 address's first
 * `ipv6_prefix` bits, 1 to 128, with zeros behind them; an IPv4 one as it is.
 */
struct in6_addr peer_network(const struct sockaddr_in6 *peer, unsigned ipv6_prefix);

/*
 * Writes "192.0.2.1:4711" or "[2001:db8::1]:4711" to `text`, and lends it back.  Port 0, as of
 * a client that a proxy told of, is left out: "2001:db8::1".
 */
const char *peer_text(const struct sockaddr_in6 *peer, char text[PEER_TEXT_MAX]);

/* Writes "192.0.2.1" or "2001:db8::1" to `text`, and lends it back. */
const char *peer_address_text(const struct sockaddr_in6 *peer, char text[PEER_TEXT_MAX]);

#endif
