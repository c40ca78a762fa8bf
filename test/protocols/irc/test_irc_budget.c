/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_budget.h"

#include "test/protocols/irc/harness.h"

#define CRLF "\r\n"
#define S    ":" TEST_SERVER

/* --- the bucket ------------------------------------------------------------ */

/* Without a rate there is no limit: CVNBot joins 800 channels in a row. */
static void test_irc_budget_without_a_rate_is_endless(void **state)
{
	const struct irc_budget_rules rules = {.rate = 0, .burst = 10};
	struct irc_budget budget = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		assert_true(irc_budget_take(&budget, rules, 5));
	}
	assert_int_equal(irc_budget_wait_ms(&budget, rules, 5), 0);
}

/* `burst` lines at once, then one each 1/rate seconds; what is not taken comes together again. */
static void test_irc_budget_gives_a_burst_and_then_the_rate(void **state)
{
	const struct irc_budget_rules rules = {.rate = 4, .burst = 10};
	struct irc_budget budget = {0};
	uint64_t now_ms = 123456789;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(irc_budget_wait_ms(&budget, rules, now_ms), 0);
		assert_true(irc_budget_take(&budget, rules, now_ms));
	}
	assert_false(irc_budget_take(&budget, rules, now_ms));
	assert_int_equal(irc_budget_wait_ms(&budget, rules, now_ms), 250);
	assert_false(irc_budget_take(&budget, rules, now_ms + 249));
	assert_true(irc_budget_take(&budget, rules, now_ms + 250));
	assert_false(irc_budget_take(&budget, rules, now_ms + 250));
	now_ms += 1250;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(irc_budget_take(&budget, rules, now_ms));
	}
	assert_false(irc_budget_take(&budget, rules, now_ms));
	now_ms += 3600 * 1000;
	for (unsigned i = 0; i < 10; i++) {
		assert_true(irc_budget_take(&budget, rules, now_ms));
	}
	assert_false(irc_budget_take(&budget, rules, now_ms));
}

/* A line that was refused costs nothing, however often it is tried. */
static void test_irc_budget_counts_what_was_taken_only(void **state)
{
	const struct irc_budget_rules rules = {.rate = 1, .burst = 1};
	struct irc_budget budget = {0};

	(void)state;
	assert_true(irc_budget_take(&budget, rules, 1000));
	for (unsigned i = 0; i < 100; i++) {
		assert_false(irc_budget_take(&budget, rules, 1500));
	}
	assert_int_equal(irc_budget_wait_ms(&budget, rules, 1500), 500);
	assert_true(irc_budget_take(&budget, rules, 2000));
}

/* Over a minute of trying every millisecond each rate gives what it says, and the burst. */
static void test_irc_budget_keeps_its_rate(void **state)
{
	static const unsigned rates[] = {1, 3, 7, 30, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct irc_budget_rules rules = {.rate = rates[i], .burst = 20};
		struct irc_budget budget = {0};
		unsigned taken = 0;

		for (uint64_t now_ms = 0; now_ms < 60000; now_ms++) {
			while (irc_budget_take(&budget, rules, now_ms)) {
				taken++;
			}
		}
		assert_in_range(taken, rates[i] * 60 + 18, rates[i] * 60 + 21);
	}
}

/* --- a session's ------------------------------------------------------------ */

/* A front-end with this budget, and a client that has registered within its burst. */
static struct harness *begin(unsigned rate, unsigned burst, int *client)
{
	struct harness *harness = harness_create();

	harness->conf.irc.input_rate = rate;
	harness->conf.irc.input_burst = burst;
	harness->conf.irc.max_channels = 10000;
	harness_start(harness);
	*client = client_registered(harness, "reader");
	step(harness, 5 * 1000); /* what that took is there again; no PING comes yet */
	return harness;
}

/* In one segment: many small ones would overrun the socket of a server that does not turn. */
static void say_pings(int client, unsigned first, unsigned last)
{
	struct buffer lines = {0};

	for (unsigned i = first; i <= last; i++) {
		buffer_printf(&lines, "PING %u\r\n", i);
	}
	say_bytes(client, lines.bytes, lines.length);
	buffer_finish(&lines);
}

static void expect_pongs(struct harness *harness, int client, unsigned first, unsigned last)
{
	struct buffer wanted = {0};

	for (unsigned i = first; i <= last; i++) {
		buffer_printf(&wanted, S " PONG " TEST_SERVER " :%u" CRLF, i);
	}
	buffer_append_byte(&wanted, '\0');
	expect(harness, client, wanted.bytes);
	buffer_finish(&wanted);
}

static void expect_silence(struct harness *harness, int client)
{
	char byte;

	for (unsigned i = 0; i < 5; i++) {
		turn(harness);
	}
	assert_int_equal(recv(client, &byte, 1, 0), -1);
}

/* irc.input_rate: lines over it wait and are answered in order; other clients do not notice. */
static void test_irc_budget_makes_lines_wait(void **state)
{
	int client, other;
	struct harness *harness = begin(10, 20, &client);

	(void)state;
	other = client_registered(harness, "other");
	say_pings(client, 1, 50);
	expect_pongs(harness, client, 1, 20);
	expect_silence(harness, client);
	say(client, "PING 51");
	expect_silence(harness, client);
	expect_nothing(harness, other);
	step(harness, 1000);
	turn(harness);
	expect_pongs(harness, client, 21, 30);
	step(harness, 4000);
	for (unsigned i = 0; i < 40; i++) {
		step(harness, DEADLINE_TICK_MS);
		turn(harness);
	}
	expect_pongs(harness, client, 31, 51);
	assert_true(metric_read(&metrics_of(harness)->irc_input_waits) > 2);
	(void)close(client);
	(void)close(other);
	harness_destroy(harness);
}

/* What a client sent before it shut its side down is answered all the same, then it ends. */
static void test_irc_budget_answers_a_client_that_half_closed(void **state)
{
	int client;
	struct harness *harness = begin(10, 20, &client);

	(void)state;
	say_pings(client, 1, 40);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	expect_pongs(harness, client, 1, 20);
	expect_silence(harness, client);
	for (unsigned i = 0; i < 40; i++) {
		step(harness, DEADLINE_TICK_MS);
		turn(harness);
	}
	expect_pongs(harness, client, 21, 40);
	expect_end(harness, client, "");
	(void)close(client);
	harness_destroy(harness);
}

/* Let seconds pass, and read what comes: many small segments would fill the client's socket. */
static void pass_reading(struct harness *harness, int client, unsigned seconds, struct buffer *out)
{
	for (unsigned i = 0; i < 4 * seconds; i++) {
		ssize_t got;

		step(harness, 250);
		got = recv(client, buffer_reserve(out, 4096), 4096, 0);
		out->length += got > 0 ? (size_t)got : 0;
	}
}

/* The PONG of a client whose lines wait may be among them: it is not taken for dead. */
static void test_irc_budget_does_not_time_out_whose_pong_waits(void **state)
{
	int client;
	struct harness *harness = begin(1, 20, &client);
	struct buffer out = {0};

	(void)state;
	say_pings(client, 1, 320);
	pass_reading(harness, client, 300, &out);
	say(client, "PONG :" TEST_SERVER);
	say(client, "PING end");
	pass_reading(harness, client, 8, &out); /* the server's next PING is due at 310 s */
	read_until(harness, client, S " PONG " TEST_SERVER " :end" CRLF, &out);
	assert_null(memmem(out.bytes, out.length, "ERROR", 5));
	assert_int_equal(metric_read(&metrics_of(harness)->closed[CLOSE_PING_TIMEOUT]), 0);
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* Memory stays bounded: over NET_HELD_MAX the client's own TCP has to wait. */
static void test_irc_budget_lets_a_flooder_wait(void **state)
{
	int client;
	struct harness *harness = begin(1, 10, &client);
	char lines[4096];
	size_t sent = 0;
	ssize_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(lines); i += 8) {
		memcpy(lines + i, "PONG :x\n", 8);
	}
	for (unsigned i = 0; i < 20000; i++) {
		length = send(client, lines, sizeof(lines), MSG_DONTWAIT);
		sent += length > 0 ? (size_t)length : 0;
		if (length < 0 && i > 100) {
			turn(harness);
		}
	}
	assert_true(metric_read(&metrics_of(harness)->bytes_received) <
	            NET_HELD_MAX + NET_READ_BYTES + 4096);
	assert_true(sent > NET_HELD_MAX + NET_READ_BYTES);
	(void)close(client);
	harness_destroy(harness);
}

/* A LIST that comes in parts is one line. */
static void test_irc_budget_counts_a_long_list_once(void **state)
{
	int client;
	struct harness *harness = begin(1, 10, &client);
	struct buffer out = {0};
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 9000; i++) {
		(void)snprintf(name, sizeof(name), "#c%u", i);
		publish(harness, name, "one");
	}
	say(client, "LIST");
	say_pings(client, 1, 9);
	read_until(harness, client, ":9" CRLF, &out);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_input_waits), 0);
	say(client, "PING 10");
	for (unsigned i = 0;
	     metric_read(&metrics_of(harness)->irc_input_waits) == 0 && i < WAIT_ROUNDS; i++) {
		turn(harness);
		(void)poll(NULL, 0, 1);
	}
	assert_int_equal(metric_read(&metrics_of(harness)->irc_input_waits), 1);
	expect_silence(harness, client);
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

/* The end may come while lines wait: nothing is left behind (LeakSanitizer, harness_destroy()). */
static void test_irc_budget_ends_with_its_session(void **state)
{
	int client;
	struct harness *harness = begin(1, 10, &client);
	struct buffer out = {0};

	(void)state;
	say_pings(client, 1, 30);
	expect_pongs(harness, client, 1, 10);
	net_end(harness->net, CLOSE_SHUTDOWN);
	read_until(harness, client, NULL, &out);
	assert_non_null(memmem(out.bytes, out.length, "(Server shutting down)", 22));
	buffer_finish(&out);
	(void)close(client);
	harness_destroy(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_budget_without_a_rate_is_endless),
	    cmocka_unit_test(test_irc_budget_gives_a_burst_and_then_the_rate),
	    cmocka_unit_test(test_irc_budget_counts_what_was_taken_only),
	    cmocka_unit_test(test_irc_budget_keeps_its_rate),
	    cmocka_unit_test(test_irc_budget_makes_lines_wait),
	    cmocka_unit_test(test_irc_budget_answers_a_client_that_half_closed),
	    cmocka_unit_test(test_irc_budget_does_not_time_out_whose_pong_waits),
	    cmocka_unit_test(test_irc_budget_lets_a_flooder_wait),
	    cmocka_unit_test(test_irc_budget_counts_a_long_list_once),
	    cmocka_unit_test(test_irc_budget_ends_with_its_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
