/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/client_kind.h"

static const struct client_kind_row rows[] = {
#define CLIENT_KIND(id, front_end, transport) {front_end, transport},
#include "server/net/client_kinds.def"
#undef CLIENT_KIND
};

const struct client_kind_row *client_kind_row(enum client_kind kind)
{
	return &rows[kind];
}
