/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/eventstreams_state.h"

#include <string.h>

#include "ingest/sse_reader.h"

#define HEAD "rcstreamd state 1\n"

void eventstreams_state_make(struct buffer *out, const char *url, struct text id)
{
	buffer_printf(out, HEAD "url %s\nid ", url);
	buffer_append(out, id.bytes, id.length);
	buffer_append_byte(out, '\n');
}

static bool skip(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if (text->length < length || memcmp(text->bytes, word, length) != 0) {
		return false;
	}
	text->bytes += length;
	text->length -= length;
	return true;
}

/* What is left is `key`, a value and the end of the file's last line. */
static bool skip_last(struct text *text, const char *key)
{
	if (!skip(text, key) || text->length == 0 || text->bytes[text->length - 1] != '\n') {
		return false;
	}
	text->length--;
	return sse_reader_id_is_valid(*text);
}

struct text eventstreams_state_parse(struct text content, const char *url, const char **why)
{
	const struct text none = {0};
	const char *end;

	*why = "is not a whole state file";
	if (!skip(&content, HEAD "url ") ||
	    (end = memchr(content.bytes, '\n', content.length)) == NULL) {
		return none;
	}
	if ((size_t)(end - content.bytes) != strlen(url) || !skip(&content, url)) {
		*why = "is of another URL";
		return none;
	}
	return skip_last(&content, "\nid ") ? content : none;
}
