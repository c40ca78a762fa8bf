/* SPDX-License-Identifier: Apache-2.0 */
/* Every front-end, and every endpoint of the HTTP one: the only place that knows them all. */
#include <stddef.h>

#include "protocols/front_end.h"
#include "protocols/irc/irc.h"

const struct front_end *const front_ends[] = {
    &irc_front_end,
    NULL,
};
