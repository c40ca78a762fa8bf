/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_RECENT_IDS_H
#define INGEST_RECENT_IDS_H

#include <stdbool.h>

#include "server/feed/change.h"

/*
 * The ids of the last RECENT_IDS_MAX events, to know one that comes a second time.  A server
 * that resumes at a time repeats what happened in the same instant, and one of several
 * topics what had not reached all of them: some dozens, seldom more.
 *
 * Threads: the caller's.
 */
#define RECENT_IDS_MAX      1000
#define RECENT_ID_BYTES_MAX 64 /* a UUID has 36 */

struct recent_ids;

/* Gives an empty set, to be ended with recent_ids_destroy(). */
struct recent_ids *recent_ids_create(void);

/* Free it.  NULL does nothing. */
void recent_ids_destroy(struct recent_ids *ids);

/*
 * Remember a copy of `id`, in the place of the oldest when the set is full.  False when it
 * was there.  An id of more than RECENT_ID_BYTES_MAX bytes, or of none, is not remembered,
 * and true.
 */
bool recent_ids_add(struct recent_ids *ids, struct text id);

#endif
