/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_NUMERICS_H
#define PROTOCOLS_IRC_IRC_NUMERICS_H

#include "server/base/buffer.h"

/*
 * Codec: the numeric replies of irc_numerics.def.
 *
 * Threads: any; no state.
 */
enum irc_numeric {
#define NUMERIC(number, name, text) name,
#include "protocols/irc/irc_numerics.def"
#undef NUMERIC
	IRC_NUMERICS
};

/*
 * Add ":server NNN nick TEXT" with CR LF, cut as irc_line_end() does.  `arguments`
 * fill the text's "%s" in turn and end with NULL; there are just as many.
 */
void irc_numeric_write(struct buffer *out, enum irc_numeric numeric, const char *server_name,
                       const char *nick, const char *const *arguments);

/* The number of a numeric, 1 to 999. */
unsigned irc_numeric_number(enum irc_numeric numeric);

/* How many arguments a numeric has. */
size_t irc_numeric_arguments(enum irc_numeric numeric);

#endif
