/* SPDX-License-Identifier: Apache-2.0 */
/* server/feeder: sources on the main thread's loop, every change to every worker. */
#include "server/feeder.h"

#include "test/server/lab.h"

static atomic_bool clock_goes_back;

/* Linked instead of base's: the same, but for a wall clock that runs backwards if told. */
void clock_update(struct clock *clock)
{
	struct timespec wall;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	clock->now_ms = uv_hrtime() / 1000000;
	clock->wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000;
	if (atomic_load(&clock_goes_back)) {
		clock->wall_ms = UINT64_C(4000000000000) - clock->wall_ms;
	}
}

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
	assert_true(feeder_start(feeder, lab->conf, &error));
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

/* change.h: the time of arrival is never before that of the change before, whatever the clock does.
 */
static void test_feeder_never_goes_back_in_time(void **state)
{
	char file[] = "/tmp/test_feeder_XXXXXX";
	struct feeder *feeder;
	struct error error = {""};
	struct lab *lab;
	FILE *client;

	(void)state;
	atomic_store(&clock_goes_back, true);
	write_changes(file, 50);
	lab = create_lab(file, 1000);
	lab_start_workers(lab);
	client = lab_connect(lab, 0);
	feeder = create_feeder(lab);
	assert_true(feeder_start(feeder, lab->conf, &error));
	while (published(lab) < 50) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	stop(lab, feeder);
	expect_numbers(client, 50);
	lab_expect(client, "bye\n");
	lab_expect_end(client);
	assert_int_equal(atomic_load(&lab_times_back), 0);
	lab_destroy(lab);
	feeder_destroy(feeder);
	(void)unlink(file);
	atomic_store(&clock_goes_back, false);
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
	assert_true(feeder_start(feeder, lab->conf, &error));
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
	assert_true(feeder_start(feeder, lab->conf, &error));
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

/* The same edit of x.org in both forms; %u is its revision. */
#define X_JSON                                                                                 \
	"{\"type\":\"edit\",\"title\":\"P\",\"user\":\"U\",\"comment\":\"\",\"server_url\":"   \
	"\"https://x.org\",\"server_script_path\":\"/w\",\"revision\":{\"old\":1,\"new\":%u}," \
	"\"server_name\":\"x.org\"}\n"
#define X_LINE                                                                            \
	"#x\t\00314[[\00307P\00314]]\0034 \00310 \00302https://x.org/w/index.php?diff=%u" \
	"&oldid=1\003 \0035*\003 \00303U\003 \0035*\003 (+1) \00310\003"

/* A feeder with three sources, of JSON, of JSON and of lines, and a client. */
struct three {
	struct lab *lab;
	struct feeder *feeder;
	FILE *client;
	struct sockaddr_in addresses[3];
	size_t address_count;
};

/* The loop has its handles in the order of the sources. */
static void on_handle(uv_handle_t *handle, void *pointer)
{
	struct three *three = pointer;
	int length = sizeof(three->addresses[0]);

	if (handle->type == UV_UDP) {
		struct sockaddr_in *address = &three->addresses[three->address_count++];

		assert_int_equal(
		    uv_udp_getsockname((uv_udp_t *)handle, (struct sockaddr *)address, &length), 0);
	}
}

static void start_three(struct three *three, const char *duplicates, const char *of_third)
{
	struct error error = {""};
	char yaml[512];

	(void)snprintf(yaml, sizeof(yaml),
	               "irc: {}\n"
	               "duplicates: {%s}\n"
	               "ingest:\n"
	               "  - {type: rcfeed-udp, listen: \"127.0.0.1:0\"}\n"
	               "  - {type: rcfeed-udp, listen: \"127.0.0.1:0\"}\n"
	               "  - {type: rc2udp, listen: \"127.0.0.1:0\"%s}\n",
	               duplicates, of_third);
	*three = (struct three){.lab = lab_create(yaml)};
	lab_start_workers(three->lab);
	three->client = lab_connect(three->lab, 0);
	three->feeder = create_feeder(three->lab);
	assert_true(feeder_start(three->feeder, three->lab->conf, &error));
	uv_walk(&three->lab->loop, on_handle, three);
	assert_int_equal(three->address_count, 3);
}

/* Send the edit to a source, in its form, and turn the loop until it was received. */
static void send_to(struct three *three, size_t source, unsigned revision)
{
	const struct sockaddr_in *to = &three->addresses[source];
	metric *received = &three->lab->status.sources[source].received;
	uint64_t before = metric_read(received);
	int sender = socket(AF_INET, SOCK_DGRAM, 0);
	char text[512];
	int length = source < 2 ? snprintf(text, sizeof(text), X_JSON, revision)
	                        : snprintf(text, sizeof(text), X_LINE, revision);

	assert_int_equal(
	    sendto(sender, text, (size_t)length, 0, (const struct sockaddr *)to, sizeof(*to)),
	    length);
	(void)close(sender);
	while (metric_read(received) == before) {
		(void)uv_run(&three->lab->loop, UV_RUN_ONCE);
	}
	(void)uv_run(&three->lab->loop, UV_RUN_NOWAIT);
}

static void assert_counts(const struct three *three, size_t source, unsigned published_by_it,
                          unsigned duplicates)
{
	const struct source_stats *stats = &three->lab->status.sources[source];

	assert_int_equal(metric_read(&stats->published), published_by_it);
	assert_int_equal(metric_read(&stats->duplicates), duplicates);
}

static void expect_json(struct three *three, unsigned revision)
{
	char expected[512];

	(void)snprintf(expected, sizeof(expected), X_JSON, revision);
	lab_expect(three->client, expected);
}

/* The JSON that was made of a line has members that X_JSON has not. */
static void expect_rendered(struct three *three, unsigned revision)
{
	char line[4096];
	char expected[64];

	(void)snprintf(expected, sizeof(expected), "\"revision\":{\"old\":1,\"new\":%u}", revision);
	assert_non_null(fgets(line, sizeof(line), three->client));
	assert_non_null(strstr(line, expected));
	assert_non_null(strstr(line, "\"namespace\":null"));
}

static void stop_three(struct three *three)
{
	stop(three->lab, three->feeder);
}

static void finish_three(struct three *three)
{
	lab_expect(three->client, "bye\n");
	lab_expect_end(three->client);
	lab_destroy(three->lab);
	feeder_destroy(three->feeder);
}

/* feeder.h: published once, for whoever was first; a source that repeats itself is believed. */
static void test_feeder_publishes_once_what_several_sources_bring(void **state)
{
	struct three three;

	(void)state;
	start_three(&three, "", "");
	send_to(&three, 0, 2);
	send_to(&three, 1, 2);
	send_to(&three, 2, 2);
	send_to(&three, 0, 2);
	send_to(&three, 1, 3);
	send_to(&three, 0, 3);
	send_to(&three, 2, 4);
	send_to(&three, 0, 4);
	assert_counts(&three, 0, 2, 2);
	assert_counts(&three, 1, 1, 1);
	assert_counts(&three, 2, 1, 1);
	assert_int_equal(metric_read(&three.lab->status.changes_published), 4);
	stop_three(&three);
	expect_json(&three, 2);
	expect_json(&three, 2);
	expect_json(&three, 3);
	expect_rendered(&three, 4); /* without a join_window the first form is the one */
	finish_three(&three);
}

/* options.def: a source with `deduplicate: false` takes no part, neither way. */
static void test_feeder_lets_a_source_repeat_others_if_told(void **state)
{
	struct three three;

	(void)state;
	start_three(&three, "join_window: 10", ", deduplicate: false");
	send_to(&three, 0, 2);
	send_to(&three, 2, 2);
	send_to(&three, 2, 3);
	send_to(&three, 0, 3);
	send_to(&three, 1, 3);
	assert_counts(&three, 0, 2, 0);
	assert_counts(&three, 1, 0, 1);
	assert_counts(&three, 2, 2, 0);
	stop_three(&three);
	expect_json(&three, 2);
	expect_rendered(&three, 2);
	expect_rendered(&three, 3);
	expect_json(&three, 3);
	finish_three(&three);
}

/* options.def: the number remembered is a limit. */
static void test_feeder_remembers_as_many_as_the_window_holds(void **state)
{
	struct three three;

	(void)state;
	start_three(&three, "window: 2", "");
	for (unsigned revision = 2; revision <= 4; revision++) {
		send_to(&three, 0, revision);
	}
	send_to(&three, 1, 3);
	send_to(&three, 1, 2);
	assert_counts(&three, 1, 1, 1);
	stop_three(&three);
	expect_json(&three, 2);
	expect_json(&three, 3);
	expect_json(&three, 4);
	expect_json(&three, 2);
	finish_three(&three);
}

/* joiner.h: from the second change on the two forms are joined, in order; at the end what is
 * still held is published. */
static void test_feeder_joins_two_forms_in_the_window(void **state)
{
	struct three three;

	(void)state;
	start_three(&three, "join_window: 10", "");
	send_to(&three, 2, 2);
	send_to(&three, 0, 2);
	expect_rendered(&three, 2);
	send_to(&three, 2, 3);
	send_to(&three, 0, 4);
	send_to(&three, 2, 4);
	send_to(&three, 0, 3);
	expect_json(&three, 3);
	expect_json(&three, 4);
	send_to(&three, 2, 5);
	stop_three(&three);
	expect_rendered(&three, 5);
	assert_counts(&three, 0, 1, 2);
	assert_counts(&three, 2, 3, 1);
	finish_three(&three);
}

/* options.def: what waits in vain goes when the window ends, though nothing else happens. */
static void test_feeder_lets_go_when_the_join_window_ends(void **state)
{
	struct three three;
	uint64_t before;

	(void)state;
	start_three(&three, "join_window: 50ms", "");
	send_to(&three, 2, 2);
	send_to(&three, 0, 2);
	expect_rendered(&three, 2);
	before = uv_hrtime();
	send_to(&three, 2, 3);
	while (metric_read(&three.lab->status.workers[0].handed_over) < 2) {
		(void)uv_run(&three.lab->loop, UV_RUN_ONCE);
	}
	assert_true(uv_hrtime() - before >= 49 * (uint64_t)1000000);
	expect_rendered(&three, 3);
	stop_three(&three);
	finish_three(&three);
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
	assert_false(feeder_start(feeder, lab->conf, &error));
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
	    cmocka_unit_test(test_feeder_never_goes_back_in_time),
	    cmocka_unit_test(test_feeder_pauses_the_sources_while_a_worker_is_behind),
	    cmocka_unit_test(test_feeder_notes_when_a_change_arrived),
	    cmocka_unit_test(test_feeder_publishes_once_what_several_sources_bring),
	    cmocka_unit_test(test_feeder_lets_a_source_repeat_others_if_told),
	    cmocka_unit_test(test_feeder_remembers_as_many_as_the_window_holds),
	    cmocka_unit_test(test_feeder_joins_two_forms_in_the_window),
	    cmocka_unit_test(test_feeder_lets_go_when_the_join_window_ends),
	    cmocka_unit_test(test_feeder_tells_which_source_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
