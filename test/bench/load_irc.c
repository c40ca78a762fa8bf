/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IRC: NICK and USER, the end of the MOTD, JOIN, the end of NAMES (RFC 2812), then
 * a PRIVMSG for each change.
 */
#include <string.h>

#include "test/bench/load_protocol.h"

enum step {
	STEP_REGISTERING,
	STEP_JOINING,
	STEP_JOINED,
};

#define JOIN "JOIN " LOAD_CHANNEL "\r\n"

static void open_session(struct load_session *session)
{
	session->step = STEP_REGISTERING;
	buffer_append_text(&session->replies, "NICK bench\r\nUSER bench 0 * :bench\r\n");
}

static bool starts_with(const char *line, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* Whether the line's command, behind its source, is this one. */
static bool is_command(const char *line, size_t length, const char *command)
{
	const char *space = memchr(line, ' ', length);

	return space != NULL &&
	       starts_with(space + 1, length - (size_t)(space + 1 - line), command);
}

static void take_opening(struct load_session *session, const char *line, size_t length)
{
	if (session->step == STEP_REGISTERING &&
	    (is_command(line, length, "376 ") || is_command(line, length, "422 "))) {
		session->step = STEP_JOINING;
		buffer_append_text(&session->replies, JOIN);
	} else if (session->step == STEP_JOINING && is_command(line, length, "366 ")) {
		session->step = STEP_JOINED;
		session->is_ready = true;
	} else if (session->step == STEP_JOINING && is_command(line, length, "403 ")) {
		/* The change that makes the channel is still on its way. */
		buffer_append_text(&session->replies, JOIN);
	}
}

static void take_line(struct load_session *session, const char *line, size_t length)
{
	uint32_t serial;

	if (is_command(line, length, "PRIVMSG ")) {
		if (load_serial(line, length, &serial)) {
			session->on_change(session, serial, length);
		}
	} else if (starts_with(line, length, "PING ")) {
		buffer_append_text(&session->replies, "PONG ");
		buffer_append(&session->replies, line + 5, length - 5);
	} else if (starts_with(line, length, "ERROR ")) {
		session->has_failed = true;
	} else {
		take_opening(session, line, length);
	}
}

static size_t take(struct load_session *session, const char *bytes, size_t length)
{
	size_t taken = 0;
	const char *end;

	while (taken < length && (end = memchr(bytes + taken, '\n', length - taken)) != NULL) {
		size_t line = (size_t)(end + 1 - bytes) - taken;

		take_line(session, bytes + taken, line);
		taken += line;
	}
	return taken;
}

/* As MediaWiki's UDP feed writes an edit of ordinary size. */
static void write_change(uint32_t serial, struct buffer *out)
{
	buffer_append_text(out, LOAD_CHANNEL "\t\00314[[\00307");
	load_title(serial, out);
	buffer_append_text(out, "\00314]]\0034 MB\00310 "
	                        "\00302https://" LOAD_WIKI
	                        "/w/index.php?diff=1234567890&oldid=1234567889\003 "
	                        "\0035*\003 \00303Example user\003 \0035*\003 (+1234) "
	                        "\00310/* History */ the date of the second edition, as the "
	                        "publisher gives it\003\n");
}

const struct load_protocol load_irc = {
    .name = "irc",
    .needs_first_change = true,
    .open = open_session,
    .take = take,
    .write_change = write_change,
};
