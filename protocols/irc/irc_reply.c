/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/base/memory.h"

/* More than is left of any line when it is cut. */
#define FORMATTED_MAX 1024

static void flush_when_full(struct irc_session *session)
{
	if (session->server->replies.length >= IRC_REPLIES_FLUSH) {
		irc_reply_flush(session);
	}
}

void irc_reply_numeric(struct irc_session *session, enum irc_numeric numeric,
                       const char *const *arguments)
{
	irc_numeric_write(&session->server->replies, numeric, session->server->conf->server_name,
	                  irc_session_nick(session), arguments);
	flush_when_full(session);
}

void irc_reply_line(struct irc_session *session, const char *format, ...)
{
	struct buffer *replies = &session->server->replies;
	size_t start = replies->length;
	char *line = buffer_reserve(replies, FORMATTED_MAX);
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, FORMATTED_MAX, format, arguments);
	va_end(arguments);
	require(length >= 0);
	replies->length += length < FORMATTED_MAX ? (size_t)length : FORMATTED_MAX - 1;
	irc_line_end(replies, start);
	flush_when_full(session);
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

	connection_send_bytes(session->connection, replies->bytes, replies->length);
	buffer_clear(replies);
}
