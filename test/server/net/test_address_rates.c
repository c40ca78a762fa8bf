/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/address_rates: how often each address comes. */
#include "server/net/address_rates.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#include "server/base/memory.h"
#include "server/net/peer.h"

static struct sockaddr_in6 peer_of(const char *text)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
	struct sockaddr_in6 peer;

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
		peer_map((const struct sockaddr *)&ipv4, &peer);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
		peer_map((const struct sockaddr *)&ipv6, &peer);
	}
	return peer;
}

static bool take(struct address_rates *rates, const char *address, uint64_t now_ms)
{
	struct sockaddr_in6 peer = peer_of(address);

	return address_rates_take(rates, &peer, now_ms);
}

/* How many of `tries` at one moment are let in. */
static unsigned take_all(struct address_rates *rates, const char *address, uint64_t now_ms,
                         unsigned tries)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < tries; i++) {
		taken += take(rates, address, now_ms) ? 1 : 0;
	}
	return taken;
}

static struct address_rates *create(double rate, unsigned burst)
{
	const struct address_rates_options options = {
	    .rate = rate, .burst = burst, .ipv6_prefix = 64};

	return address_rates_create(&options);
}

/* address_rates.h: `burst` at once, then `rate` a second, for each address by itself. */
static void test_address_rates_give_a_burst_and_then_a_rate(void **state)
{
	struct address_rates *rates = create(4, 10);
	uint64_t now_ms = 5000;

	(void)state;
	assert_int_equal(take_all(rates, "192.0.2.1", now_ms, 30), 10);
	assert_int_equal(take_all(rates, "192.0.2.2", now_ms, 30), 10);
	assert_int_equal(take_all(rates, "192.0.2.1", now_ms + 249, 30), 0);
	assert_int_equal(take_all(rates, "192.0.2.1", now_ms + 250, 30), 1);
	assert_int_equal(take_all(rates, "192.0.2.1", now_ms + 1250, 30), 4);
	assert_int_equal(take_all(rates, "192.0.2.1", now_ms + 60000, 30), 10);
	address_rates_destroy(rates);
}

/* Who is refused pays nothing: trying on does not put the next time off. */
static void test_address_rates_charge_nothing_for_a_refusal(void **state)
{
	struct address_rates *rates = create(0.5, 1);

	(void)state;
	assert_true(take(rates, "192.0.2.1", 1000));
	for (uint64_t now_ms = 1000; now_ms < 3000; now_ms += 10) {
		assert_false(take(rates, "192.0.2.1", now_ms));
	}
	assert_true(take(rates, "192.0.2.1", 3000));
	address_rates_destroy(rates);
}

/* A loop's clock may be a little behind another's. */
static void test_address_rates_bear_a_clock_that_is_behind(void **state)
{
	struct address_rates *rates = create(1000, 5);

	(void)state;
	for (uint64_t behind_ms = 0; behind_ms < 5; behind_ms++) {
		assert_true(take(rates, "192.0.2.1", 1000 - behind_ms));
	}
	assert_false(take(rates, "192.0.2.1", 1000));
	assert_true(take(rates, "192.0.2.1", 1001));
	address_rates_destroy(rates);
}

/* address_limits.h: IPv4 one by one, IPv6 by its prefix. */
static void test_address_rates_tell_addresses_apart_as_the_limits_do(void **state)
{
	struct address_rates *rates = create(1, 1);

	(void)state;
	assert_true(take(rates, "192.0.2.1", 0));
	assert_true(take(rates, "192.0.2.2", 0));
	assert_true(take(rates, "2001:db8:0:1::1", 0));
	assert_false(take(rates, "2001:db8:0:1:ffff::2", 0));
	assert_true(take(rates, "2001:db8:0:2::1", 0));
	assert_false(take(rates, "::ffff:192.0.2.1", 0)); /* the same as IPv4 */
	address_rates_destroy(rates);
}

/* A rate of 0 is none, and whoever is unlimited is not even remembered. */
static void test_address_rates_do_not_bind_everybody(void **state)
{
	struct conf_network loopback = {.address = peer_of("127.0.0.0").sin6_addr,
	                                .prefix = 96 + 8};
	const struct conf_networks networks = {.items = &loopback, .count = 1};
	struct address_rates_options options = {
	    .rate = 1, .burst = 1, .ipv6_prefix = 64, .unlimited = &networks};
	struct address_rates *rates = address_rates_create(&options);
	struct address_rates *none = create(0, 1);

	(void)state;
	assert_int_equal(take_all(rates, "127.3.2.1", 0, 1000), 1000);
	assert_int_equal(address_rates_count(rates), 0);
	assert_int_equal(take_all(rates, "128.0.0.1", 0, 1000), 1);
	assert_int_equal(take_all(none, "192.0.2.1", 0, 1000), 1000);
	assert_int_equal(address_rates_count(none), 0);
	address_rates_destroy(rates);
	address_rates_destroy(none);
}

/* address_rates_change(): other figures are a new beginning; the same ones are not. */
static void test_address_rates_change(void **state)
{
	struct address_rates_options options = {.rate = 0.001, .burst = 3, .ipv6_prefix = 64};
	struct address_rates *rates = address_rates_create(&options);

	(void)state;
	assert_int_equal(take_all(rates, "192.0.2.1", 0, 9), 3);
	address_rates_change(rates, &options);
	assert_int_equal(take_all(rates, "192.0.2.1", 0, 9), 0);
	options.rate = 1;
	options.burst = 5;
	address_rates_change(rates, &options);
	assert_int_equal(take_all(rates, "192.0.2.1", 0, 9), 5);
	options.rate = 0;
	address_rates_change(rates, &options);
	assert_int_equal(address_rates_count(rates), 0);
	assert_int_equal(take_all(rates, "192.0.2.1", 0, 9), 9);
	address_rates_destroy(rates);
}

/* --- memory -------------------------------------------------------------------- */

#define SPRAYED 100000

static void spray(struct address_rates *rates, unsigned from, unsigned count, uint64_t now_ms)
{
	for (unsigned i = from; i < from + count; i++) {
		struct sockaddr_in6 peer = {.sin6_family = AF_INET6};

		memcpy(peer.sin6_addr.s6_addr + 3, &i, sizeof(i)); /* of the first 64 bits */
		assert_true(address_rates_take(rates, &peer, now_ms));
		assert_true(address_rates_count(rates) <= ADDRESS_RATES_MAX);
	}
}

/*
 * ADDRESS_RATES_MAX: a hundred thousand addresses at once take what the first of them took, and
 * who comes again and again among them stays bound.
 */
static void test_address_rates_are_flat_under_a_spray_of_addresses(void **state)
{
	struct address_rates *rates = create(0.01, 2);
	size_t before, full;

	(void)state;
	before = mallinfo2().uordblks;
	spray(rates, 0, ADDRESS_RATES_MAX, 1000);
	full = mallinfo2().uordblks;
	assert_int_equal(address_rates_count(rates), ADDRESS_RATES_MAX);
	assert_int_equal(take_all(rates, "192.0.2.1", 1000, 9), 2);
	for (unsigned i = ADDRESS_RATES_MAX; i < SPRAYED; i += 1000) {
		spray(rates, i, 1000, 1000);
		assert_false(take(rates, "192.0.2.1", 1000));
	}
	assert_int_equal(address_rates_count(rates), ADDRESS_RATES_MAX);
	/* Under a sanitizer nothing is told of what malloc has. */
	assert_true(mallinfo2().uordblks <= full + 65536);
	assert_true(full - before < (size_t)ADDRESS_RATES_MAX * 200);
	address_rates_destroy(rates);
}

/* Buckets that are full again are forgotten as others come, two for each. */
static void test_address_rates_forget_who_has_not_come_for_long(void **state)
{
	struct address_rates *rates = create(1, 2);

	(void)state;
	spray(rates, 0, 5000, 1000);
	assert_int_equal(address_rates_count(rates), 5000);
	spray(rates, 10000, 10, 1999); /* a moment before the first ones are full */
	assert_int_equal(address_rates_count(rates), 5010);
	for (unsigned i = 0; i < 5010; i++) {
		assert_int_equal(take(rates, "192.0.2.1", 2000 + i), i % 1000 == 0 || i == 1);
	}
	assert_int_equal(address_rates_count(rates), 1);
	address_rates_destroy(rates);
}

/* --- threads -------------------------------------------------------------------- */

#define THREADS 4
#define TRIES   20000
#define BURST   1000

struct crowd {
	struct address_rates *rates;
	atomic_uint taken;
};

static void crowd_in(void *argument)
{
	struct crowd *crowd = argument;
	struct sockaddr_in6 peer = peer_of("192.0.2.1");

	for (unsigned i = 0; i < TRIES; i++) {
		struct sockaddr_in6 other = {.sin6_family = AF_INET6};

		memcpy(other.sin6_addr.s6_addr, &i, sizeof(i));
		(void)address_rates_take(crowd->rates, &other, 1000);
		if (address_rates_take(crowd->rates, &peer, 1000)) {
			atomic_fetch_add(&crowd->taken, 1);
		}
	}
}

/* Threads: any.  Together they are let in as often as one would be. */
static void test_address_rates_hold_for_several_threads(void **state)
{
	struct crowd crowd = {.rates = create(1, BURST)};
	uv_thread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_create(&threads[i], crowd_in, &crowd), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_join(&threads[i]), 0);
	}
	assert_int_equal(atomic_load(&crowd.taken), BURST);
	address_rates_destroy(crowd.rates);
}

/* NULL does nothing. */
static void test_address_rates_destroy_nothing(void **state)
{
	(void)state;
	address_rates_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_rates_give_a_burst_and_then_a_rate),
	    cmocka_unit_test(test_address_rates_charge_nothing_for_a_refusal),
	    cmocka_unit_test(test_address_rates_bear_a_clock_that_is_behind),
	    cmocka_unit_test(test_address_rates_tell_addresses_apart_as_the_limits_do),
	    cmocka_unit_test(test_address_rates_do_not_bind_everybody),
	    cmocka_unit_test(test_address_rates_change),
	    cmocka_unit_test(test_address_rates_are_flat_under_a_spray_of_addresses),
	    cmocka_unit_test(test_address_rates_forget_who_has_not_come_for_long),
	    cmocka_unit_test(test_address_rates_hold_for_several_threads),
	    cmocka_unit_test(test_address_rates_destroy_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
