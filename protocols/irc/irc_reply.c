/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/base/memory.h"

/* More than is left of any line when it is cut. */
#define FORMATTED_MAX 1024

static const struct irc_reply_style plain;

/* A line begins; returns where, behind its tags. */
static size_t begin_line(struct irc_session *session, const struct irc_reply_style *style)
{
	struct buffer *replies = &session->server->replies;
	uint64_t batch = style->is_aside ? 0 : irc_response_line(session);

	irc_response_tags(replies, session, NULL, batch, style->tags);
	return replies->length;
}

/* The first line of a response waits for its tag. */
static void flush_when_full(struct irc_session *session)
{
	const struct irc_server *server = session->server;

	if (server->replies.length >= IRC_REPLIES_FLUSH &&
	    server->response.state != IRC_RESPONSE_ONE_LINE) {
		irc_reply_flush(session);
	}
}

void irc_reply_numeric(struct irc_session *session, enum irc_numeric numeric,
                       const char *const *arguments)
{
	(void)begin_line(session, &plain);
	irc_numeric_write(&session->server->replies, numeric, session->server->conf->server_name,
	                  irc_session_nick(session), arguments);
	flush_when_full(session);
}

__attribute__((format(printf, 3, 0))) static void reply_formatted(
    struct irc_session *session, const struct irc_reply_style *style, const char *format,
    va_list arguments)
{
	struct buffer *replies = &session->server->replies;
	size_t start = begin_line(session, style);
	char *line = buffer_reserve(replies, FORMATTED_MAX);
	int length = vsnprintf(line, FORMATTED_MAX, format, arguments);

	require(length >= 0);
	replies->length += length < FORMATTED_MAX ? (size_t)length : FORMATTED_MAX - 1;
	irc_line_end(replies, start);
	flush_when_full(session);
}

void irc_reply_line(struct irc_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	reply_formatted(session, &plain, format, arguments);
	va_end(arguments);
}

void irc_reply_styled(struct irc_session *session, const struct irc_reply_style *style,
                      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	reply_formatted(session, style, format, arguments);
	va_end(arguments);
}

static void reply_standard(struct irc_session *session, const char *type, const char *command,
                           const char *code, const char *const explanation[2])
{
	const char *context = explanation[0];

	irc_reply_line(session, ":%s %s %s %s%s%s :%s", session->server->conf->server_name, type,
	               command, code, context != NULL ? " " : "", context != NULL ? context : "",
	               explanation[1]);
}

void irc_reply_fail(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text)
{
	reply_standard(session, "FAIL", command, code, (const char *const[]){context, text});
}

void irc_reply_warn(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text)
{
	reply_standard(session, "WARN", command, code, (const char *const[]){context, text});
}

void irc_reply_note(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text)
{
	reply_standard(session, "NOTE", command, code, (const char *const[]){context, text});
}

void irc_reply_flush(struct irc_session *session)
{
	struct buffer *replies = &session->server->replies;

	irc_response_settle(session);
	connection_send_bytes(session->connection, replies->bytes, replies->length);
	buffer_clear(replies);
}
