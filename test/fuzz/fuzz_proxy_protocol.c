/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/proxy_protocol: what a connection begins with. */
#include "server/net/proxy_protocol.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

/* A header is the same whatever stands behind it, and a part of it is nothing else. */
static void read_again(const char *bytes, const struct proxy_protocol_header *header)
{
	struct proxy_protocol_header again;

	require(header->length > 0 && header->length <= PROXY_PROTOCOL_MAX);
	require(!header->has_client || header->client.sin6_family == AF_INET6);
	require(proxy_protocol_read(bytes, header->length, &again) == PROXY_PROTOCOL_WHOLE);
	require(again.length == header->length && again.has_client == header->has_client);
	for (size_t part = 0; part < header->length; part++) {
		require(proxy_protocol_read(bytes, part, &again) == PROXY_PROTOCOL_PART);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct proxy_protocol_header header;

	switch (proxy_protocol_read(copy, size, &header)) {
	case PROXY_PROTOCOL_WHOLE:
		read_again(copy, &header);
		break;
	case PROXY_PROTOCOL_PART:
		require(size < PROXY_PROTOCOL_MAX);
		break;
	default:
		require(size > 0);
	}
	free(copy);
	return 0;
}
