/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_reader: requests, and the WebSocket handshake that one may be. */
#include <stdlib.h>

#include "protocols/http/http_reader.h"
#include "protocols/http/websocket_handshake.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

static const struct http_limits limits = {.head_bytes = 1024, .body_bytes = 256};
static const char *const subprotocols[] = {"text.ircv3.net", "binary.ircv3.net", NULL};

static void note(struct buffer *out, const struct http_request *request)
{
	unsigned status = websocket_handshake_check(request);

	require(request->path.length > 0 && request->body.length <= limits.body_bytes);
	require(request->field_count <= HTTP_FIELDS_MAX);
	buffer_printf(out, "%d 1.%u %d %u ", (int)request->method, request->minor_version,
	              request->keep_alive, status);
	buffer_append(out, request->path.bytes, request->path.length);
	buffer_append_byte(out, '\n');
	for (size_t i = 0; i < request->field_count; i++) {
		const struct http_field *field = &request->fields[i];

		require(field->name.length > 0 && field->value.bytes != NULL);
		buffer_append(out, field->name.bytes, field->name.length);
		buffer_append(out, field->value.bytes, field->value.length);
		buffer_append_byte(out, '\n');
	}
	if (request->body.bytes != NULL) {
		buffer_append(out, request->body.bytes, request->body.length);
	}
	if (status == 0) {
		websocket_handshake_answer(out, request,
		                           websocket_handshake_subprotocol(request, subprotocols));
	}
}

/* Reads on until the piece is taken or the reader refuses. */
static void take(struct http_reader *reader, const char *bytes, size_t length, struct buffer *out)
{
	size_t done = 0;

	while (done < length && reader->state != HTTP_READER_REFUSED) {
		size_t taken = http_reader_take(reader, bytes + done, length - done);

		require(taken <= length - done);
		done += taken;
		if (reader->state == HTTP_READER_WHOLE) {
			struct http_request *request = http_reader_give(reader);

			note(out, request);
			http_request_destroy(request);
		}
	}
}

static void read_requests(const uint8_t *data, size_t size, struct fuzz_cuts *cuts,
                          struct buffer *out)
{
	struct http_reader reader;

	http_reader_init(&reader, &limits);
	for (size_t at = 0; at < size && reader.state != HTTP_READER_REFUSED;) {
		size_t cut = fuzz_cuts_next(cuts, size - at);
		char *copy = fuzz_copy(data + at, cut);

		take(&reader, copy, cut, out);
		at += cut;
		free(copy);
	}
	if (reader.state == HTTP_READER_REFUSED) {
		require(reader.status >= 400 && reader.status <= 505);
		buffer_printf(out, "refused %u", reader.status);
	} else {
		buffer_printf(out, "state %d", (int)reader.state);
	}
	http_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	fuzz_cuts_init(&cuts, data, size);
	read_requests(data, size, NULL, &whole);
	read_requests(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
