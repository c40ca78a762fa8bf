/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_tags.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "protocols/irc/irc_capabilities.h"
#include "protocols/irc/irc_change_tag.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"

const char *irc_tags_time(char text[IRC_TIME_MAX], uint64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	size_t length;

	(void)gmtime_r(&seconds, &parts);
	length = strftime(text, IRC_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + length, IRC_TIME_MAX - length, ".%03uZ", (unsigned)(unix_ms % 1000));
	return text;
}

/* --- writing -------------------------------------------------------------- */

/* Begin the next tag of those that begin at `start`. */
static void next_tag(struct buffer *out, size_t start, const char *key)
{
	buffer_append_byte(out, out->length > start ? ';' : '@');
	buffer_append_text(out, key);
	buffer_append_byte(out, '=');
}

void irc_tags_append(struct buffer *out, const struct irc_server *server, struct change *change,
                     unsigned tags, const char *batch)
{
	bool has_value = (tags & IRC_TAG_CHANGE) != 0;
	struct text value = has_value ? irc_change_tag_value(change) : (struct text){NULL, 0};
	size_t start = out->length;
	char time[IRC_TIME_MAX];

	if (batch != NULL) {
		next_tag(out, start, "batch");
		buffer_append_text(out, batch);
	}
	if ((tags & IRC_TAG_TIME) != 0) {
		next_tag(out, start, "time");
		buffer_append_text(out, irc_tags_time(time, change->arrived_ms));
	}
	if ((tags & IRC_TAG_MSGID) != 0) {
		next_tag(out, start, "msgid");
		irc_msgid_append(out, server, change->id);
	}
	if (value.length > 0) {
		next_tag(out, start, IRC_CHANGE_NAME);
		buffer_append(out, value.bytes, value.length);
	}
	require(out->length - start <= 1 + IRC_TAGS_DATA_MAX);
	if (out->length > start) {
		buffer_append_byte(out, ' ');
	}
}

/* What stands for a byte behind a backslash; 0: it stands for itself. */
static char escape_of(char byte)
{
	switch (byte) {
	case ';':
		return ':';
	case ' ':
		return 's';
	case '\\':
		return '\\';
	case '\r':
		return 'r';
	case '\n':
		return 'n';
	default:
		return 0;
	}
}

/* NUL can stand in no line, and has no escape: it goes. */
void irc_tags_escape(struct buffer *out, struct text value)
{
	for (size_t i = 0; i < value.length; i++) {
		char escape = escape_of(value.bytes[i]);

		if (escape != 0) {
			buffer_append_byte(out, '\\');
			buffer_append_byte(out, escape);
		} else if (value.bytes[i] != '\0') {
			buffer_append_byte(out, value.bytes[i]);
		}
	}
}

/* --- reading -------------------------------------------------------------- */

/* Take the next "key" or "key=value" off `tags`. */
static struct text take_tag(struct text *tags)
{
	const char *end = memchr(tags->bytes, ';', tags->length);
	struct text tag = {tags->bytes, end != NULL ? (size_t)(end - tags->bytes) : tags->length};
	size_t taken = tag.length + (end != NULL ? 1 : 0);

	tags->bytes += taken;
	tags->length -= taken;
	return tag;
}

struct text irc_tags_find(struct text tags, const char *key)
{
	size_t length = strlen(key);
	struct text found = {.bytes = NULL, .length = 0};

	while (tags.length > 0) {
		struct text tag = take_tag(&tags);

		if (tag.length < length || memcmp(tag.bytes, key, length) != 0) {
			continue;
		}
		if (tag.length == length) {
			found = (struct text){tag.bytes + length, 0};
		} else if (tag.bytes[length] == '=') {
			found = (struct text){tag.bytes + length + 1, tag.length - length - 1};
		}
	}
	return found;
}

void irc_tags_relay(struct buffer *out, struct text tags)
{
	size_t start = out->length;

	if (tags.length == 0 || memchr(tags.bytes, '\0', tags.length) != NULL ||
	    !utf8_is_valid(tags.bytes, tags.length)) {
		return;
	}
	while (tags.length > 0) {
		struct text tag = take_tag(&tags);

		if (tag.length < 2 || tag.bytes[0] != '+') {
			continue;
		}
		if (out->length > start) {
			buffer_append_byte(out, ';');
		}
		buffer_append(out, tag.bytes, tag.length);
	}
}
