/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_MAILBOX_H
#define SERVER_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "conf/conf.h"
#include "server/feed/change.h"
#include "server/net/connection.h"
#include "server/net/errand.h"

/*
 * What other threads have for a worker: changes in order, and connections that
 * move to it.  The owner takes everything at once, so that the lock is held for a
 * few instructions, and nothing is called while it is held.
 *
 * Threads: as each function says.
 */

#define MAILBOX_CHANGES_MAX 32768
#define MAILBOX_BYTES_MAX   (64 * 1024 * 1024)

/* A connection on its way, for the front-end of that index. */
struct moved {
	struct migrant migrant;
	size_t front_end;
	struct moved *next;
};

/* Changes in order. */
struct change_list {
	struct change **items;
	size_t count;
	size_t capacity;
	size_t bytes;
};

struct mailbox {
	uv_mutex_t lock;
	struct change_list changes;
	struct moved *moved;     /* the last one put first */
	struct errand *errands;  /* the same */
	const struct conf *conf; /* a share; NULL: none is waiting */
	bool is_ending;          /* the end was asked for */
	bool is_closed;          /* nothing is taken any more */
	bool wants_room;         /* someone found it full */
};

/* Prepare it. */
void mailbox_init(struct mailbox *mailbox);

/* Free it; it was emptied and closed. */
void mailbox_finish(struct mailbox *mailbox);

/*
 * Whether fewer changes and bytes wait than MAILBOX_CHANGES_MAX and MAILBOX_BYTES_MAX;
 * when not, the next taking tells.  The feeder's.
 */
bool mailbox_has_room(struct mailbox *mailbox);

/* Put changes in, at most a turn's over the limits; one reference of each is given.  The feeder's.
 */
void mailbox_put_changes(struct mailbox *mailbox, struct change *const *changes, size_t count);

/* Put a connection in; false, and it stays the caller's, when the mailbox is closed.  Any thread.
 */
bool mailbox_put_moved(struct mailbox *mailbox, struct moved *moved);

/* Put an errand in; false, and it stays the caller's, when the mailbox is closed.  Any thread. */
bool mailbox_put_errand(struct mailbox *mailbox, struct errand *errand);

/* Put another configuration in, given; it takes the place of one that waits.  The main thread's. */
void mailbox_put_conf(struct mailbox *mailbox, const struct conf *conf);

/* Ask for the end.  The main thread's. */
void mailbox_put_end(struct mailbox *mailbox);

/* What mailbox_take() found. */
struct mail {
	struct moved *moved;     /* given, oldest first */
	struct errand *errands;  /* given, in any order */
	const struct conf *conf; /* given; NULL: none */
	bool is_ending;          /* and all changes put in before were taken */
	bool gave_room;          /* someone waits to be told of room */
};

/*
 * Take the connections and, when `changes` is empty, the changes too: it is
 * exchanged for what waits, so that its memory is used again.  The owner's.
 */
struct mail mailbox_take(struct mailbox *mailbox, struct change_list *changes);

/* Take nothing more from here on.  The owner's. */
void mailbox_close(struct mailbox *mailbox);

#endif
