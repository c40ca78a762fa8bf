/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/irc/irc_message: what a client sends, and a line made of it. */
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_message.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

static void require_text(const char *text)
{
	fuzz_require_one_line((struct text){text, strlen(text)});
}

/* What comes out of a client's line can be sent in another one. */
static void send_back(const struct irc_message *message)
{
	struct buffer out = {0};
	size_t start;

	buffer_append_text(&out, "before\r\n");
	start = out.length;
	buffer_append_text(&out, message->command);
	for (size_t i = 0; i < message->param_count; i++) {
		buffer_printf(&out, " %s", message->params[i]);
	}
	irc_line_end(&out, start);
	require(out.length - start >= 2 && out.length - start <= IRC_LINE_MAX);
	require(memcmp(out.bytes + out.length - 2, "\r\n", 2) == 0);
	fuzz_require_one_line((struct text){out.bytes + start, out.length - start - 2});
	buffer_finish(&out);
}

static void parse(struct text line)
{
	struct irc_message message;

	if (!irc_message_parse(&message, line)) {
		return;
	}
	require(message.command[0] != '\0' && strchr(message.command, ' ') == NULL);
	for (const char *at = message.command; *at != '\0'; at++) {
		require(*at < 'a' || *at > 'z');
	}
	require_text(message.command);
	require(message.param_count <= IRC_PARAMS_MAX);
	for (size_t i = 0; i < message.param_count; i++) {
		require_text(message.params[i]);
		if (i + 1 < message.param_count) {
			require(message.params[i][0] != '\0' && message.params[i][0] != ':');
			require(strchr(message.params[i], ' ') == NULL);
		}
	}
	send_back(&message);
}

/* Reads what has arrived as a session does; returns how many bytes were taken. */
static size_t take(struct irc_lines *lines, const char *bytes, size_t length, struct buffer *out)
{
	size_t done = 0;

	for (;;) {
		struct text line;
		size_t taken = irc_lines_next(lines, bytes + done, length - done, &line);

		require(taken <= length - done);
		if (taken == 0) {
			require(length - done <= IRC_TAGS_MAX + IRC_TEXT_MAX);
			return done;
		}
		done += taken;
		if (line.length > 0) {
			parse(line);
			buffer_append(out, line.bytes, line.length);
			buffer_append_byte(out, '\n');
		}
	}
}

static void read_lines(const uint8_t *data, size_t size, struct fuzz_cuts *cuts, struct buffer *out)
{
	struct irc_lines lines = {0};
	struct buffer pending = {0};

	for (size_t at = 0; at < size;) {
		size_t cut = fuzz_cuts_next(cuts, size - at);
		char *copy;

		buffer_append(&pending, data + at, cut);
		at += cut;
		copy = fuzz_copy(pending.bytes, pending.length);
		buffer_consume(&pending, take(&lines, copy, pending.length, out));
		free(copy);
	}
	buffer_finish(&pending);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	fuzz_cuts_init(&cuts, data, size);
	read_lines(data, size, NULL, &whole);
	read_lines(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
