/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_DROP_REASON_H
#define SERVER_FEED_DROP_REASON_H

/*
 * Why something that arrived did not become a change; drop_reasons.def says it in
 * words.  Codecs give the reason, sources count it.
 *
 * Threads: any.
 */
enum drop_reason {
#define DROP_REASON(id, label, meaning) DROP_##id,
#include "server/feed/drop_reasons.def"
#undef DROP_REASON
	DROP_REASONS
};

/* Lends the label of a reason, for logs and the status. */
const char *drop_reason_label(enum drop_reason reason);

#endif
