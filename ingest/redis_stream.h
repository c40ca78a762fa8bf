/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_STREAM_H
#define INGEST_REDIS_STREAM_H

#include "ingest/source.h"

/*
 * `redis-stream`: RCFeed JSON in the entries of Redis streams, read with XREAD.  The id of the
 * last entry of each stream is remembered, over outages and, in a state file, over restarts:
 * what Redis still has is read, once, in the order of the stream.
 *
 * Each time the connection comes up, XINFO STREAM tells whether entries behind our last one
 * were trimmed meanwhile; that is logged and counted as a gap.
 */
extern const struct source_type redis_stream_source;

#endif
