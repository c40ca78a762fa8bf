/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_message.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

#include "server/base/utf8.h"

/* --- lines out of bytes --------------------------------------------------- */

static bool is_line_end(char byte)
{
	return byte == '\r' || byte == '\n';
}

/* Where the first line ends, or `length`. */
static size_t find_line_end(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && !is_line_end(bytes[at])) {
		at++;
	}
	return at;
}

/* How long the tags in front are, with their '@' and the space behind them. */
static size_t tags_length(const char *bytes, size_t length)
{
	const char *space;

	if (length == 0 || bytes[0] != '@') {
		return 0;
	}
	space = memchr(bytes, ' ', length);
	return space != NULL ? (size_t)(space - bytes) + 1 : length;
}

static size_t discard(struct irc_lines *lines, const char *bytes, size_t length)
{
	size_t end = find_line_end(bytes, length);

	lines->is_discarding = end == length;
	return end < length ? end + 1 : length;
}

size_t irc_lines_next(struct irc_lines *lines, const char *bytes, size_t length, struct text *line)
{
	size_t end, tags, length_max;

	*line = (struct text){.bytes = bytes, .length = 0};
	lines->was_refused = false;
	if (lines->is_discarding) {
		return discard(lines, bytes, length);
	}
	end = find_line_end(bytes, length);
	tags = tags_length(bytes, end);
	if (tags > IRC_TAGS_MAX) {
		lines->is_discarding = true;
		lines->was_refused = true;
		return IRC_TAGS_MAX;
	}
	length_max = tags + IRC_TEXT_MAX;
	if (end > length_max) {
		line->length = utf8_cut(bytes, end, length_max);
		lines->is_discarding = true;
		return length_max;
	}
	if (end == length) {
		return 0;
	}
	line->length = end;
	return end + 1;
}

/* --- a line taken apart --------------------------------------------------- */

/* Copy without NUL bytes; what is not UTF-8 becomes U+FFFD. */
static void copy_repaired(struct irc_message *message, struct text line)
{
	const uint8_t *from = (const uint8_t *)line.bytes;
	const uint8_t *end = from + line.length;
	uint8_t *to = (uint8_t *)message->storage;

	while (from < end) {
		ucs4_t character;

		from += u8_mbtouc(&character, from, (size_t)(end - from));
		if (character != 0) {
			to += u8_uctomb(to, character, 4);
		}
	}
	*to = '\0';
}

static char *skip_spaces(char *at)
{
	return at + strspn(at, " ");
}

/* Ends the word at `at` and returns what comes behind it and its spaces. */
static char *end_word(char *at)
{
	char *end = at + strcspn(at, " ");

	if (*end != '\0') {
		*end = '\0';
		end = skip_spaces(end + 1);
	}
	return end;
}

static void trim_right(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ') {
		length--;
	}
	text[length] = '\0';
}

/* toupper() asks the locale. */
static void to_upper(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'a' && *text <= 'z') {
			*text = (char)(*text - 'a' + 'A');
		}
	}
}

static void split_params(struct irc_message *message, char *at)
{
	while (*at != '\0' && message->param_count < IRC_PARAMS_MAX) {
		const char **param = &message->params[message->param_count++];

		if (*at == ':') {
			*param = at + 1;
			return;
		}
		*param = at;
		if (message->param_count < IRC_PARAMS_MAX) {
			at = end_word(at);
		}
	}
}

/* Without the '@' and the space, which is missing when there is nothing else. */
static struct text tags_of(struct text line, size_t length)
{
	if (length == 0) {
		return (struct text){.bytes = NULL, .length = 0};
	}
	if (line.bytes[length - 1] == ' ') {
		length--;
	}
	return (struct text){line.bytes + 1, length - 1};
}

bool irc_message_parse(struct irc_message *message, struct text line)
{
	size_t tags = tags_length(line.bytes, line.length);
	struct text text = {line.bytes + tags, line.length - tags};
	char *at, *params;

	text.length = utf8_cut(text.bytes, text.length, IRC_TEXT_MAX);
	message->tags = tags_of(line, tags);
	message->param_count = 0;
	message->was_repaired = !utf8_is_valid(text.bytes, text.length);
	copy_repaired(message, text);
	trim_right(message->storage);
	at = skip_spaces(message->storage);
	if (*at == ':') {
		at = end_word(at);
	}
	params = end_word(at);
	to_upper(at);
	message->command = at;
	split_params(message, params);
	return *at != '\0';
}

/* --- a line to send ------------------------------------------------------- */

/* Returns the length that is left. */
static size_t drop_forbidden(char *bytes, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		if (!is_line_end(bytes[i]) && bytes[i] != '\0') {
			bytes[kept++] = bytes[i];
		}
	}
	return kept;
}

void irc_line_end(struct buffer *out, size_t start)
{
	char *line;
	size_t length;

	(void)buffer_reserve(out, 2);
	line = out->bytes + start;
	length = drop_forbidden(line, out->length - start);
	out->length = start + utf8_cut(line, length, IRC_TEXT_MAX);
	buffer_append(out, "\r\n", 2);
}
