/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/close_reason.h"

static const struct close_reason_row rows[] = {
#define CLOSE_REASON(id, label_name, told, code, sentence) \
	[CLOSE_##id] = {.label = #label_name,              \
	                .text = (sentence),                \
	                .is_told = (told),                 \
	                .websocket_code = (code)},
#include "server/net/close_reasons.def"
#undef CLOSE_REASON
};

const struct close_reason_row *close_reason_row(enum close_reason reason)
{
	return &rows[reason];
}
