/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/rcfeed_irc: an RC2UDP datagram, and the JSON that its line becomes. */
#include <stdlib.h>

#include "protocols/irc/irc_encode.h"
#include "protocols/irc/irc_message.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_irc.h"
#include "server/feed/rcfeed_json.h"
#include "test/fuzz/fuzz.h"

/* What was made of a line would be taken as RCFeed JSON, for the same wiki. */
static void read_again(const struct wiki_names *names, const struct change *made)
{
	enum drop_reason reason = DROP_REASONS;
	struct text json = change_json(made);
	struct change *change = rcfeed_json_read(names, json.bytes, json.length, &reason);

	require(change != NULL);
	fuzz_require_sound(change);
	require(change->type == made->type);
	require(change->wiki.length == made->wiki.length);
	change_unref(change);
}

static void encode(struct text line)
{
	struct buffer out = {0};

	irc_encode_text(&out, line, IRC_TEXT_MAX);
	require(out.length <= IRC_TEXT_MAX);
	fuzz_require_one_line((struct text){out.length > 0 ? out.bytes : "", out.length});
	buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);
	enum drop_reason reason = DROP_REASONS;
	char *copy = fuzz_copy(data, size);
	struct change *change = rcfeed_irc_read(names, copy, size, &reason);

	require(change != NULL || reason < DROP_REASONS);
	free(copy);
	if (change != NULL) {
		require(change->line.bytes != NULL && change->is_from_line);
		fuzz_require_sound(change);
		encode(change->line);
		read_again(names, change);
	}
	change_unref(change);
	wiki_names_destroy(names);
	return 0;
}
