/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include <stdbool.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/feeder.h"
#include "server/notify.h"
#include "server/status.h"

/*
 * Puts another configuration in force while the server serves, all of it or nothing:
 *
 *   SIGHUP ──> load ──> settle ──> prepare() ──> sources ──> put_in_force(): log, limits, workers
 *               │ a fault            │ a file      │ one that was added cannot start
 *               └──> one line in the log, all stays as it was <──┘
 *
 * What cannot change while it runs keeps its value, and the log names it.
 *
 * Threads: the main thread's.
 */
struct reload_options {
	/* Gives what there is to be read; NULL with a line in `errors` for each fault. */
	struct conf *(*load)(void *loader, struct buffer *errors);
	void *loader;

	struct feeder *feeder;
	struct status *status;
	const struct notify *notify;

	/* Read what it names, and change nothing yet; false with `error` set when that fails. */
	bool (*prepare)(void *owner, const struct conf *conf, struct error *error);

	/* Let everyone but the sources have it; lent, and as long as it is in force. */
	void (*put_in_force)(void *owner, const struct conf *conf);
	void *owner;
};

struct reload {
	struct reload_options options;
	const struct conf *conf; /* a share of what is in force */
	struct conf *next;       /* a share; NULL: no reload is under way */
	bool is_wanted;          /* and another one after it */
	struct buffer live;      /* "irc.motd, log.level": options that have changed */
	struct buffer kept;      /* and those that wait for the next start */
};

/* Prepare; `conf` (shared) is in force. */
void reload_init(struct reload *reload, const struct reload_options *options,
                 const struct conf *conf);

/* Read the configuration again.  While that is under way, once more after it. */
void reload_start(struct reload *reload);

/* Free it; a reload that is under way is forgotten.  All zero does nothing. */
void reload_finish(struct reload *reload);

#endif
