/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_EVENTSTREAMS_H
#define INGEST_EVENTSTREAMS_H

#include "ingest/source.h"

/*
 * `eventstreams`: the changes of a stream of server-sent events, Wikimedia's
 * EventStreams or another.
 *
 *   HTTP ──> eventstreams_request ──> sse_reader ──> rcfeed_json ──> publish()
 *                     ▲                    │
 *                     └── Last-Event-ID ───┴──> state_saver ──> state file
 *
 * Over any end of the connection it goes on where it was: the last event id is sent
 * with the next request, and events that come again are known by `meta.id` (recent_ids)
 * and counted as duplicates.  The server's regular end of a long response is followed
 * by the next request at once; what fails is tried again after a back-off, told once in
 * the log and counted from then on.
 *
 * Canary events are received and show that the stream is alive, and go no further; they
 * move `last_change_ms`.  Events of a type other than `message` are passed over.  The
 * order is the server's.
 */
extern const struct source_type eventstreams_source;

#endif
