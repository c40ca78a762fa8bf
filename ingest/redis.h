/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REDIS_H
#define INGEST_REDIS_H

#include "ingest/source.h"

/*
 * `redis`: what MediaWiki's RedisPubSubFeedEngine publishes, RCFeed JSON, subscribed to by
 * patterns (PSUBSCRIBE).  Redis keeps nothing for who is not there: what is published during an
 * outage is missed.
 */
extern const struct source_type redis_source;

#endif
