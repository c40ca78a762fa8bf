/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_CHANGE_H
#define CONF_CONF_CHANGE_H

#include <stdbool.h>

#include "conf/conf.h"

/*
 * What differs between the configuration that is in force and the next one, and which of it
 * can hold before the process starts anew: conf/options.def says so, option by option.
 *
 *   file ── conf_load() ──> next ── conf_change_settle() ──> what a reload puts in force
 *
 * Threads: the caller's.
 */

/* Told of each option outside `ingest` that has another value ("irc.motd"), or section ("irc"). */
typedef void conf_change_fn(void *context, const char *key, bool is_live);

/*
 * Give back to `next` the values of `now` that hold until the process ends, so that it says
 * what is true once it is in force.  A front-end whose section came or went stays as it is,
 * with all in it.  Every difference is told, those given back as not live.
 */
void conf_change_settle(struct conf *next, const struct conf *now, conf_change_fn *on_change,
                        void *context);

/* Whether the two make the same source: type, name and every option. */
bool conf_change_is_same_entry(const struct conf_ingest *one, const struct conf_ingest *other);

/* Lends the entry of this name, NULL when there is none. */
const struct conf_ingest *conf_change_find_entry(const struct conf *conf, const char *name);

#endif
