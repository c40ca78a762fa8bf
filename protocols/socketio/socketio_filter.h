/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_FILTER_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "protocols/socketio/socketio_since.h"
#include "server/feed/change.h"

/*
 * Codec: what a client subscribes to with an object,
 *
 *   {"wiki": ["*.wikipedia.org"], "type": ["edit", "new"], "namespace": [0], "bot": false,
 *    "since": POSITION}
 *
 * No member is needed; each but `bot` and `since` is one value or a list of them.
 *
 * Threads: any; no state.
 */
#define SOCKETIO_FILTER_WIKIS_MAX      32
#define SOCKETIO_FILTER_NAMESPACES_MAX 64
#define SOCKETIO_FILTER_REFUSED_MAX    8 /* members that are told of */

struct socketio_filter {
	/*
	 * What was read, but for `since`: `wiki` is there always, lists are lists, sorted and
	 * each value once.  Objects that ask for the same have equal ones.
	 */
	json_t *accepted;
	unsigned types;         /* a bit for each enum change_type; 0: any */
	enum change_answer bot; /* UNKNOWN: either */
};

/*
 * Read an object, which stays as it is (jansson's iteration takes none that is const).  Gives the
 * filter, to be ended with socketio_filter_finish().  False, and then there is none, when anything
 * in it is not understood: each such member is added to `refused` with the reason.  `since` has no
 * kind when there is no such member.
 */
bool socketio_filter_read(json_t *object, struct socketio_filter *filter,
                          struct socketio_since *since, json_t *refused);

/* Free what was read. */
void socketio_filter_finish(struct socketio_filter *filter);

/* Whether both ask for the same. */
bool socketio_filter_is_equal(const struct socketio_filter *filter,
                              const struct socketio_filter *other);

/* How many names and patterns of wikis it has, at least one, and one of them, lent. */
size_t socketio_filter_wikis(const struct socketio_filter *filter);
struct text socketio_filter_wiki(const struct socketio_filter *filter, size_t place);

/*
 * Whether a change, whose wiki fits, is one that was asked for.  What a change does not
 * tell does not pass: a filter by namespace gets no change whose namespace is not known.
 */
bool socketio_filter_passes(const struct socketio_filter *filter, const struct change *change);

#endif
