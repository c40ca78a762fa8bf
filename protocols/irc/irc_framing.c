/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_framing.h"

#include <string.h>

#include "protocols/http/websocket_frame.h"
#include "server/base/memory.h"

#define LINE_END "\r\n"

static void append_frame(struct buffer *out, enum irc_framing framing, const char *line,
                         size_t length)
{
	if (framing == IRC_FRAMING_TEXT_FRAME) {
		websocket_frame_text(out, line, length);
	} else {
		websocket_frame_binary(out, line, length);
	}
}

void irc_framing_append(struct buffer *out, enum irc_framing framing, const char *lines,
                        size_t length)
{
	const char *end = lines + length;

	if (framing == IRC_FRAMING_STREAM) {
		buffer_append(out, lines, length);
		return;
	}
	while (lines < end) {
		const char *line_end = memmem(lines, (size_t)(end - lines), LINE_END, 2);

		require(line_end != NULL);
		append_frame(out, framing, lines, (size_t)(line_end - lines));
		lines = line_end + strlen(LINE_END);
	}
}
