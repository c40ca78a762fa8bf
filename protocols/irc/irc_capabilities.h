/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_CAPABILITIES_H
#define PROTOCOLS_IRC_IRC_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"

/*
 * Codec: IRCv3 capabilities as CAP names them: the table of irc_capabilities.def,
 * lists of names out of bits, and a client's request into bits.
 *
 * Threads: any; no state.
 */

/*
 * The capability and the tag that carry the structured change.  A vendor's name begins
 * with a domain name that nobody else can use; .alt is set apart for names that are
 * in no DNS (RFC 9476), so that none has to be bought, renewed and kept.
 */
#define IRC_CHANGE_NAME "rcstreamd.alt/change"

#define IRC_CAP_VERSION_302 302 /* values, lists over several lines, cap-notify implied */

enum irc_capability_index {
#define CAPABILITY(id, name, value) IRC_CAPABILITY_##id,
#include "protocols/irc/irc_capabilities.def"
#undef CAPABILITY
	IRC_CAPABILITIES
};

/* What a session's mask is made of. */
enum irc_capability {
#define CAPABILITY(id, name, value) IRC_CAP_##id = 1 << IRC_CAPABILITY_##id,
#include "protocols/irc/irc_capabilities.def"
#undef CAPABILITY
	IRC_CAP_ALL = (1 << IRC_CAPABILITIES) - 1
};

/* Lends the name of a capability. */
const char *irc_capabilities_name(enum irc_capability_index index);

/*
 * Add the names of those in `bits`, with their values when `with_values`, that come from
 * `*next` on and fit into `length_max` bytes with spaces between them; at least one, if
 * there is any.  `*next` moves behind them.  False when those were the last.
 */
bool irc_capabilities_write(struct buffer *out, unsigned bits, bool with_values, size_t length_max,
                            enum irc_capability_index *next);

/*
 * Apply a request, "a -b c", to `*bits`.  False, with nothing changed, when it names
 * one that is not in the table.
 */
bool irc_capabilities_request(const char *request, unsigned *bits);

#endif
