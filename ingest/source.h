/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include <uv.h>

#include "conf/conf.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/feed/change.h"
#include "server/feed/wiki_name.h"
#include "server/net/held_sockets.h"
#include "server/status.h"

/*
 * Where changes come from.  One constant for each type, listed in ingest/ingest.c;
 * a source for each entry of `ingest`:
 *
 *   entry ── start() ──> source ── env->publish() ──> feeder
 *
 * Threads: the feeder's.
 */

/* All a source may use.  Lent for its whole life. */
struct source_env {
	uv_loop_t *loop;
	struct held_sockets *held; /* to take sockets from, by the entry's name; NULL: none */
	const struct clock *clock;
	const struct wiki_names *names;
	struct source_stats *stats; /* counts what it drops; publish() counts the rest */
	struct log_scope log;

	/* Give a change to the feeder, which sets its id and its time of arrival. */
	void (*publish)(const struct source_env *env, struct change *change);
	void *publisher; /* publish()'s own */
};

struct source_type {
	const char *type; /* "rc2udp": `type` of an entry */

	/* Gives a running source; NULL with `error` set and nothing left behind. */
	void *(*start)(const struct source_env *env, const struct conf_ingest *entry,
	               struct error *error);

	/*
	 * Take nothing more from outside until resume(), so that what comes waits with
	 * the kernel or the peer: a worker is behind.
	 */
	void (*pause)(void *source);
	void (*resume)(void *source);

	/* Note what a peer or the kernel tells only when asked; once a second.  May be NULL. */
	void (*observe)(void *source);

	/*
	 * Its entry has changed: leave in env->held what the next one may take over.  stop()
	 * follows.  May be NULL.
	 */
	void (*hand_over)(void *source);

	/* Close every handle; publish nothing more.  Returns at once. */
	void (*stop)(void *source);

	/*
	 * Whether it has nothing under way after stop() but handles that close with the turn of
	 * the loop, such as work on another thread.  May be NULL: it never has.
	 */
	bool (*is_done)(const void *source);

	/* Free what start() gave, once it is done and a turn is over.  NULL does nothing. */
	void (*destroy)(void *source);
};

/* Lends the type of this name, NULL when there is none. */
const struct source_type *source_type_find(const char *type);

/*
 * Count something that did not become a change, and say so in the log at debug.  A canary
 * event shows that the source is alive, as a change does: it counts as the last one seen.
 */
void source_drop(const struct source_env *env, enum drop_reason reason);

#endif
