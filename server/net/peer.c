/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void map_ipv4(const struct sockaddr_in *ipv4, struct sockaddr_in6 *peer)
{
	uint8_t *mapped = peer->sin6_addr.s6_addr;

	peer->sin6_port = ipv4->sin_port;
	mapped[10] = 0xff;
	mapped[11] = 0xff;
	memcpy(mapped + 12, &ipv4->sin_addr, 4);
}

void peer_map(const struct sockaddr *address, struct sockaddr_in6 *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->sin6_family = AF_INET6;
	if (address->sa_family == AF_INET6) {
		memcpy(peer, address, sizeof(*peer));
	} else if (address->sa_family == AF_INET) {
		map_ipv4((const struct sockaddr_in *)(const void *)address, peer);
	}
}

static bool is_in_network(const struct in6_addr *address, const struct conf_network *network)
{
	unsigned bytes = network->prefix / 8;
	unsigned bits = network->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits);

	if (memcmp(&network->address, address, bytes) != 0) {
		return false;
	}
	return bits == 0 || (address->s6_addr[bytes] & mask) == network->address.s6_addr[bytes];
}

bool peer_is_in(const struct sockaddr_in6 *peer, const struct conf_networks *networks)
{
	for (size_t i = 0; i < networks->count; i++) {
		if (is_in_network(&peer->sin6_addr, &networks->items[i])) {
			return true;
		}
	}
	return false;
}

struct in6_addr peer_network(const struct sockaddr_in6 *peer, unsigned ipv6_prefix)
{
	struct in6_addr network = peer->sin6_addr;
	size_t whole = ipv6_prefix / 8;

	if (!IN6_IS_ADDR_V4MAPPED(&network) && whole < sizeof(network)) {
		network.s6_addr[whole] &= (uint8_t)(0xff00U >> (ipv6_prefix % 8));
		memset(network.s6_addr + whole + 1, 0, sizeof(network) - whole - 1);
	}
	return network;
}

const char *peer_address_text(const struct sockaddr_in6 *peer, char text[PEER_TEXT_MAX])
{
	const struct in6_addr *address = &peer->sin6_addr;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		(void)inet_ntop(AF_INET, address->s6_addr + 12, text, PEER_TEXT_MAX);
	} else {
		(void)inet_ntop(AF_INET6, address, text, PEER_TEXT_MAX);
	}
	return text;
}

const char *peer_text(const struct sockaddr_in6 *peer, char text[PEER_TEXT_MAX])
{
	char address[PEER_TEXT_MAX];
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr);

	if (peer->sin6_port == 0) {
		return peer_address_text(peer, text);
	}
	(void)snprintf(text, PEER_TEXT_MAX, is_ipv4 ? "%.50s:%u" : "[%.50s]:%u",
	               peer_address_text(peer, address), (unsigned)ntohs(peer->sin6_port));
	return text;
}
