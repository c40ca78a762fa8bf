/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/drop_reason.h"

const char *drop_reason_label(enum drop_reason reason)
{
	static const char *const labels[] = {
#define DROP_REASON(id, label, meaning) [DROP_##id] = #label,
#include "server/feed/drop_reasons.def"
#undef DROP_REASON
	};

	return labels[reason];
}
