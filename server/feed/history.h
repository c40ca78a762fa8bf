/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_HISTORY_H
#define SERVER_FEED_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/feed/bus.h"
#include "server/feed/change.h"
#include "server/feed/subscription.h"

/*
 * A worker's memory of the last changes, for clients that ask what they missed.
 *
 *   worker ── history_add() ──> history ── history_next(), _previous() ──> front-end
 *      └── bus_publish() ──> sessions
 *
 * A change is added right before it is published, in the same turn of the loop: what a
 * command finds here and what the bus brings after it join without gap or repetition.
 * The changes are shared with the other workers, and each holds the same ones.
 *
 * What is kept has three bounds: a number of changes, the bytes they are charged, and their
 * age.  Whatever goes is noted, by name, so that history_has_all_after() knows whether an answer
 * is whole.  By wiki every change is found; by channel those that go to IRC, which have
 * a line.
 *
 * Threads: the worker's.
 */
struct history;
struct history_strand;

struct history_options {
	size_t changes_max;  /* 0: nothing is kept */
	size_t bytes_max;    /* of history_charge() */
	uint64_t age_ms;     /* a change older than this is forgotten with the next that come */
	uint64_t started_ms; /* Unix time from which on every change comes here */
};

/* Gives an empty history. */
struct history *history_create(const struct history_options *options);

/* NULL does nothing. */
void history_destroy(struct history *history);

/*
 * What a change counts towards `bytes_max`: its texts, its JSON twice more for the forms
 * that protocols make of it and keep with it, and 1 KiB for all the rest.  It depends on the
 * change alone, so every worker forgets at the same change.
 */
size_t history_charge(const struct change *change);

/* Remember a change (shared).  Its id is the one behind that of the change before it. */
void history_add(struct history *history, struct change *change);

/* What is kept now. */
size_t history_count(const struct history *history);
size_t history_bytes(const struct history *history);

/* The id of the oldest that is kept; 0 when none is. */
uint64_t history_oldest_id(const struct history *history);

/* The id of the last that was added, kept or not; 0 when none was. */
uint64_t history_newest_id(const struct history *history);

/*
 * The id of the first that is kept and arrived at `time_ms` or later; when there is
 * none, the id that the next to come will have.  Times do not go back from one to the next.
 */
uint64_t history_find_time(const struct history *history, uint64_t time_ms);

/* Which changes: those of a name, or of all names that a pattern matches. */
struct history_filter {
	enum bus_field field;
	bool is_pattern;
	uint64_t number; /* tells what a strand was asked last */
	struct history_strand *strand;
	size_t length;
	char text[SUBSCRIPTION_TEXT_MAX];
};

/*
 * Prepare a filter, good until the next history_add().  `text` reads as for
 * bus_subscribe(), 1 to SUBSCRIPTION_TEXT_MAX bytes of it, and is copied.
 */
void history_filter_init(struct history *history, struct history_filter *filter,
                         enum bus_field field, struct text text);

/*
 * Lends the first change that fits with an id of `*at` to `last_id`, and sets `*at` behind
 * it; NULL when there is none.  At most `*looks` changes are looked at, and taken off it: when it
 * is 0 after NULL, the search goes on from `*at` another time.  A name is found at one look a
 * change however many others there are between; a pattern looks at all of them.
 */
struct change *history_next(struct history *history, const struct history_filter *filter,
                            uint64_t *at, uint64_t last_id, unsigned *looks);

/* The same downwards: the last that fits from `first_id` to `*at`, which is set before it. */
struct change *history_previous(struct history *history, const struct history_filter *filter,
                                uint64_t *at, uint64_t first_id, unsigned *looks);

/* Whether every change that fits and came behind the one with this id is kept. */
bool history_has_all_after(const struct history *history, const struct history_filter *filter,
                           uint64_t id);

/* Whether every change that fits and arrived later than that is kept. */
bool history_has_all_since(const struct history *history, const struct history_filter *filter,
                           uint64_t time_ms);

#endif
