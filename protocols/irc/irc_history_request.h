/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_HISTORY_REQUEST_H
#define PROTOCOLS_IRC_IRC_HISTORY_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/irc/irc_message.h"

/*
 * Codec: the parameters of CHATHISTORY (ircv3.net, "chathistory Extension").
 *
 *   LATEST  target  reference or *        limit
 *   BEFORE  target  reference             limit
 *   AFTER   target  reference             limit
 *   AROUND  target  reference             limit
 *   BETWEEN target  reference  reference  limit
 *   TARGETS         timestamp  timestamp  limit
 *
 * A reference is "msgid=ID" or "timestamp=2026-01-31T12:00:00.000Z".
 *
 * Threads: any; no state.
 */
enum irc_history_subcommand {
	IRC_HISTORY_AFTER,
	IRC_HISTORY_AROUND,
	IRC_HISTORY_BEFORE,
	IRC_HISTORY_BETWEEN,
	IRC_HISTORY_LATEST,
	IRC_HISTORY_TARGETS,
};

enum irc_reference_type {
	IRC_REFERENCE_NONE, /* "*": no reference */
	IRC_REFERENCE_MSGID,
	IRC_REFERENCE_TIME,
};

struct irc_reference {
	enum irc_reference_type type;
	const char *msgid; /* points into the message */
	uint64_t time_ms;  /* Unix time */
};

struct irc_history_request {
	enum irc_history_subcommand subcommand;
	const char *name;   /* of the subcommand, in upper case */
	const char *target; /* points into the message; "*" for TARGETS */
	struct irc_reference references[2];
	unsigned limit; /* 1 or more */
};

/* What to answer with FAIL. */
struct irc_history_refusal {
	const char *code;       /* "INVALID_PARAMS" */
	const char *context[3]; /* the subcommand as given, and what is wrong; NULL: no more */
	const char *text;
};

/*
 * Read a command; false with `refusal` set when it is not one.  What it points to is
 * the message's.
 */
bool irc_history_request_parse(const struct irc_message *message,
                               struct irc_history_request *request,
                               struct irc_history_refusal *refusal);

#endif
