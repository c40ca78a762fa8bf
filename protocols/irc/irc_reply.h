/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_REPLY_H
#define PROTOCOLS_IRC_IRC_REPLY_H

#include "protocols/irc/irc_numerics.h"
#include "protocols/irc/irc_session.h"

/*
 * What a session answers.  Replies are gathered in the server's buffer and handed to the
 * connection together: at the end of each batch of input, and whenever
 * IRC_REPLIES_FLUSH bytes have come together.  No change passes while a batch is run,
 * so the order is kept.
 *
 * Threads: the worker's.
 */
#define IRC_REPLIES_FLUSH 16384 /* a wire; a long LIST is some of them */

/* Answer with a numeric; its arguments are texts, or NULL alone for one without any. */
#define irc_reply(session, numeric, ...) \
	irc_reply_numeric((session), (numeric), (const char *const[]){__VA_ARGS__, NULL})

/* The same with an array that ends with NULL. */
void irc_reply_numeric(struct irc_session *session, enum irc_numeric numeric,
                       const char *const *arguments);

/* Answer with any other line; its end is added, and it is cut, as irc_line_end() does. */
void irc_reply_line(struct irc_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How a line is said when it is not as all others are. */
struct irc_reply_style {
	struct text tags; /* client-only tags that go with it; lent */
	bool is_aside;    /* not part of what the command is answered with, and not labelled */
};

/* As irc_reply_line(), in another style. */
void irc_reply_styled(struct irc_session *session, const struct irc_reply_style *style,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * IRCv3 standard replies, ":S FAIL COMMAND CODE CONTEXT :text": it failed, it worked but
 * something is wrong, there is something to know.  `command` is "*" for none; `context` is
 * any number of words, NULL for none.
 */
void irc_reply_fail(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text);
void irc_reply_warn(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text);
void irc_reply_note(struct irc_session *session, const char *command, const char *code,
                    const char *context, const char *text);

/* Hand what has been gathered to the connection. */
void irc_reply_flush(struct irc_session *session);

#endif
