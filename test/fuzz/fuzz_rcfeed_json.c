/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/rcfeed_json: a datagram of RCFeed JSON, and the IRC line that it becomes. */
#include <stdlib.h>

#include "protocols/irc/irc_encode.h"
#include "protocols/irc/irc_message.h"
#include "server/base/memory.h"
#include "server/feed/rcfeed_json.h"
#include "test/fuzz/fuzz.h"

/* What stands before a change's text is never longer than half a line. */
static void encode(struct text text, size_t length_max)
{
	struct buffer out = {0};

	irc_encode_text(&out, text, length_max);
	require(out.length <= length_max);
	fuzz_require_one_line((struct text){out.length > 0 ? out.bytes : "", out.length});
	buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);
	enum drop_reason reason = DROP_REASONS;
	char *copy = fuzz_copy(data, size);
	struct change *change = rcfeed_json_read(names, copy, size, &reason);

	require(change != NULL || reason < DROP_REASONS);
	free(copy);
	if (change != NULL) {
		fuzz_require_sound(change);
		if (change->line.bytes != NULL) {
			encode(change->line, IRC_TEXT_MAX);
			encode(change->line, IRC_TEXT_MAX / 2);
		}
	}
	change_unref(change);
	wiki_names_destroy(names);
	return 0;
}
