/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IRC: NICK and USER, the end of the MOTD, JOIN, the end of NAMES (RFC 2812), then a
 * PRIVMSG for each change.
 */
#include <string.h>

#include "bench/protocol.h"

enum step {
	STEP_REGISTERING,
	STEP_JOINING,
	STEP_JOINED,
};

/* Nicks that fit into nine characters, RFC 2812's limit. */
static void open_session(struct protocol_session *session)
{
	session->step = STEP_REGISTERING;
	buffer_printf(&session->replies, "NICK b%u\r\nUSER bench 0 * :rcstream-bench\r\n",
	              session->number);
}

static void join(struct protocol_session *session)
{
	buffer_printf(&session->replies, "JOIN %s\r\n", session->subject->channel);
}

/* Whether the line's command, behind its source, is this one. */
static bool is_command(const char *line, size_t length, const char *command)
{
	const char *space = memchr(line, ' ', length);

	return space != NULL &&
	       protocol_starts_with(space + 1, length - (size_t)(space + 1 - line), command);
}

static void take_opening(struct protocol_session *session, const char *line, size_t length)
{
	if (session->step == STEP_REGISTERING &&
	    (is_command(line, length, "376 ") || is_command(line, length, "422 "))) {
		session->step = STEP_JOINING;
		join(session);
	} else if (session->step == STEP_REGISTERING && is_command(line, length, "433 ")) {
		session->failure = "its nick is in use: is another rcstream-bench running?";
	} else if (session->step == STEP_JOINING && is_command(line, length, "366 ")) {
		session->step = STEP_JOINED;
		session->is_ready = true;
	} else if (session->step == STEP_JOINING && is_command(line, length, "403 ")) {
		/* The change that makes the channel is still on its way. */
		join(session);
	}
}

static void take_line(struct protocol_session *session, const char *line, size_t length)
{
	uint32_t serial;

	if (is_command(line, length, "PRIVMSG ")) {
		if (protocol_serial(session->subject, line, length, &serial)) {
			session->on_change(session, serial, length);
		}
	} else if (protocol_starts_with(line, length, "PING ")) {
		buffer_append_text(&session->replies, "PONG ");
		buffer_append(&session->replies, line + 5, length - 5);
	} else if (protocol_starts_with(line, length, "ERROR ")) {
		session->failure = "the server said ERROR";
	} else {
		take_opening(session, line, length);
	}
}

static size_t take(struct protocol_session *session, const char *bytes, size_t length)
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

const struct protocol protocol_irc = {
    .name = "irc",
    .port = 6667,
    .needs_first_change = true,
    .open = open_session,
    .take = take,
};
