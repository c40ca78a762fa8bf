/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_H
#define PROTOCOLS_IRC_IRC_H

#include "protocols/front_end.h"

/*
 * The IRC front-end: a read-only IRC server with a channel for each wiki, where a
 * bot says the changes.  docs/protocols/irc.md is what it speaks.
 *
 *   connection ── bytes ──> irc_message ──> irc_session ──> irc_commands ── replies ──┐
 *   bus ── change ──> irc_session ── irc_encode, once for all ── wire ──> outbox <────┘
 *
 * Threads: the worker's; each has a state of its own.
 */
extern const struct front_end irc_front_end;

#endif
