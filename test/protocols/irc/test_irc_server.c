/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_server.h"

#include "test/protocols/irc/harness.h"

/* One channel for all spellings of a name; a change that is not for IRC makes none. */
static void test_irc_server_makes_a_channel_at_its_first_change(void **state)
{
	struct harness *harness = *state;
	const struct irc_channels *channels = &harness->server->channels;

	publish(harness, "#de.wikipedia", NULL);
	assert_int_equal(channels->count, 0);
	publish(harness, "#En.wikipedia", "one");
	publish(harness, "#en.wikipedia", "two");
	publish(harness, "#de.wikipedia", "");
	assert_int_equal(channels->count, 2);
	assert_string_equal(channels->items[0]->name, "#de.wikipedia");
	assert_string_equal(channels->items[1]->name, "#En.wikipedia");
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 2);
}

/* What nobody could join, and what would forge protocol, is no channel. */
static void test_irc_server_makes_no_channel_that_cannot_be_joined(void **state)
{
	struct harness *harness = *state;

	publish(harness, "en.wikipedia", "one");
	publish(harness, "#a b", "one");
	publish(harness, "#a\r\nQUIT", "one");
	assert_int_equal(harness->server->channels.count, 0);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels_refused), 0);
}

/* Over max_channels a change is counted and not shown; the others go on. */
static void test_irc_server_has_a_limit_of_channels(void **state)
{
	struct harness *harness = harness_create();

	(void)state;
	harness->conf.irc.max_channels = 3;
	harness_start(harness);
	for (unsigned i = 0; i < 5; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "#c%u", i);
		publish(harness, name, "one");
	}
	publish(harness, "#c1", "two");
	assert_int_equal(harness->server->channels.count, 3);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 3);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels_refused), 2);
	harness_destroy(harness);
}

/* Every worker has the same channels, and the metrics of all are summed: one counts for all. */
static void test_irc_server_counts_channels_in_the_first_worker_only(void **state)
{
	struct harness *harness = *state;

	harness->env.worker = 1;
	publish(harness, "#en.wikipedia", "one");
	assert_int_equal(harness->server->channels.count, 1);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 0);
}

static void assert_topic(struct harness *harness, const char *template, const char *wanted)
{
	char topic[IRC_TOPIC_MAX];

	harness->conf.irc.topic = template;
	irc_server_topic(harness->server, harness->server->channels.items[0], topic);
	assert_string_equal(topic, wanted);
}

/* Every "{channel}" is replaced; the longest template and name fit. */
static void test_irc_server_fills_in_the_topic(void **state)
{
	struct harness *harness = *state;
	char template[301] = "";
	char topic[IRC_TOPIC_MAX];

	publish(harness, "#a23456789b123456789c123456789d123456789e123456789", "one");
	for (int i = 0; i < 33; i++) {
		(void)strcat(template, "{channel}");
	}
	harness->conf.irc.topic = template;
	irc_server_topic(harness->server, harness->server->channels.items[0], topic);
	assert_int_equal(strlen(topic), 33 * 50);
	free(harness->server->channels.items[0]);
	harness->server->channels.items[0] = irc_channel_create((struct text){"#x", 2});
	assert_topic(harness, "Stream for topic {channel}", "Stream for topic #x");
	assert_topic(harness, "{channel}{channel} and {channel}.", "#x#x and #x.");
	assert_topic(harness, "{Channel} {channel", "{Channel} {channel");
	assert_topic(harness, "", "");
}

/* The most that were registered at once is remembered; who has not registered is counted apart. */
static void test_irc_server_counts_its_clients(void **state)
{
	struct harness *harness = *state;
	struct irc_figures figures;
	int first = client_registered(harness, "first");
	int second = client_registered(harness, "second");
	int third = client_open(harness);

	(void)close(first);
	turn(harness);
	turn(harness);
	irc_server_figures(harness->server, &figures);
	assert_int_equal(figures.registered, 1);
	assert_int_equal(figures.registered_max, 2);
	assert_int_equal(figures.unregistered, 1);
	(void)close(second);
	(void)close(third);
}

/* The maximum is the whole server's, whichever worker's client saw it. */
static void test_irc_server_shares_the_maximum_of_its_clients(void **state)
{
	struct harness *harness = *state;
	struct worker_stats workers[2] = {0};
	struct irc_figures figures;

	harness->status.workers = workers;
	harness->status.worker_count = 2;
	metric_set(&workers[0].metrics.irc_registered, 3);
	metric_set(&workers[1].metrics.irc_registered, 4);
	harness->env.metrics = &workers[0].metrics;
	irc_server_figures(harness->server, &figures);
	assert_int_equal(figures.registered_max, 7);
	metric_set(&workers[0].metrics.irc_registered, 1);
	harness->env.metrics = &workers[1].metrics;
	irc_server_figures(harness->server, &figures);
	assert_int_equal(figures.registered, 5);
	assert_int_equal(figures.registered_max, 7);
	harness->env.metrics = &harness->worker.metrics;
	harness->status.workers = &harness->worker;
	harness->status.worker_count = 1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* irc_server_change(): channels that are listed now exist, those that were go on to. */
static void test_irc_server_makes_channels_that_are_listed_later(void **state)
{
	struct harness *harness = *state;
	const char *names[] = {"#one", "#two"};

	publish(harness, "#two", "line");
	harness->conf.irc.channels = (struct conf_strings){.items = names, .count = 2};
	irc_server_change(harness->server);
	assert_int_equal(harness->server->channels.count, 2);
	harness->conf.irc.channels = (struct conf_strings){.count = 0};
	irc_server_change(harness->server);
	assert_int_equal(harness->server->channels.count, 2);
	assert_int_equal(metric_read(&metrics_of(harness)->irc_channels), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_server_makes_a_channel_at_its_first_change),
	    TEST(test_irc_server_makes_no_channel_that_cannot_be_joined),
	    cmocka_unit_test(test_irc_server_has_a_limit_of_channels),
	    TEST(test_irc_server_counts_channels_in_the_first_worker_only),
	    TEST(test_irc_server_fills_in_the_topic),
	    TEST(test_irc_server_makes_channels_that_are_listed_later),
	    TEST(test_irc_server_counts_its_clients),
	    TEST(test_irc_server_shares_the_maximum_of_its_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
