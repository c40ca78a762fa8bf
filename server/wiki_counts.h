/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_WIKI_COUNTS_H
#define SERVER_WIKI_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Changes by wiki.  Names come from outside, so there is room for so many, first come, first
 * served; all others are counted together.
 *
 * Threads: one adds, the feeder's; any may walk.
 */
struct wiki_counts;

/* Gives counts with room for `capacity` names, 1 or more. */
struct wiki_counts *wiki_counts_create(size_t capacity);

/* Free them.  NULL does nothing. */
void wiki_counts_destroy(struct wiki_counts *counts);

/* Count a change of this wiki; the name is copied when it is new. */
void wiki_counts_add(struct wiki_counts *counts, const char *wiki, size_t length);

/* Call `visit` with each name, lent, and its count; with "other" last of all. */
void wiki_counts_each(const struct wiki_counts *counts,
                      void (*visit)(void *context, const char *wiki, uint64_t changes),
                      void *context);

#endif
