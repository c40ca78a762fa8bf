/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/sse_reader: a stream of server-sent events. */
#include <stdlib.h>

#include "ingest/sse_reader.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

static void note(struct buffer *out, const struct sse_reader *reader,
                 enum sse_reader_outcome outcome, const struct sse_reader_event *event)
{
	struct text id = sse_reader_last_id(reader);

	require(sse_reader_id_is_valid(id));
	require(event->type.length > 0 && event->type.length <= SSE_READER_TYPE_MAX);
	require(sse_reader_retry_ms(reader) <= SSE_READER_RETRY_MAX_MS);
	buffer_printf(out, "%d %zu ", (int)outcome, id.length);
	buffer_append(out, event->type.bytes, event->type.length);
	if (outcome == SSE_READER_EVENT) {
		require(event->data.length <= SSE_READER_EVENT_MAX);
		buffer_append(out, event->data.bytes, event->data.length);
	}
	buffer_append_byte(out, '\n');
}

static void read_events(const uint8_t *data, size_t size, struct fuzz_cuts *cuts,
                        struct buffer *out)
{
	struct sse_reader reader;
	struct sse_reader_event event;
	enum sse_reader_outcome outcome;

	sse_reader_init(&reader, (struct text){NULL, 0});
	for (size_t at = 0; at < size;) {
		size_t cut = fuzz_cuts_next(cuts, size - at);
		char *copy = fuzz_copy(data + at, cut);
		struct text rest = {copy, cut};

		while ((outcome = sse_reader_next(&reader, &rest, &event)) != SSE_READER_MORE) {
			note(out, &reader, outcome, &event);
		}
		require(rest.length == 0);
		at += cut;
		free(copy);
	}
	buffer_printf(out, "%u", (unsigned)sse_reader_retry_ms(&reader));
	sse_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	fuzz_cuts_init(&cuts, data, size);
	read_events(data, size, NULL, &whole);
	read_events(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
