/* SPDX-License-Identifier: Apache-2.0 */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/base/utf8.h"
#include "server/feed/wiki_name.h"

void fuzz_cuts_init(struct fuzz_cuts *cuts, const uint8_t *data, size_t size)
{
	cuts->longest = 8 + size / 64;
	cuts->state = 2166136261U; /* FNV-1a */
	for (size_t i = 0; i < size; i++) {
		cuts->state = (cuts->state ^ data[i]) * 16777619U;
	}
}

size_t fuzz_cuts_next(struct fuzz_cuts *cuts, size_t left)
{
	size_t cut;

	if (cuts == NULL) {
		return left;
	}
	cuts->state = cuts->state * 1664525U + 1013904223U;
	cut = 1 + (cuts->state >> 8) % cuts->longest;
	return cut < left ? cut : left;
}

char *fuzz_copy(const void *bytes, size_t length)
{
	char *copy = mem_resize(NULL, length > 0 ? length : 1);

	if (length > 0) {
		memcpy(copy, bytes, length);
	}
	return copy;
}

void fuzz_require_same(const struct buffer *left, const struct buffer *right)
{
	size_t same = 0;

	while (same < left->length && same < right->length &&
	       left->bytes[same] == right->bytes[same]) {
		same++;
	}
	if (same < left->length || same < right->length) {
		(void)fprintf(stderr, "the same up to byte %zu, then\n  \"%.*s\"\n  \"%.*s\"\n",
		              same, (int)(left->length - same), left->bytes + same,
		              (int)(right->length - same), right->bytes + same);
	}
	require(same == left->length && same == right->length);
}

void fuzz_require_one_line(struct text text)
{
	require(utf8_is_valid(text.bytes, text.length));
	require(memchr(text.bytes, '\r', text.length) == NULL);
	require(memchr(text.bytes, '\n', text.length) == NULL);
	require(memchr(text.bytes, '\0', text.length) == NULL);
}

void fuzz_require_sound(const struct change *change)
{
	struct text channel = change->channel;
	struct text json = change_json(change);

	require(wiki_server_name_is_valid(change->wiki.bytes, change->wiki.length));
	require(wiki_channel_is_valid(channel.bytes, channel.length) ||
	        (channel.length == 1 && channel.bytes[0] == '#'));
	fuzz_require_one_line(json);
	require(json.length >= 2 && json.length <= change->json_bytes && json.bytes[0] == '{');
	require(json.bytes[json.length - 1] == '}');
	if (change->line.bytes != NULL) {
		fuzz_require_one_line(change->line);
	}
}
