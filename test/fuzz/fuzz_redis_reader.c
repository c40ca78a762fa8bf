/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/redis_reader and redis_stream_reply: what a Redis server answers. */
#include <stdlib.h>

#include "ingest/redis_reader.h"
#include "ingest/redis_stream_reply.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

#define BULK_MAX 65536 /* above any input: only then may cuts make no difference */

static void look_at(const struct redisReply *reply, struct buffer *out)
{
	const struct redisReply *entries = NULL;
	struct redis_stream_info info;
	struct redis_stream_entry entry;

	buffer_printf(out, "%d %d\n", reply->type, (int)redis_stream_reply_info(reply, &info));
	if (!redis_stream_reply_find(reply, "rc", &entries) || entries == NULL) {
		return;
	}
	for (size_t i = 0; i < entries->elements; i++) {
		if (redis_stream_reply_entry(entries->element[i], "data", &entry)) {
			buffer_append(out, entry.json.bytes, entry.json.length);
		}
	}
}

/* False when the server has broken the protocol. */
static bool take(struct redis_reader *reader, struct buffer *out)
{
	struct redisReply *reply;
	struct error error = {""};

	while (redis_reader_next(reader, &reply, &error)) {
		if (reply == NULL) {
			return true;
		}
		look_at(reply, out);
		freeReplyObject(reply);
	}
	require(error.text[0] != '\0');
	buffer_append_text(out, "broken");
	return false;
}

static void read_replies(const uint8_t *data, size_t size, struct fuzz_cuts *cuts,
                         struct buffer *out)
{
	struct redis_reader *reader = redis_reader_create(BULK_MAX);
	bool is_whole = true;

	for (size_t at = 0; at < size && is_whole;) {
		size_t cut = fuzz_cuts_next(cuts, size - at);
		char *copy = fuzz_copy(data + at, cut);

		redis_reader_feed(reader, copy, cut);
		free(copy);
		at += cut;
		is_whole = take(reader, out);
	}
	redis_reader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	if (size > BULK_MAX) {
		return 0;
	}
	fuzz_cuts_init(&cuts, data, size);
	read_replies(data, size, NULL, &whole);
	read_replies(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
