/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sources, and what all of them do alike. */
#include <stddef.h>
#include <string.h>

#include "ingest/eventstreams.h"
#include "ingest/redis.h"
#include "ingest/redis_stream.h"
#include "ingest/replay.h"
#include "ingest/source.h"
#include "ingest/udp.h"

static const struct source_type *const types[] = {
    &rc2udp_source, &rcfeed_udp_source,   &eventstreams_source,
    &redis_source,  &redis_stream_source, &replay_source,
};

const struct source_type *source_type_find(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i]->type, type) == 0) {
			return types[i];
		}
	}
	return NULL;
}

void source_drop(const struct source_env *env, enum drop_reason reason)
{
	metric_add(&env->stats->dropped[reason], 1);
	if (reason == DROP_CANARY) {
		struct clock clock;

		clock_update(&clock); /* env's may be from before the loop waited for this */
		metric_set(&env->stats->last_change_ms, clock.wall_ms);
	}
	log_debug(&env->log, "source.dropped", "%s", drop_reason_label(reason));
}
