/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLOSE_REASON_H
#define SERVER_NET_CLOSE_REASON_H

#include <stdbool.h>

/* Why a connection ended: an enum, and a row for each, from close_reasons.def. */
enum close_reason {
#define CLOSE_REASON(id, label, is_told, websocket_code, text) CLOSE_##id,
#include "server/net/close_reasons.def"
#undef CLOSE_REASON
	CLOSE_REASONS
};

struct close_reason_row {
	const char *label; /* in metrics and logs */
	const char *text;  /* for the client */
	bool is_told;      /* the protocol says goodbye with the text */
	unsigned websocket_code;
};

/* Lends the row of a reason. */
const struct close_reason_row *close_reason_row(enum close_reason reason);

#endif
