/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_SUBSCRIPTION_H
#define SERVER_FEED_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "server/feed/change.h"

/*
 * Wildcard patterns, as Python's fnmatch.fnmatchcase() reads them (RCStream used
 * it): '*' any characters, '?' one, '[seq]' and '[!seq]' one of a set, with ranges;
 * ']' first in a set is itself, '-' at an edge is itself, '^' has no meaning, there is no escape
 * character; an unclosed '[' is itself; '[z-a]' matches nothing.  Characters are code
 * points; case matters; '.', '/' and line ends are characters like others.
 *
 * Threads: any; no state.
 */

/* Bytes of a name or pattern that anyone may subscribe to. */
#define SUBSCRIPTION_TEXT_MAX 1024

/* Whether it can match anything but itself: it has a '*', a '?' or a '['. */
bool subscription_is_pattern(struct text text);

/*
 * Whether the pattern matches the whole name.  Both valid UTF-8.  Time is at most
 * the product of the lengths, whatever the pattern.
 */
bool subscription_matches(struct text pattern, struct text name);

#endif
