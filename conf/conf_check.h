/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_CHECK_H
#define CONF_CONF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/conf_fault.h"

/*
 * What the type of an option cannot tell: what its text must look like, and what
 * two options must have to do with each other.  A list of small functions.
 *
 * Threads: the caller's.
 */

/* Where a member of the configuration was given; members left at their default have none. */
struct conf_place {
	const void *member;
	struct conf_mark mark;
	bool is_faulty; /* a fault was told: the member holds its default */
};

struct conf_places {
	struct conf_place *items; /* owned by the reader */
	size_t count;
};

/* Lends where `member` was given, NULL when it was not. */
const struct conf_place *conf_check_find(const struct conf_places *places, const void *member);

/* Adds a fault for each rule that `conf` breaks.  Rules over faulty members are passed over. */
void conf_check_rules(const struct conf *conf, const struct conf_places *places,
                      struct conf_faults *faults);

#endif
