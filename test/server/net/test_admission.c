/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/admission: who may come in by a listener. */
#include "server/net/admission.h"

#include <arpa/inet.h>

#include "test/server/net/world.h"

static struct sockaddr_in6 peer_of(const char *mapped)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, mapped, &peer.sin6_addr), 1);
	return peer;
}

static struct conf_network network_of(const char *mapped, unsigned prefix)
{
	return (struct conf_network){.address = peer_of(mapped).sin6_addr, .prefix = prefix};
}

static bool allows(const struct admission *admission, const char *address)
{
	struct sockaddr_in6 peer = peer_of(address);

	return admission_allows(admission, &peer);
}

/* An empty list is everyone; IPv4 is known by its mapped form, whatever socket it came by. */
static void test_admission_allows_who_is_listed(void **state)
{
	struct conf_network listed[] = {network_of("::ffff:192.0.2.0", 96 + 24),
	                                network_of("2001:db8::", 32)};
	struct conf_networks networks = {.items = listed, .count = 2};
	struct conf_networks none = {0};
	struct admission admission = {.allowed = &networks};
	struct admission everyone = {.allowed = &none};
	struct admission nothing_asked = {0};

	(void)state;
	assert_true(allows(&admission, "::ffff:192.0.2.255"));
	assert_true(allows(&admission, "2001:db8:ffff::1"));
	assert_false(allows(&admission, "::ffff:192.0.3.0"));
	assert_false(allows(&admission, "2001:db9::"));
	assert_false(allows(&admission, "::192.0.2.1")); /* not mapped: an IPv6 address */
	assert_true(allows(&everyone, "2001:db9::"));
	assert_true(allows(&nothing_asked, "2001:db9::"));
}

/* What is asked of a client, in this order; who is refused keeps neither a place nor a turn. */
static void test_admission_asks_one_thing_after_the_other(void **state)
{
	struct world *world = *state;
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 2, .ipv6_prefix = 64});
	struct conf_network listed = network_of("2001:db8::", 32);
	struct conf_networks networks = {.items = &listed, .count = 1};
	struct admission admission = {
	    .allowed = &networks,
	    .rates = address_rates_create(
		&(struct address_rates_options){.rate = 0.001, .burst = 3, .ipv6_prefix = 64}),
	};
	struct sockaddr_in6 friend = peer_of("2001:db8::1");
	struct sockaddr_in6 stranger = peer_of("2001:db9::1");
	struct address_place *places[3];
	struct address_figures figures;
	enum close_reason reason = CLOSE_SHUTDOWN;

	world->net->addresses = limits;
	assert_false(admission_enter(&admission, world->net, &stranger, &places[0], &reason));
	assert_int_equal(reason, CLOSE_NOT_ALLOWED);
	assert_true(admission_enter(&admission, world->net, &friend, &places[0], &reason));
	assert_true(admission_enter(&admission, world->net, &friend, &places[1], &reason));
	assert_false(admission_enter(&admission, world->net, &friend, &places[2], &reason));
	assert_int_equal(reason, CLOSE_ADDRESS_LIMIT);
	address_limits_leave(places[1]);
	assert_true(admission_enter(&admission, world->net, &friend, &places[1], &reason));
	address_limits_leave(places[1]);
	assert_false(admission_enter(&admission, world->net, &friend, &places[2], &reason));
	assert_int_equal(reason, CLOSE_RATE_LIMIT);
	assert_null(places[2]);
	address_limits_figures(limits, &figures);
	assert_int_equal(figures.taken, 1);
	address_limits_leave(places[0]);
	address_rates_destroy(admission.rates);
	address_limits_destroy(limits);
}

/* A proxy that tells of each request who asks is let in, listed or not, and as often as it likes.
 */
static void test_admission_lets_trusted_proxies_in(void **state)
{
	struct world *world = *state;
	struct conf_network listed = network_of("2001:db8::", 32);
	struct conf_network proxy = network_of("::ffff:10.0.0.1", 128);
	struct conf_networks networks = {.items = &listed, .count = 1};
	struct conf_networks trusted = {.items = &proxy, .count = 1};
	struct admission admission = {
	    .allowed = &networks,
	    .trusted = &trusted,
	    .rates = address_rates_create(
		&(struct address_rates_options){.rate = 0.001, .burst = 1, .ipv6_prefix = 64}),
	};
	struct sockaddr_in6 peer = peer_of("::ffff:10.0.0.1");
	struct address_place *place;
	enum close_reason reason;

	for (unsigned i = 0; i < 9; i++) {
		assert_true(admission_enter(&admission, world->net, &peer, &place, &reason));
		assert_null(place); /* nobody is counted here */
	}
	assert_false(admission_allows(&admission, &peer)); /* for what it asks itself */
	address_rates_destroy(admission.rates);
}

/* Whose address is known late is asked the same, and gives the proxy's place back. */
static void test_admission_moves_a_place_to_whose_it_is(void **state)
{
	struct world *world = *state;
	struct address_limits *limits = address_limits_create(
	    &(struct address_limits_options){.per_address = 1, .ipv6_prefix = 64});
	struct admission admission = {
	    .rates = address_rates_create(
		&(struct address_rates_options){.rate = 0.001, .burst = 1, .ipv6_prefix = 64}),
	};
	struct sockaddr_in6 client = peer_of("2001:db8::1");
	struct address_place *places[3];
	struct address_place *uncounted = NULL;
	enum close_reason reason = CLOSE_SHUTDOWN;

	for (size_t i = 0; i < 3; i++) {
		places[i] = address_limits_enter(limits, NULL, &reason);
	}
	assert_true(admission_move(&admission, world->net, &client, &places[0], &reason));
	assert_false(admission_move(&admission, world->net, &client, &places[1], &reason));
	assert_int_equal(reason, CLOSE_ADDRESS_LIMIT);
	address_limits_leave(places[0]);
	assert_false(admission_move(&admission, world->net, &client, &places[2], &reason));
	assert_int_equal(reason, CLOSE_RATE_LIMIT);
	assert_false(admission_move(&admission, world->net, &client, &uncounted, &reason));
	assert_int_equal(reason, CLOSE_RATE_LIMIT);
	address_limits_leave(places[1]);
	address_limits_leave(places[2]);
	address_rates_destroy(admission.rates);
	address_limits_destroy(limits); /* asserts that every place was left */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_admission_allows_who_is_listed),
	    TEST(test_admission_asks_one_thing_after_the_other),
	    TEST(test_admission_lets_trusted_proxies_in),
	    TEST(test_admission_moves_a_place_to_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
