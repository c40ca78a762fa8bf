/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/proxied: whose connection it is, by the word of a proxy. */
#include "server/net/proxied.h"

#include "server/net/address_limits.h"
#include "test/server/net/world.h"

#define HEADER "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667\r\n"

static const struct in6_addr loopback = {
    .s6_addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};
static struct conf_network network = {.prefix = 128};
static const struct conf_networks proxies = {.items = &network, .count = 1};

static const char *refusal(void *owner, enum close_reason reason)
{
	(void)owner;
	return reason == CLOSE_ADDRESS_LIMIT ? "too many\r\n" : close_reason_row(reason)->label;
}

static const struct conf_networks *believed(void *owner)
{
	(void)owner;
	return &proxies;
}

static int set_up(void **state)
{
	struct world *world = world_create();

	network.address = loopback;
	listener_expect_proxies(world->listener, believed);
	listener_tell_refused(world->listener, refusal);
	*state = world;
	return 0;
}

static int connect_to(struct world *world)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(client >= 0);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	turns(world, WORLD_TURNS);
	return client;
}

static void say(struct world *world, int client, const char *bytes)
{
	assert_int_equal(send(client, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
	turns(world, WORLD_TURNS);
}

static void assert_end_of(struct world *world, int client, const char *said)
{
	char bytes[64] = "";

	turns(world, WORLD_TURNS);
	assert_int_equal(recv(client, bytes, strlen(said) + 1, MSG_WAITALL), (ssize_t)strlen(said));
	assert_string_equal(bytes, said);
	(void)close(client);
	turns(world, WORLD_TURNS);
}

/* proxied.h: nobody owns it before the header is whole; then it has the address that is told. */
static void test_proxied_has_the_address_that_is_told(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);
	char text[PEER_TEXT_MAX];

	say(world, client, "PROXY TCP4 192.0.2.1 ");
	assert_int_equal(world->count, 0);
	say(world, client, "198.51.100.1 4711 6667\r\nPING x\r\n");
	assert_int_equal(world->count, 1);
	assert_string_equal(peer_text(&world->sessions[0].connection->peer, text),
	                    "192.0.2.1:4711");
	assert_int_equal(world->sessions[0].input.length, 8);
	assert_memory_equal(world->sessions[0].input.bytes, "PING x\r\n", 8);
	say(world, client, "more");
	assert_int_equal(world->sessions[0].input.length, 12);
	client_close(&world->sessions[0], client);
}

/* What the client itself says first is its own, even when it reads like a header. */
static void test_proxied_reads_one_header(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);
	char text[PEER_TEXT_MAX];

	say(world, client, HEADER "PROXY TCP4 203.0.113.9 198.51.100.1 1 2\r\n");
	assert_string_equal(peer_text(&world->sessions[0].connection->peer, text),
	                    "192.0.2.1:4711");
	client_close(&world->sessions[0], client);
}

/* proxied.h: a connection without a header ends, told nothing, and is counted. */
static void test_proxied_ends_without_a_header(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);

	say(world, client, "NICK reader\r\n");
	assert_end_of(world, client, "");
	assert_int_equal(world->count, 0);
	assert_int_equal(metric_read(&world->metrics.proxy_headers_refused), 1);
}

/* proxied.h: PROXIED_TIMEOUT_MS for the header as a whole; bytes that trickle do not move it. */
static void test_proxied_waits_no_longer_than_its_time(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);

	say(world, client, "PROXY ");
	pass(world, PROXIED_TIMEOUT_MS - 1000);
	say(world, client, "TCP4 ");
	assert_int_equal(metric_read(&world->metrics.connections_open), 1);
	pass(world, 1000 + 2 * DEADLINE_TICK_MS);
	assert_end_of(world, client, "");
	assert_int_equal(metric_read(&world->metrics.proxy_headers_refused), 1);
}

/* One that has been refused is not refused again when its time is over while it ends. */
static void test_proxied_is_refused_once(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);

	pass(world, PROXIED_TIMEOUT_MS - 1000);
	say(world, client, "NICK reader\r\n");
	pass(world, 1000 + 2 * DEADLINE_TICK_MS);
	assert_end_of(world, client, "");
	assert_int_equal(metric_read(&world->metrics.proxy_headers_refused), 1);
}

/* A proxy that gives up before its header is whole leaves nothing. */
static void test_proxied_ends_with_its_proxy(void **state)
{
	struct world *world = *state;
	int client = connect_to(world);

	say(world, client, "PROXY ");
	(void)close(client);
	turns(world, WORLD_TURNS);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
}

/* listener.h: who comes from elsewhere is no proxy's client, whatever it says. */
static void test_proxied_are_those_of_the_networks_alone(void **state)
{
	struct world *world = *state;
	int client;
	char text[PEER_TEXT_MAX];

	network.address.s6_addr[15] = 2;
	client = connect_to(world);
	assert_int_equal(world->count, 1);
	say(world, client, HEADER);
	assert_memory_equal(peer_text(&world->sessions[0].connection->peer, text),
	                    "127.0.0.1:", 10);
	assert_int_equal(world->sessions[0].input.length, strlen(HEADER));
	client_close(&world->sessions[0], client);
}

/* proxied.h: the place is among those of the client's address, not of the proxy's. */
static void test_proxied_is_counted_by_its_own_address(void **state)
{
	struct world *world = *state;
	struct address_limits_options options = {.per_address = 1, .ipv6_prefix = 64};
	struct address_limits *limits = address_limits_create(&options);
	int first, second, other;

	world->net->addresses = limits;
	first = connect_to(world);
	second = connect_to(world);
	other = connect_to(world);
	say(world, first, HEADER);
	say(world, other, "PROXY TCP4 192.0.2.2 198.51.100.1 4711 6667\r\n");
	assert_int_equal(world->count, 2);
	say(world, second, HEADER);
	assert_int_equal(world->count, 2);
	assert_end_of(world, second, "too many\r\n");
	assert_int_equal(metric_read(&world->metrics.connections_refused_address), 1);
	client_close(&world->sessions[0], first);
	client_close(&world->sessions[1], other);
	world->net->addresses = NULL;
	address_limits_destroy(limits);
}

static struct conf_network allowed = {.prefix = 128};
static const struct conf_networks all_allowed = {.items = &allowed, .count = 1};
static struct address_rates *rates;

static struct admission admission(void *owner)
{
	(void)owner;
	return (struct admission){.allowed = &all_allowed, .rates = rates};
}

/* proxied.h: whether it may come, and how often, is asked of the client's address. */
static void test_proxied_is_let_in_by_its_own_address(void **state)
{
	struct world *world = *state;
	struct address_rates_options options = {.rate = 0.001, .burst = 1, .ipv6_prefix = 64};
	int first, again, other, checker;

	rates = address_rates_create(&options);
	allowed.address = loopback;
	memcpy(allowed.address.s6_addr + 12, (uint8_t[]){192, 0, 2, 1}, 4);
	listener_admit(world->listener, admission);
	first = connect_to(world);
	again = connect_to(world);
	other = connect_to(world);
	checker = connect_to(world);
	say(world, first, HEADER);
	assert_int_equal(world->count, 1);
	say(world, again, HEADER);
	assert_end_of(world, again, "rate_limit");
	say(world, other, "PROXY TCP4 192.0.2.2 198.51.100.1 4711 6667\r\n");
	assert_end_of(world, other, "not_allowed");
	say(world, checker, "PROXY UNKNOWN\r\n"); /* the proxy itself */
	assert_end_of(world, checker, "not_allowed");
	assert_int_equal(world->count, 1);
	assert_int_equal(metric_read(&world->metrics.connections_refused_rate), 1);
	assert_int_equal(metric_read(&world->metrics.connections_refused_not_allowed), 2);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_NOT_ALLOWED]), 2);
	client_close(&world->sessions[0], first);
	address_rates_destroy(rates);
}

int main(void)
{
#define PROXIED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, world_teardown)
	const struct CMUnitTest tests[] = {
	    PROXIED_TEST(test_proxied_has_the_address_that_is_told),
	    PROXIED_TEST(test_proxied_reads_one_header),
	    PROXIED_TEST(test_proxied_ends_without_a_header),
	    PROXIED_TEST(test_proxied_waits_no_longer_than_its_time),
	    PROXIED_TEST(test_proxied_is_refused_once),
	    PROXIED_TEST(test_proxied_ends_with_its_proxy),
	    PROXIED_TEST(test_proxied_are_those_of_the_networks_alone),
	    PROXIED_TEST(test_proxied_is_counted_by_its_own_address),
	    PROXIED_TEST(test_proxied_is_let_in_by_its_own_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
