/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_budget.h"

#include "server/base/memory.h"

#define US_PER_SECOND 1000000
#define US_PER_MS     1000

static uint64_t cost_us(struct irc_budget_rules rules)
{
	require(rules.rate <= IRC_BUDGET_RATE_MAX && rules.burst > 0);
	return US_PER_SECOND / rules.rate;
}

/* When the next line may be taken: `burst` lines before the bucket, less that line, is full. */
static uint64_t due_us(const struct irc_budget *budget, struct irc_budget_rules rules)
{
	uint64_t whole_us = cost_us(rules) * (rules.burst - 1);

	return budget->full_us > whole_us ? budget->full_us - whole_us : 0;
}

bool irc_budget_take(struct irc_budget *budget, struct irc_budget_rules rules, uint64_t now_ms)
{
	uint64_t now_us = now_ms * US_PER_MS;

	if (rules.rate == 0) {
		return true;
	}
	if (due_us(budget, rules) > now_us) {
		return false;
	}
	if (budget->full_us < now_us) {
		budget->full_us = now_us;
	}
	budget->full_us += cost_us(rules);
	return true;
}

uint64_t irc_budget_wait_ms(const struct irc_budget *budget, struct irc_budget_rules rules,
                            uint64_t now_ms)
{
	uint64_t now_us = now_ms * US_PER_MS;
	uint64_t then_us = rules.rate > 0 ? due_us(budget, rules) : 0;

	return then_us > now_us ? (then_us - now_us + US_PER_MS - 1) / US_PER_MS : 0;
}
