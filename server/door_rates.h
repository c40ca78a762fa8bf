/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_DOOR_RATES_H
#define SERVER_DOOR_RATES_H

#include "conf/conf.h"
#include "server/net/address_rates.h"

/*
 * How often each address may come to each front-end, all workers together: a table for each row
 * of front_ends[], by its index.
 *
 * Threads: the main thread's; the tables themselves are anybody's.
 */

/* Gives the tables; NULL where a front-end lets everyone come as often as they like. */
struct address_rates **door_rates_create(const struct conf *conf);

/* Have the bounds of `conf`, lent until the next, from now on. */
void door_rates_change(struct address_rates **rates, const struct conf *conf);

/* NULL does nothing. */
void door_rates_destroy(struct address_rates **rates);

#endif
