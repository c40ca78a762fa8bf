/* SPDX-License-Identifier: Apache-2.0 */
/* server/feeder: sources on the main thread's loop, every change to every worker. */
#include "server/feeder.h"

#include "test/server/lab.h"

/* The changes {"server_name":...,"n":1} to n, in a file of their own. */
static void write_changes(char *name, unsigned count)
{
	int descriptor = mkstemp(name);
	FILE *file = fdopen(descriptor, "w");

	assert_non_null(file);
	for (unsigned i = 1; i <= count; i++) {
		(void)fprintf(file, "{\"n\":%u,\"server_name\":\"en.wikipedia.org\"}\n", i);
	}
	(void)fclose(file);
}

static struct feeder *create_feeder(struct lab *lab)
{
	struct feeder_options options = {
	    .conf = lab->conf,
	    .status = &lab->status,
	    .loop = &lab->loop,
	    .workers = lab->workers,
	    .worker_count = LAB_WORKERS,
	};

	return feeder_create(&options);
}

static struct lab *create_lab(const char *file, unsigned rate)
{
	char yaml[512];

	(void)snprintf(yaml, sizeof(yaml),
	               "irc: {}\n"
	               "ingest: [{type: replay, file: \"%s\", rate: %u, loop: false}]\n",
	               file, rate);
	return lab_create(yaml);
}

static void stop(struct lab *lab, struct feeder *feeder)
{
	feeder_stop(feeder, lab_end_workers, lab);
	uv_unref((uv_handle_t *)&lab->bell);
	(void)uv_run(&lab->loop, UV_RUN_DEFAULT);
	uv_ref((uv_handle_t *)&lab->bell);
}

static uint64_t published(const struct lab *lab)
{
	return metric_read(&lab->status.sources[0].published);
}

static void expect_numbers(FILE *client, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		char expected[128];

		(void)snprintf(expected, sizeof(expected),
		               "{\"n\":%u,\"server_name\":\"en.wikipedia.org\"}\n", i);
		lab_expect(client, expected);
	}
}

/* feeder.h: every change to every worker, in the order the source gave them; ids count from 1. */
static void test_feeder_hands_every_change_to_every_worker(void **state)
{
	char file[] = "/tmp/test_feeder_XXXXXX";
	FILE *clients[LAB_WORKERS];
	struct feeder *feeder;
	struct error error = {""};
	struct lab *lab;

	(void)state;
	write_changes(file, 3000);
	lab = create_lab(file, 100000);
	lab_start_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		clients[i] = lab_connect(lab, i);
	}
	feeder = create_feeder(lab);
	assert_true(feeder_start(feeder, &error));
	while (published(lab) < 3000) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	stop(lab, feeder);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		expect_numbers(clients[i], 3000);
		lab_expect(clients[i], "bye\n");
		lab_expect_end(clients[i]);
	}
	assert_int_equal(metric_read(&lab->status.changes_published), 3000);
	assert_true(metric_read(&lab->status.sources[0].last_change_ms) > 0);
	lab_destroy(lab);
	feeder_destroy(feeder);
	(void)unlink(file);
}

/* feeder.h: when a worker is behind the sources wait, and go on when it has room; nothing is lost.
 */
static void test_feeder_pauses_the_sources_while_a_worker_is_behind(void **state)
{
	const unsigned changes = 50000;
	char file[] = "/tmp/test_feeder_XXXXXX";
	struct feeder *feeder;
	struct error error = {""};
	uint64_t before;
	struct lab *lab;

	(void)state;
	write_changes(file, changes);
	lab = create_lab(file, 1000000);
	feeder = create_feeder(lab);
	assert_true(feeder_start(feeder, &error));
	/* No worker runs, so what is published waits; a pause shows as a standstill. */
	do {
		before = published(lab);
		for (unsigned i = 0; i < 50; i++) {
			(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
			uv_sleep(1);
		}
	} while (published(lab) > before || before < 1000);
	assert_in_range(published(lab), 32768, 32768 + 2 * 640);
	lab_start_workers(lab);
	while (published(lab) < changes) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	stop(lab, feeder);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_join(lab->workers[i]);
		assert_int_equal(metric_read(&lab->status.workers[i].metrics.changes_received),
		                 changes);
	}
	lab_destroy(lab);
	feeder_destroy(feeder);
	(void)unlink(file);
}

static void send_to_source(uv_handle_t *handle, void *unused)
{
	struct sockaddr_in to;
	int length = sizeof(to);
	int sender;

	(void)unused;
	if (handle->type == UV_UDP) {
		assert_int_equal(
		    uv_udp_getsockname((uv_udp_t *)handle, (struct sockaddr *)&to, &length), 0);
		sender = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(sendto(sender, "#a\tb", 4, 0, (struct sockaddr *)&to, sizeof(to)),
		                 4);
		(void)close(sender);
	}
}

/* change.h: the time of arrival is that of the arrival, however long the loop had waited for it. */
static void test_feeder_notes_when_a_change_arrived(void **state)
{
	struct lab *lab = lab_create("irc: {}\n"
	                             "ingest: [{type: rc2udp, listen: \"127.0.0.1:0\"}]\n");
	struct feeder *feeder = create_feeder(lab);
	struct error error = {""};
	struct clock before;

	(void)state;
	assert_true(feeder_start(feeder, &error));
	(void)uv_run(&lab->loop, UV_RUN_NOWAIT);
	uv_sleep(50);
	clock_update(&before);
	uv_walk(&lab->loop, send_to_source, NULL);
	while (published(lab) == 0) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	assert_true(metric_read(&lab->status.sources[0].last_change_ms) >= before.wall_ms);
	stop(lab, feeder);
	lab_destroy(lab);
	feeder_destroy(feeder);
}

/* feeder.h: false with the source and the reason; those that run are stopped like any. */
static void test_feeder_tells_which_source_does_not_start(void **state)
{
	struct lab *lab = lab_create("irc: {}\n"
	                             "ingest:\n"
	                             "  - {type: rc2udp, listen: \"127.0.0.1:0\"}\n"
	                             "  - {type: replay, name: sample, file: /nonexistent}\n");
	struct feeder *feeder = create_feeder(lab);
	struct error error = {""};

	(void)state;
	assert_false(feeder_start(feeder, &error));
	assert_string_equal(error.text, "ingest: sample: /nonexistent: No such file or directory");
	stop(lab, feeder);
	lab_destroy(lab);
	feeder_destroy(feeder);
	feeder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_feeder_hands_every_change_to_every_worker),
	    cmocka_unit_test(test_feeder_pauses_the_sources_while_a_worker_is_behind),
	    cmocka_unit_test(test_feeder_notes_when_a_change_arrived),
	    cmocka_unit_test(test_feeder_tells_which_source_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
