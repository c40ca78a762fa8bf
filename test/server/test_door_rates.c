/* SPDX-License-Identifier: Apache-2.0 */
/* server/door_rates: how often each address may come to each front-end. */
#include "server/door_rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/front_end.h"

static struct address_rates *find(struct address_rates **rates, const char *front_end)
{
	for (size_t i = 0; front_ends[i] != NULL; i++) {
		if (strcmp(front_ends[i]->name, front_end) == 0) {
			return rates[i];
		}
	}
	fail_msg("no front-end %s", front_end);
	return NULL;
}

static unsigned take_all(struct address_rates *rates, unsigned tries)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	unsigned taken = 0;

	for (unsigned i = 0; i < tries; i++) {
		taken += address_rates_take(rates, &peer, 1000) ? 1 : 0;
	}
	return taken;
}

/* Each front-end has its own, by its own options; the admin listener has none. */
static void test_door_rates_are_of_each_front_end(void **state)
{
	struct conf conf = {
	    .irc = {.connection_rate = 1, .connection_burst = 3},
	    .http = {.connection_rate = 1, .connection_burst = 5},
	    .limits = {.ipv6_prefix = 64},
	};
	struct address_rates **rates = door_rates_create(&conf);

	(void)state;
	assert_int_equal(take_all(find(rates, "irc"), 9), 3);
	assert_int_equal(take_all(find(rates, "http"), 9), 5);
	assert_null(find(rates, "admin"));
	conf.http.connection_burst = 4;
	door_rates_change(rates, &conf);
	assert_int_equal(take_all(find(rates, "irc"), 9), 0);
	assert_int_equal(take_all(find(rates, "http"), 9), 4);
	door_rates_destroy(rates);
	door_rates_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_door_rates_are_of_each_front_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
