/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_payload and socketio_packet: what a client posts. */
#include <stdlib.h>

#include "protocols/socketio/socketio_packet.h"
#include "protocols/socketio/socketio_payload.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

/* A packet that was understood is written as one that is understood, in the same bytes. */
static void write_back(const struct socketio_packet *packet)
{
	struct socketio_packet again;
	struct buffer once = {0};
	struct buffer twice = {0};

	require(packet->id.length <= SOCKETIO_ID_MAX);
	require(packet->endpoint.length <= SOCKETIO_ENDPOINT_MAX);
	socketio_packet_write(packet, &once);
	require(socketio_packet_read((struct text){once.bytes, once.length}, &again));
	require(again.type == packet->type && again.wants_answer == packet->wants_answer);
	socketio_packet_write(&again, &twice);
	fuzz_require_same(&once, &twice);
	buffer_finish(&once);
	buffer_finish(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct text payload = {copy, size};
	struct text bytes;
	size_t packets = 0;

	if (socketio_payload_is_valid(payload)) {
		while (socketio_payload_next(&payload, &bytes)) {
			struct socketio_packet packet;

			packets++;
			require(bytes.bytes >= copy && bytes.bytes + bytes.length <= copy + size);
			if (socketio_packet_read(bytes, &packet)) {
				write_back(&packet);
			}
		}
		require(packets <= SOCKETIO_PAYLOAD_PACKETS_MAX);
	}
	free(copy);
	return 0;
}
