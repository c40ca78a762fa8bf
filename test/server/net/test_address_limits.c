/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/address_limits: how much each address has of the whole process. */
#include "server/net/address_limits.h"

#include <arpa/inet.h>
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

/* An address as peer.h has it. */
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

/* Gives a place; it must be had. */
static struct address_place *enter(struct address_limits *limits, const char *address)
{
	struct sockaddr_in6 peer = peer_of(address);
	enum close_reason reason;
	struct address_place *place = address_limits_enter(limits, &peer, &reason);

	if (place == NULL) {
		fail_msg("%s: %s", address, close_reason_row(reason)->text);
	}
	return place;
}

static void assert_refused(struct address_limits *limits, const char *address,
                           enum close_reason wanted)
{
	struct sockaddr_in6 peer = peer_of(address);
	enum close_reason reason = CLOSE_SHUTDOWN;

	assert_null(address_limits_enter(limits, &peer, &reason));
	assert_int_equal(reason, wanted);
}

static void assert_taken(struct address_limits *limits, size_t taken, size_t addresses)
{
	struct address_figures figures;

	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, taken);
	assert_int_equal(figures.addresses, addresses);
}

/* limits.connections_per_address: so many and no more; a place that is left is the next one's. */
static void test_address_limits_bound_each_address(void **state)
{
	const struct address_limits_options options = {.per_address = 2, .ipv6_prefix = 64};
	struct address_limits *limits = address_limits_create(&options);
	struct address_place *places[4];

	(void)state;
	places[0] = enter(limits, "192.0.2.1");
	places[1] = enter(limits, "192.0.2.1");
	assert_refused(limits, "192.0.2.1", CLOSE_ADDRESS_LIMIT);
	places[2] = enter(limits, "192.0.2.2");
	assert_taken(limits, 3, 2);
	address_limits_leave(places[0]);
	places[3] = enter(limits, "192.0.2.1");
	assert_refused(limits, "192.0.2.1", CLOSE_ADDRESS_LIMIT);
	for (size_t i = 1; i < 4; i++) {
		address_limits_leave(places[i]);
	}
	assert_taken(limits, 0, 0);
	address_limits_destroy(limits);
}

/* limits.ipv6_prefix: who has a /64 has one share; IPv4 addresses are no neighbours. */
static void test_address_limits_take_an_ipv6_prefix_for_one_address(void **state)
{
	static const struct {
		unsigned prefix;
		const char *same, *other;
	} cases[] = {
	    {64, "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"},
	    {56, "2001:db8:0:ff::1", "2001:db8:0:100::1"},
	    {61, "2001:db8:0:7::1", "2001:db8:0:8::1"},
	    {128, "2001:db8:0:1::1", "2001:db8:0:1::2"},
	    {16, "2001:ffff::1", "2002:db8:0:1::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct address_limits_options options = {.per_address = 1,
		                                               .ipv6_prefix = cases[i].prefix};
		struct address_limits *limits = address_limits_create(&options);
		struct address_place *places[4] = {
		    enter(limits, "2001:db8:0:1::1"),
		    enter(limits, cases[i].other),
		    enter(limits, "192.0.2.1"),
		    enter(limits, "192.0.2.2"),
		};

		assert_refused(limits, cases[i].same, CLOSE_ADDRESS_LIMIT);
		for (size_t j = 0; j < 4; j++) {
			address_limits_leave(places[j]);
		}
		address_limits_destroy(limits);
	}
}

/* limits.unlimited_addresses: any number, in either family; they count among all the same. */
static void test_address_limits_except_networks(void **state)
{
	struct conf_network networks[] = {
	    {.address = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127}}, .prefix = 96 + 8},
	    {.address = {.s6_addr = {[15] = 1}}, .prefix = 128},
	    {.address = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}}, .prefix = 32},
	};
	const struct conf_networks unlimited = {.items = networks, .count = 3};
	const struct address_limits_options options = {
	    .per_address = 1, .ipv6_prefix = 64, .unlimited = &unlimited};
	struct address_limits *limits = address_limits_create(&options);
	static const char *const free_ones[] = {"127.0.0.1", "127.0.0.1",   "127.9.9.9",  "::1",
	                                        "::1",       "2001:db8::1", "2001:db8::1"};
	struct address_place *places[7], *bound[2];

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		places[i] = enter(limits, free_ones[i]);
	}
	assert_taken(limits, 7, 0);
	bound[0] = enter(limits, "126.255.255.255");
	bound[1] = enter(limits, "::2"); /* the /64 of ::1, which has no share in this */
	assert_refused(limits, "126.255.255.255", CLOSE_ADDRESS_LIMIT);
	assert_refused(limits, "::3", CLOSE_ADDRESS_LIMIT);
	assert_taken(limits, 9, 2);
	for (size_t i = 0; i < 7; i++) {
		address_limits_leave(places[i]);
	}
	address_limits_leave(bound[0]);
	address_limits_leave(bound[1]);
	address_limits_destroy(limits);
}

/* limits.connections_max: of all addresses, also the unlimited; 0 is no limit, of either kind. */
static void test_address_limits_bound_all_together(void **state)
{
	const struct address_limits_options options = {
	    .per_address = 0, .total = 0, .ipv6_prefix = 64};
	struct address_limits *limits = address_limits_create(&options);
	struct address_place *places[100];
	struct address_figures figures;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		places[i] = enter(limits, "192.0.2.1");
	}
	address_limits_set_total(limits, 99); /* fewer than there are: they stay */
	assert_refused(limits, "192.0.2.2", CLOSE_LIMIT);
	address_limits_leave(places[99]);
	assert_refused(limits, "192.0.2.2", CLOSE_LIMIT);
	address_limits_leave(places[98]);
	places[98] = enter(limits, "192.0.2.2");
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 99);
	assert_int_equal(figures.total, 99);
	assert_int_equal(figures.per_address, 0);
	for (size_t i = 0; i < 99; i++) {
		address_limits_leave(places[i]);
	}
	address_limits_destroy(limits);
}

/* address_limits_change(): what is taken stays, and is left where it was taken. */
static void test_address_limits_change_for_those_who_come(void **state)
{
	const struct address_limits_options before = {.per_address = 2, .ipv6_prefix = 64};
	const struct address_limits_options after = {
	    .per_address = 1, .total = 3, .ipv6_prefix = 128};
	struct address_limits *limits = address_limits_create(&before);
	struct address_place *places[3];
	struct address_figures figures;

	(void)state;
	places[0] = enter(limits, "2001:db8::1");
	places[1] = enter(limits, "2001:db8::2");
	assert_refused(limits, "2001:db8::3", CLOSE_ADDRESS_LIMIT);
	address_limits_change(limits, &after);
	places[2] = enter(limits, "2001:db8::3");
	assert_refused(limits, "2001:db8::4", CLOSE_LIMIT);
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 3);
	assert_int_equal(figures.per_address, 1);
	assert_int_equal(figures.total, 3);
	for (size_t i = 0; i < 3; i++) {
		address_limits_leave(places[i]);
	}
	address_limits_destroy(limits);
}

/* The contract: NULL does nothing. */
static void test_address_limits_leave_nothing(void **state)
{
	(void)state;
	address_limits_leave(NULL);
	address_limits_destroy(NULL);
}

/* --- threads ------------------------------------------------------------- */

#define THREADS     4
#define ROUNDS      20000
#define ADDRESSES   8 /* of all threads */
#define PER_ADDRESS 3
#define HELD        16

struct crowd {
	struct address_limits *limits;
	atomic_uint inside[ADDRESSES];
	atomic_uint refused, admitted, overfull;
};

struct member {
	struct crowd *crowd;
	uv_thread_t thread;
	unsigned seed;
};

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16;
}

/* The table was held to its bound if no more were let in than are allowed: seen by counting too. */
static struct address_place *come(struct crowd *crowd, unsigned address)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	struct address_place *place;
	enum close_reason reason;

	peer.sin6_addr.s6_addr[7] = (uint8_t)address;
	place = address_limits_enter(crowd->limits, &peer, &reason);
	if (place == NULL) {
		require(reason == CLOSE_ADDRESS_LIMIT);
		atomic_fetch_add(&crowd->refused, 1);
		return NULL;
	}
	atomic_fetch_add(&crowd->admitted, 1);
	if (atomic_fetch_add(&crowd->inside[address], 1) >= PER_ADDRESS) {
		atomic_fetch_add(&crowd->overfull, 1);
	}
	return place;
}

static void go(struct crowd *crowd, unsigned address, struct address_place *place)
{
	/* Counted out before the place is left: else one too many could be seen. */
	atomic_fetch_sub(&crowd->inside[address], 1);
	address_limits_leave(place);
}

static void crowd_in(void *argument)
{
	struct member *member = argument;
	struct address_place *places[HELD] = {NULL};
	unsigned addresses[HELD] = {0};
	struct address_figures figures;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned at = next(&member->seed) % HELD;

		if (places[at] != NULL) {
			go(member->crowd, addresses[at], places[at]);
			places[at] = NULL;
		} else {
			addresses[at] = next(&member->seed) % ADDRESSES;
			places[at] = come(member->crowd, addresses[at]);
		}
		if (i % 1000 == 0) {
			address_limits_figures(member->crowd->limits, &figures);
			require(figures.taken <= (size_t)ADDRESSES * PER_ADDRESS);
		}
	}
	for (size_t i = 0; i < HELD; i++) {
		if (places[i] != NULL) {
			go(member->crowd, addresses[i], places[i]);
		}
	}
}

/* Threads: any. With several at it the bound holds, and at the end nothing is left. */
static void test_address_limits_hold_for_several_threads(void **state)
{
	const struct address_limits_options options = {.per_address = PER_ADDRESS,
	                                               .ipv6_prefix = 64};
	struct crowd crowd = {.limits = address_limits_create(&options)};
	struct member members[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		members[i] = (struct member){.crowd = &crowd, .seed = i + 1};
		assert_int_equal(uv_thread_create(&members[i].thread, crowd_in, &members[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(uv_thread_join(&members[i].thread), 0);
	}
	assert_int_equal(atomic_load(&crowd.overfull), 0);
	assert_true(atomic_load(&crowd.refused) > 0);
	assert_true(atomic_load(&crowd.admitted) > 0);
	assert_taken(crowd.limits, 0, 0);
	address_limits_destroy(crowd.limits);
}

/* address_limits.h: a place goes from a proxy to its client, and the bound of all is not asked. */
static void test_address_limits_move_a_place_to_another_address(void **state)
{
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 2, .total = 3, .ipv6_prefix = 64});
	struct sockaddr_in6 client = peer_of("192.0.2.7");
	struct address_place *places[3];
	struct address_place *moved;

	(void)state;
	places[0] = enter(limits, "192.0.2.1");
	places[1] = enter(limits, "192.0.2.1");
	places[2] = enter(limits, "192.0.2.7");
	moved = address_limits_move(places[0], &client);
	assert_non_null(moved);
	assert_taken(limits, 3, 2);
	assert_null(address_limits_move(places[1], &client)); /* it has its two */
	assert_taken(limits, 3, 2);
	address_limits_leave(places[1]);
	assert_taken(limits, 2, 1);
	assert_refused(limits, "192.0.2.7", CLOSE_ADDRESS_LIMIT);
	address_limits_leave(moved);
	address_limits_leave(places[2]);
	assert_taken(limits, 0, 0);
	address_limits_destroy(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_limits_bound_each_address),
	    cmocka_unit_test(test_address_limits_take_an_ipv6_prefix_for_one_address),
	    cmocka_unit_test(test_address_limits_except_networks),
	    cmocka_unit_test(test_address_limits_bound_all_together),
	    cmocka_unit_test(test_address_limits_change_for_those_who_come),
	    cmocka_unit_test(test_address_limits_move_a_place_to_another_address),
	    cmocka_unit_test(test_address_limits_leave_nothing),
	    cmocka_unit_test(test_address_limits_hold_for_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
