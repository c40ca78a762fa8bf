/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_BATCH_H
#define PROTOCOLS_IRC_IRC_BATCH_H

#include "protocols/irc/irc_session.h"

/*
 * IRCv3 batches: lines that belong together.  Those between begin and end that are part
 * of it carry `batch=` and its reference (irc_tags_append()); the end comes in
 * the same command or a later one.
 *
 * Threads: the worker's.
 */
#define IRC_BATCH_REFERENCE_MAX IRC_NUMBER_MAX

/*
 * Say that a batch begins: ":S BATCH +REFERENCE TYPE PARAMETER"; no parameter when it is
 * NULL.  Writes the reference, which no other batch of the session has.  Only for a
 * session with IRC_CAP_BATCH.
 */
void irc_batch_begin(struct irc_session *session, const char *type, const char *parameter,
                     char reference[IRC_BATCH_REFERENCE_MAX]);

/* Say that it has ended: ":S BATCH -REFERENCE". */
void irc_batch_end(struct irc_session *session, const char *reference);

#endif
