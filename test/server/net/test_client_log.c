/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server/net/client_log: how many lines about clients there are, and that none is lost from
 * the count.  What is written is read back through a file in place of standard output.
 */
#include "server/net/client_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/net.h"
#include "test/server/base/log_capture.h"

#define START_MS 1000000

/* Of a net, what the log of clients looks at. */
static struct net *net_with(struct client_log *log)
{
	struct net *net = mem_new(struct net);

	net->client_log = log;
	net->clock.now_ms = START_MS;
	return net;
}

/* Gives the record that was written; NULL when none was. */
static json_t *record_of(struct log_capture *capture)
{
	char *text = log_capture_stop(capture);
	json_t *record = NULL;

	if (text[0] != '\0') {
		record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(record);
	}
	free(text);
	return record;
}

/* Gives what client_log_tell() writes; NULL when that is nothing. */
static json_t *told(struct client_log *log)
{
	struct log_capture capture;

	log_capture_start(&capture);
	client_log_tell(log);
	return record_of(&capture);
}

static const char *member(const json_t *record, const char *name)
{
	const char *value = json_string_value(json_object_get(record, name));

	return value != NULL ? value : "(no such string)";
}

static json_int_t number(const json_t *record, const char *name)
{
	const json_t *value = json_object_get(record, name);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* How many of so many lines may be written now. */
static unsigned count_wanted(const struct net *net, unsigned lines)
{
	unsigned wanted = 0;

	for (unsigned i = 0; i < lines; i++) {
		wanted += client_log_wants(net, CLIENT_CONNECTED) ? 1 : 0;
	}
	return wanted;
}

/* log.client_rate: ten seconds of lines at once, then as many as the rate gives. */
static void test_client_log_has_a_burst_and_a_rate(void **state)
{
	static const unsigned rates[] = {1, 3, 10, 1000, 10000};

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct client_log log = {0};
		struct net *net = net_with(&log);
		unsigned rate = rates[i], wanted;

		client_log_set_rate(&log, rate);
		assert_int_equal(count_wanted(net, 20 * rate), CLIENT_LOG_BURST_S * rate);
		assert_int_equal(count_wanted(net, 20), 0);
		net->clock.now_ms += 7000;
		wanted = count_wanted(net, 20 * rate);
		assert_true(wanted >= 7 * rate - 1 && wanted <= 7 * rate + 1);
		net->clock.now_ms += 3600000;
		assert_int_equal(count_wanted(net, 20 * rate), CLIENT_LOG_BURST_S * rate);
		free(net);
	}
}

/* client_log.h: what is not written is counted by event, told once, and nothing is told of nothing.
 */
static void test_client_log_counts_what_it_does_not_write(void **state)
{
	struct client_log log = {0};
	struct net *net = net_with(&log);
	json_t *record;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	client_log_set_rate(&log, 1);
	assert_int_equal(count_wanted(net, CLIENT_LOG_BURST_S + 3), CLIENT_LOG_BURST_S);
	assert_false(client_log_wants(net, CLIENT_DISCONNECTED));
	assert_false(client_log_wants(net, CLIENT_SUBSCRIBED));
	assert_false(client_log_wants(net, CLIENT_SUBSCRIBED));
	record = told(&log);
	assert_string_equal(member(record, "event.code"), "log.suppressed");
	assert_string_equal(member(record, "log.logger"), "log");
	assert_string_equal(member(record, "log.level"), "info");
	assert_string_equal(member(record, "message"),
	                    "6 lines about clients were not written: 3 connected, 0 registered, 2 "
	                    "subscribed, 1 disconnected");
	assert_int_equal(number(record, "rcstreamd.suppressed.connected"), 3);
	assert_int_equal(number(record, "rcstreamd.suppressed.registered"), 0);
	assert_int_equal(number(record, "rcstreamd.suppressed.subscribed"), 2);
	assert_int_equal(number(record, "rcstreamd.suppressed.disconnected"), 1);
	json_decref(record);
	assert_null(told(&log));
	free(net);
}

/* log.client_rate: 0 is no lines, and no count of them; so is a level above info. */
static void test_client_log_that_is_off_counts_nothing(void **state)
{
	struct client_log log = {0};
	struct net *net = net_with(&log);

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_int_equal(count_wanted(net, 50), 0);
	client_log_set_rate(&log, 1);
	log_configure(LOG_LEVEL_WARN, LOG_FORMAT_JSON);
	assert_int_equal(count_wanted(net, 50), 0);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_null(told(&log));
	assert_int_equal(count_wanted(net, 50), CLIENT_LOG_BURST_S);
	free(net);
}

/* client_log.h: at level debug all are written, without a log of clients as well. */
static void test_client_log_has_no_bound_at_debug(void **state)
{
	struct client_log log = {0};
	struct net *net = net_with(&log);

	(void)state;
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
	client_log_set_rate(&log, 1);
	assert_int_equal(count_wanted(net, 500), 500);
	net->client_log = NULL;
	assert_int_equal(count_wanted(net, 500), 500);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	assert_int_equal(count_wanted(net, 500), 0);
	assert_null(told(&log));
	free(net);
}

/* client_log.h: nobody is kept waiting for whoever reads the log; the lines are counted. */
static void test_client_log_does_not_wait_for_room(void **state)
{
	struct client_log log = {0};
	struct net *net = net_with(&log);
	int standard_output = dup(STDOUT_FILENO);
	char block[4096] = {0};
	unsigned wanted;
	int ends[2];
	json_t *record;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	client_log_set_rate(&log, 100);
	(void)fflush(stdout);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], block, sizeof(block)) > 0) {}
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	wanted = count_wanted(net, 9);
	assert_int_equal(dup2(standard_output, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(wanted, 0);
	record = told(&log);
	assert_int_equal(number(record, "rcstreamd.suppressed.connected"), 9);
	json_decref(record);
	(void)close(standard_output);
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(net);
}

#define THREADS 4
#define LINES   20000

struct asker {
	struct net *net;
	unsigned wanted;
};

static void *ask(void *context)
{
	struct asker *asker = context;

	for (unsigned i = 0; i < LINES; i++) {
		asker->net->clock.now_ms = START_MS + i / 100;
		asker->wanted += client_log_wants(asker->net, CLIENT_REGISTERED) ? 1 : 0;
	}
	return NULL;
}

/* client_log.h, "Threads": all workers have one rate together, and no line is lost between them. */
static void test_client_log_is_shared_by_threads(void **state)
{
	struct client_log log = {0};
	struct asker askers[THREADS];
	pthread_t threads[THREADS];
	unsigned wanted = 0;
	json_t *record;

	(void)state;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	client_log_set_rate(&log, 100);
	for (size_t i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){.net = net_with(&log)};
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		wanted += askers[i].wanted;
		free(askers[i].net);
	}
	/* 200 ms went by, on clocks that differ. */
	assert_true(wanted >= 100 * CLIENT_LOG_BURST_S && wanted <= 100 * CLIENT_LOG_BURST_S + 21);
	record = told(&log);
	assert_int_equal(number(record, "rcstreamd.suppressed.registered"),
	                 THREADS * LINES - wanted);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_log_has_a_burst_and_a_rate),
	    cmocka_unit_test(test_client_log_counts_what_it_does_not_write),
	    cmocka_unit_test(test_client_log_that_is_off_counts_nothing),
	    cmocka_unit_test(test_client_log_has_no_bound_at_debug),
	    cmocka_unit_test(test_client_log_does_not_wait_for_room),
	    cmocka_unit_test(test_client_log_is_shared_by_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
