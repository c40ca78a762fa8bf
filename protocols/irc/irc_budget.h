/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_BUDGET_H
#define PROTOCOLS_IRC_IRC_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many lines of a client are run: a bucket that holds `burst` lines, and gets `rate` new
 * ones a second until it is full.  Nobody fills it: what is kept is when it will be full,
 * which each line puts off by its share of a second.
 *
 * Threads: any; no state but the caller's.
 */
struct irc_budget_rules {
	unsigned rate;  /* lines a second, at most IRC_BUDGET_RATE_MAX; 0: no limit */
	unsigned burst; /* at least 1 */
};

#define IRC_BUDGET_RATE_MAX 1000000 /* a line then costs a microsecond */

/* All zero is a full bucket. */
struct irc_budget {
	uint64_t full_us; /* by the clock that the caller tells the time of */
};

/* Take a line out; false when there is none. */
bool irc_budget_take(struct irc_budget *budget, struct irc_budget_rules rules, uint64_t now_ms);

/* Milliseconds until there is one; 0: there is. */
uint64_t irc_budget_wait_ms(const struct irc_budget *budget, struct irc_budget_rules rules,
                            uint64_t now_ms);

#endif
