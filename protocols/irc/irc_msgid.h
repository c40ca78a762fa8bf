/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_MSGID_H
#define PROTOCOLS_IRC_IRC_MSGID_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/buffer.h"

/*
 * The `msgid` of a change, "RUN-ID": the run of the server, which is the time of
 * its start in milliseconds in hexadecimal, and the change's sequence id in decimal.  A
 * sequence begins anew with each run, so an id alone would name another change after a
 * restart.  It is the same in all workers, and of characters that no tag escapes.
 *
 * Threads: any; no state.
 */
struct irc_server;

#define IRC_MSGID_MAX 40 /* 16 digits, '-', 20 digits and the NUL: 38 */

/* Add the msgid of the change with this id. */
void irc_msgid_append(struct buffer *out, const struct irc_server *server, uint64_t change_id);

/* The change's id.  False: not one of this run of the server, or no msgid of ours at all. */
bool irc_msgid_parse(const struct irc_server *server, const char *msgid, uint64_t *change_id);

#endif
