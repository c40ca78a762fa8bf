/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_RESPONSE_H
#define PROTOCOLS_IRC_IRC_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * IRCv3 labeled-response: what a command with a `label` tag is answered with, so that the
 * client sees which answer is whose.
 *
 *   no line       ->  @label=L :S ACK
 *   one line      ->  @label=L LINE
 *   more of them  ->  @label=L :S BATCH +R labeled-response
 *                     @batch=R LINE ...
 *                     :S BATCH -R
 *
 * How many there will be is not known when the first one is written, so its tag is put in
 * front of it later; it waits for that in the server's buffer of replies.
 *
 * One at a time in a worker, since commands are run one after the other; it is part of the
 * irc_server.  A command that pauses (LIST) leaves its batch open in its session.
 *
 * Threads: the worker's.
 */
struct irc_session;

#define IRC_LABEL_MAX 64 /* bytes; ircv3.net, "Labeled Responses" */

enum irc_response_state {
	IRC_RESPONSE_NONE,     /* no command is run, or one without a label */
	IRC_RESPONSE_EMPTY,    /* no line yet */
	IRC_RESPONSE_ONE_LINE, /* at `first`, with a tag to come */
	IRC_RESPONSE_BATCH,    /* open */
};

/* All zero is none. */
struct irc_response {
	enum irc_response_state state;
	size_t first;   /* where the first line begins among the server's replies */
	uint64_t batch; /* its reference */
	char label[IRC_LABEL_MAX + 1];
};

/*
 * A command with these tags is run from now on.  Without a label that can be repeated,
 * or for a session that did not ask for it, replies stay what they are.
 */
void irc_response_begin(struct irc_session *session, struct text tags);

/*
 * A line of the response begins in the server's replies.  Returns the reference of the batch
 * that it is part of; 0: of none.
 */
uint64_t irc_response_line(struct irc_session *session);

/* The replies are to leave the buffer: one that waits for its tag gets it. */
void irc_response_settle(struct irc_session *session);

/* The command goes on later: irc_response_begin() takes its response up again. */
void irc_response_pause(struct irc_session *session);

/* The command has been run. */
void irc_response_end(struct irc_session *session);

/*
 * Add the tags of a line to a session: "@batch=1;time=... ", or nothing.  `label` may be
 * NULL and `batch` 0; `client` are client-only tags that go with it, lent.
 */
void irc_response_tags(struct buffer *out, const struct irc_session *session, const char *label,
                       uint64_t batch, struct text client);

#endif
