/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_JOINER_H
#define SERVER_FEED_JOINER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/feed/change.h"

/*
 * Where changes wait a moment for their other form.  Of a wiki whose changes come both
 * as lines and as JSON, each is held for up to `window_ms`: when its other form comes in
 * that time, IRC gets the very line and everyone else the very JSON.
 *
 *   change ── joiner_add() ──> held, in order ── joiner_take() ──> published
 *                                ^ joiner_join(): the other form
 *
 * Only what MediaWiki sends in both forms waits, and of wikis only those of which two forms
 * have met (duplicates.h); a wiki goes by its channel here, which is the same for all of
 * its changes in both forms.  A wiki of
 * which JOINER_MISSES_MAX in a row have waited in vain is not waited for any more, until
 * two meet again.  Whatever is behind one that waits waits with it: the order
 * stays that of arrival.
 *
 * Threads: the caller's; the time is the caller's too and never goes back.
 */
struct joiner;

#define JOINER_HELD_MAX   16384 /* one more, and the oldest has waited long enough */
#define JOINER_WIKIS_MAX  4096  /* the one that met longest ago makes room */
#define JOINER_MISSES_MAX 100

/* Gives a joiner; with a window of 0 nothing ever waits. */
struct joiner *joiner_create(uint64_t window_ms);

/* Frees what is held too.  NULL does nothing. */
void joiner_destroy(struct joiner *joiner);

/* Take a change (given); their ids follow one another.  False `may_wait`: not for itself. */
void joiner_add(struct joiner *joiner, struct change *change, bool may_wait, uint64_t now_ms);

/*
 * Tell that `change` (lent) is the other form of the one with `id`.  If that one is
 * still held, it is now both and has nothing to wait for.
 */
void joiner_join(struct joiner *joiner, uint64_t id, const struct change *change);

/* Gives the next change that need not wait any more; NULL when there is none. */
struct change *joiner_take(struct joiner *joiner, uint64_t now_ms);

/* When joiner_take() will have one; UINT64_MAX when nothing is held. */
uint64_t joiner_due_ms(const struct joiner *joiner);

#endif
