/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_PROXY_PROTOCOL_H
#define SERVER_NET_PROXY_PROTOCOL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The header that a proxy puts in front of a client's bytes, to say whose they are: HAProxy's
 * "The PROXY protocol", versions 1 (a line, §2.1) and 2 (binary, §2.2).
 *
 * Threads: any; no state.
 */

/* A longer one is refused; version 1 has 107 at most, and of version 2's extensions few are sent.
 */
#define PROXY_PROTOCOL_MAX 2048

enum proxy_protocol_result {
	PROXY_PROTOCOL_WHOLE,
	PROXY_PROTOCOL_PART, /* as far as it goes; more has to come */
	PROXY_PROTOCOL_BAD,
};

struct proxy_protocol_header {
	size_t length; /* the client's own bytes begin behind it */

	/*
	 * `client` is set.  Else the connection is the proxy's own, such as its health check, or
	 * from somewhere that has no address of IPv4 or IPv6: its own address stands.
	 */
	bool has_client;
	struct sockaddr_in6 client; /* as peer.h has it */
};

/*
 * Read what a connection begins with.  `header` is set when it is whole.  A checksum
 * (PP2_TYPE_CRC32C) is verified where there is one; all other extensions are passed over.
 */
enum proxy_protocol_result proxy_protocol_read(const char *bytes, size_t length,
                                               struct proxy_protocol_header *header);

#endif
