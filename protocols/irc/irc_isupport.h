/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_ISUPPORT_H
#define PROTOCOLS_IRC_IRC_ISUPPORT_H

#include "protocols/irc/irc_session.h"

/*
 * RPL_ISUPPORT, 005: what this server can do and where its limits are, in tokens
 * (modern.ircdocs.horse, "RPL_ISUPPORT Parameters").  Only what is true here is said.
 *
 * Threads: the worker's.
 */
#define IRC_ISUPPORT_TOKENS 13 /* of one line: a message has fifteen parameters */

/* Answer with all tokens, on as many lines as they take. */
void irc_isupport_reply(struct irc_session *session);

#endif
