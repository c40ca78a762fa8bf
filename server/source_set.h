/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SOURCE_SET_H
#define SERVER_SOURCE_SET_H

#include <stdbool.h>
#include <uv.h>

#include "conf/conf.h"
#include "ingest/source.h"
#include "server/base/error.h"
#include "server/status.h"

/*
 * The sources that run, one for each entry of `ingest`, and how they become those of another
 * configuration while the others go on:
 *
 *   added    started; when one cannot be, nothing was
 *   removed  stopped
 *   changed  stopped, and when it has let go of all (a state file, a port), started with
 *            the new entry; if that fails, with the old one again
 *   others   not touched
 *
 * Entries go by their name.
 *
 * Threads: the loop's.
 */
struct source_set;

struct running_source {
	struct source_env env; /* what its publish() is called with */
	bool deduplicates;     /* its entry's */

	/* source_set.c only: */
	const struct source_type *type;
	void *source;                    /* NULL: not started */
	const struct conf *conf;         /* a share of what `entry` is in */
	const struct conf_ingest *entry; /* it runs, or ran, with */
	const struct conf *next_conf;    /* a share; NULL: it is not to be started again */
	const struct conf_ingest *next_entry;
	bool is_stopped;
	struct running_source *prev, *next; /* source_set.all */
};

struct source_set_options {
	struct status *status; /* its sources are filled in */
	struct source_env env; /* for all of them: loop, held, clock, names, publish, publisher */
};

/* Gives an empty set. */
struct source_set *source_set_create(const struct source_set_options *options);

/* Start every source of `conf`.  False with `error` set: those that were started run. */
bool source_set_start(struct source_set *set, const struct conf *conf, struct error *error);

/* What a change did. */
struct source_set_changes {
	unsigned added, removed, changed;
	unsigned failed; /* of the changed: they go on as they were, or stand still */
};

/* All sources that changed run again, or cannot. */
typedef void source_set_changed_fn(void *owner, const struct source_set_changes *changes);

/*
 * Become what `conf` (shared) says, in which wikis go by `names` (lent).  False with `error` set:
 * an added source cannot be started, and nothing was done.  Else `on_changed` is called once, by
 * the loop; before, no other change.
 */
bool source_set_change(struct source_set *set, const struct conf *conf,
                       const struct wiki_names *names, source_set_changed_fn *on_changed,
                       void *owner, struct error *error);

/* How many take part in the comparing of duplicates. */
unsigned source_set_count_deduplicating(const struct source_set *set);

/* As source_type has them, for every source, and for those that are started later. */
void source_set_pause(struct source_set *set);
void source_set_resume(struct source_set *set);
void source_set_observe(struct source_set *set);

/* Stop them all and close the handles; a change that is under way ends here. */
void source_set_stop(struct source_set *set);

/* Free it, once uv_run() has returned after source_set_stop().  NULL does nothing. */
void source_set_destroy(struct source_set *set);

#endif
