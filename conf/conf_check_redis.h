/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_CHECK_REDIS_H
#define CONF_CONF_CHECK_REDIS_H

#include "conf/conf_check.h"

/*
 * The rules between the options of `redis` and of `redis-stream`: a part of
 * conf_check_rules().
 *
 * Threads: the caller's.
 */

/* Adds a fault for each rule that an entry breaks.  Rules over faulty members are passed over. */
void conf_check_redis(const struct conf *conf, const struct conf_places *places,
                      struct conf_faults *faults);

#endif
