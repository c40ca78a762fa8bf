/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_CERTIFICATES_H
#define SERVER_CERTIFICATES_H

#include <stdbool.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/metric.h"
#include "server/net/tls_holder.h"

/*
 * The certificates of the configuration, for all listeners that speak TLS:
 *
 *   start    certificates_start() ──> holder, lent to the workers
 *   reload   certificates_prepare() ──> certificates_put_in_force(): who comes from then on
 *               └── a file is wrong: all stays as it was
 *
 * Threads: the main thread's.
 */
struct certificates {
	metric *not_after_ms;      /* lent: when the first of those in use expires, Unix time */
	struct tls_holder *holder; /* NULL: nothing listens in TLS */
	struct tls_context *next;  /* read and not in force; NULL: none */
};

/* Whether anything listens in TLS. */
bool certificates_are_used(const struct conf *conf);

/* Read them if they are used; false with `error` set to which file is wrong, and why. */
bool certificates_start(struct certificates *certificates, const struct conf *conf,
                        struct error *error);

/*
 * Read them again, with the versions and the time limit of `conf`, and keep that aside; false
 * with `error` set when one cannot be used.  Nothing is read when nothing listens in TLS.  Where
 * the file has none any more, those of before stay, and the log says so.
 */
bool certificates_prepare(struct certificates *certificates, const struct conf *conf,
                          struct error *error);

/* What was prepared is for clients that come from now on.  Who is connected keeps the old. */
void certificates_put_in_force(struct certificates *certificates);

/* Free all; the workers have ended.  All zero does nothing. */
void certificates_finish(struct certificates *certificates);

#endif
