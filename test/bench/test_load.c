/* SPDX-License-Identifier: Apache-2.0 */
/* bench/load: a run finds what a server does, well or badly. */
#include "bench/load.h"

#include "test/bench/tiny_server.h"

#define CLIENTS 5
#define CHANGES 20

/* Run it against a server with a fault; `rate` 0 is flooded. */
static void run(enum tiny_server_fault fault, const char *rate, struct load_result *result)
{
	struct tiny_server server;
	struct options options;
	struct error error = {""};
	char clients[32], inject[32], process[32];
	char *words[] = {"rcstream-bench", "--clients", clients,     "--inject", inject,
	                 "--changes",      "20",        "--warm-up", "0",        "--rate",
	                 (char *)rate,     "--pid",     process,     NULL};

	tiny_server_start(&server, fault);
	(void)snprintf(clients, sizeof(clients), "irc=%d@%u", CLIENTS, (unsigned)server.tcp);
	(void)snprintf(inject, sizeof(inject), "rc2udp@%u", (unsigned)server.udp);
	(void)snprintf(process, sizeof(process), "%d", (int)getpid());
	assert_true(options_read(&options, 13, words, &error));
	assert_true(load_run(&options, result, &error));
	tiny_server_stop(&server);
}

/* load.h: of a server without a fault, every change is with every client, flooded or paced. */
static void test_load_of_a_good_server_is_good(void **state)
{
	static const char *const rates[] = {"0", "100"};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct load_result result;

		run(TINY_SERVER_NO_FAULT, rates[i], &result);
		assert_true(result.is_complete);
		assert_true(tally_is_good(&result.tally));
		assert_int_equal(result.tally.groups[0].deliveries, CLIENTS * CHANGES);
		assert_int_equal(result.tally.last.count, CHANGES);
		assert_true(result.before.server.rss_bytes > 0);
		assert_true(result.after.server.cpu_ns > result.before.server.cpu_ns);
		assert_true(result.ended.now_ns > result.before.now_ns);
		load_finish(&result);
	}
}

/* load.h: at a rate, changes are sent over as much time as that takes. */
static void test_load_is_paced(void **state)
{
	struct load_result result;

	(void)state;
	run(TINY_SERVER_NO_FAULT, "50", &result);
	assert_true(result.ended.now_ns - result.before.now_ns > 370 * UINT64_C(1000000));
	load_finish(&result);
}

/* load.h: a change that one client misses is one loss, after patience; and not complete. */
static void test_load_counts_a_loss(void **state)
{
	struct load_result result;

	(void)state;
	run(TINY_SERVER_LOSES, "1000", &result);
	assert_false(result.is_complete);
	assert_string_equal(result.reason.text, "nothing came for 5 s");
	assert_int_equal(tally_lost(&result.tally, &result.tally.groups[0]), 1);
	assert_int_equal(result.tally.completed, CHANGES - 1);
	load_finish(&result);
}

/* load.h: a second copy, and a change that overtakes another, are found. */
static void test_load_counts_repetition_and_disorder(void **state)
{
	struct load_result result;

	(void)state;
	run(TINY_SERVER_REPEATS, "0", &result);
	assert_true(result.is_complete);
	assert_false(tally_is_good(&result.tally));
	assert_int_equal(result.tally.groups[0].duplicates, 1);
	assert_int_equal(tally_lost(&result.tally, &result.tally.groups[0]), 0);
	load_finish(&result);
	run(TINY_SERVER_SWAPS, "0", &result);
	assert_true(result.is_complete);
	assert_int_equal(result.tally.groups[0].reordered, 1);
	assert_int_equal(result.tally.groups[0].duplicates, 0);
	load_finish(&result);
}

/* load.h: a client that the server sends away ends the run, which says which. */
static void test_load_ends_with_a_client(void **state)
{
	struct load_result result;

	(void)state;
	run(TINY_SERVER_CLOSES, "0", &result);
	assert_false(result.is_complete);
	assert_non_null(strstr(result.reason.text, "(irc): the server closed the connection"));
	load_finish(&result);
}

/* load.h: what cannot begin is said in a sentence, and measures nothing. */
static void test_load_that_cannot_begin_says_why(void **state)
{
	char *refused[] = {"rcstream-bench", "--clients", "irc=1@1", "--inject", "none"};
	char *unknown[] = {"rcstream-bench", "--host", "no such host"};
	struct load_result result;
	struct options options;
	struct error error = {""};

	(void)state;
	assert_true(options_read(&options, 5, refused, &error));
	assert_false(load_run(&options, &result, &error));
	assert_string_equal(error.text, "0 of 1 clients were ready: client 0 (irc): "
	                                "127.0.0.1 port 1: Connection refused");
	load_finish(&result);
	assert_true(options_read(&options, 3, unknown, &error));
	assert_false(load_run(&options, &result, &error));
	assert_non_null(strstr(error.text, "--host: no such host: "));
	load_finish(&result);
}

/* load.h: clients that are never ready are waited for until the time is up. */
static void test_load_waits_no_longer_than_it_may(void **state)
{
	struct tiny_server server;
	struct load_result result;
	struct options options;
	struct error error = {""};
	char clients[32];
	char *words[] = {"rcstream-bench", "--clients",    clients, "--inject",
	                 "none",           "--time-limit", "1"};

	(void)state;
	tiny_server_start(&server, TINY_SERVER_GREETS_NOBODY);
	(void)snprintf(clients, sizeof(clients), "irc=2@%u", (unsigned)server.tcp);
	assert_true(options_read(&options, 7, words, &error));
	assert_false(load_run(&options, &result, &error));
	assert_string_equal(error.text, "0 of 2 clients were ready: the time of 1 s is up");
	load_finish(&result);
	tiny_server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_load_of_a_good_server_is_good),
	    cmocka_unit_test(test_load_is_paced),
	    cmocka_unit_test(test_load_counts_a_loss),
	    cmocka_unit_test(test_load_counts_repetition_and_disorder),
	    cmocka_unit_test(test_load_ends_with_a_client),
	    cmocka_unit_test(test_load_that_cannot_begin_says_why),
	    cmocka_unit_test(test_load_waits_no_longer_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
