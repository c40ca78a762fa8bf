/* SPDX-License-Identifier: Apache-2.0 */
/* server/worker: threads with clients of their own, real sockets and a made-up front-end. */
#include "server/worker.h"

#include <sys/stat.h>

#include "test/server/lab.h"

#define CONFIGURATION "irc: {}\n"

static int setup(void **state)
{
	struct lab *lab = lab_create(CONFIGURATION);

	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_destroy(*state);
	return 0;
}

/* Hand the changes {"n":first} to {"n":last} over to every worker, as the feeder does. */
static void hand_over(struct lab *lab, unsigned first, unsigned last)
{
	size_t count = last - first + 1;
	struct change **batch = mem_zeroed(count * sizeof(*batch));

	for (unsigned i = 0; i < count; i++) {
		char json[32];
		struct change_parts parts = {.wiki = {"w", 1}, .channel = {"#w", 2}};

		parts.json.bytes = json;
		parts.json.length = (size_t)snprintf(json, sizeof(json), "{\"n\":%u}", first + i);
		batch[i] = change_create(&parts);
		batch[i]->id = first + i;
		change_ref(batch[i], LAB_WORKERS - 1);
	}
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_hand_over(lab->workers[i], batch, count);
	}
	free(batch);
}

/* worker.h: every worker's clients get every change, in order; the end says goodbye after them. */
static void test_worker_delivers_what_is_handed_over(void **state)
{
	struct lab *lab = *state;
	FILE *clients[2 * LAB_WORKERS];

	lab_start_workers(lab);
	for (unsigned i = 0; i < 2 * LAB_WORKERS; i++) {
		clients[i] = lab_connect(lab, i % LAB_WORKERS);
	}
	hand_over(lab, 1, 1);
	for (unsigned i = 0; i < 2 * LAB_WORKERS; i++) {
		lab_expect_changes(clients[i], 1, 1);
	}
	for (unsigned i = 2; i <= 2000; i += 37) {
		hand_over(lab, i, i + 36);
	}
	lab_end_workers(lab);
	for (unsigned i = 0; i < 2 * LAB_WORKERS; i++) {
		lab_expect_changes(clients[i], 2, 1999 / 37 * 37 + 1);
	}
	for (unsigned i = 0; i < 2 * LAB_WORKERS; i++) {
		unsigned next = 1999 / 37 * 37 + 2;
		char line[64];

		while (fgets(line, sizeof(line), clients[i]) != NULL && line[0] == '{') {
			assert_int_equal(strtoul(line + 5, NULL, 10), next++);
		}
		assert_string_equal(line, "bye\n");
		lab_expect_end(clients[i]);
	}
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_join(lab->workers[i]);
	}
	assert_int_equal(lab->ends, LAB_WORKERS);
	assert_int_equal(status_queued(&lab->status), 0);
	/* All are remembered; the figures are summed, so one worker tells them. */
	assert_int_equal(metric_read(&lab->status.workers[0].metrics.history_changes),
	                 metric_read(&lab->status.workers[0].metrics.changes_received));
	assert_true(metric_read(&lab->status.workers[0].metrics.history_bytes) > 0);
	assert_int_equal(metric_read(&lab->status.workers[1].metrics.history_changes), 0);
}

static void move_to(FILE *client, unsigned worker)
{
	char line[] = "move 0\n";

	line[5] = (char)('0' + worker);
	assert_int_equal(send(fileno(client), line, 7, 0), 7);
	lab_expect(client, "hello\n");
	lab_expect(client, "moved\n");
}

static void assert_places(struct lab *lab, size_t places)
{
	struct address_figures figures;

	address_limits_figures(lab->addresses, &figures);
	assert_int_equal(figures.taken, places);
	assert_int_equal(figures.addresses, places > 0 ? 1 : 0);
}

/* worker.h: a connection moves to another worker, again and again, and gets its changes there. */
static void test_worker_moves_connections(void **state)
{
	struct lab *lab = *state;
	FILE *client;

	lab_start_workers(lab);
	client = lab_connect(lab, 0);
	for (unsigned i = 1; i <= 30; i++) {
		move_to(client, i % LAB_WORKERS);
		hand_over(lab, i, i);
		lab_expect_changes(client, i, i);
		/* The others may be behind; what they get later would come to it twice. */
		while (status_queued(&lab->status) > 0) {
			uv_sleep(1);
		}
	}
	assert_int_equal(metric_read(&lab->status.workers[0].metrics.connections_open), 1);
	assert_places(lab, 1);
	assert_int_equal(send(fileno(client), "move 1\nmove 2\n", 14, 0), 14);
	lab_expect(client, "hello\n");
	lab_expect(client, "moved\n");
	lab_expect(client, "hello\n");
	lab_expect(client, "moved\n");
	lab_end_workers(lab);
	lab_expect(client, "bye\n");
	lab_expect_end(client);
}

/*
 * errand.h: it visits every worker, the sender too, as often as it says that there is more, and is
 * done where it was sent.
 */
static void test_worker_has_errands_visit_all(void **state)
{
	struct lab *lab = *state;
	FILE *clients[LAB_WORKERS];

	atomic_store(&lab_visits, 0);
	atomic_store(&lab_dones, 0);
	atomic_store(&lab_drops, 0);
	lab_start_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		clients[i] = lab_connect(lab, i);
		assert_int_equal(send(fileno(clients[i]), "ask\n", 4, 0), 4);
	}
	while (lab_dones < LAB_WORKERS) {
		uv_sleep(1);
	}
	assert_int_equal(lab_visits, LAB_WORKERS * LAB_WORKERS * 2);
	assert_int_equal(lab_drops, 0);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		(void)fclose(clients[i]);
	}
}

/* errand.h: one that is under way when the workers end is done or dropped, and nothing leaks. */
static void test_worker_ends_while_errands_are_under_way(void **state)
{
	struct lab *lab = *state;
	FILE *clients[30];
	char line[64];

	atomic_store(&lab_dones, 0);
	atomic_store(&lab_drops, 0);
	lab_start_workers(lab);
	for (unsigned i = 0; i < 30; i++) {
		clients[i] = lab_connect(lab, i % LAB_WORKERS);
	}
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(send(fileno(clients[i]), "ask\n", 4, 0), 4);
		if (i == 20) {
			lab_end_workers(lab);
		}
	}
	for (unsigned i = 0; i < 30; i++) {
		while (fgets(line, sizeof(line), clients[i]) != NULL) {}
		(void)fclose(clients[i]);
	}
	assert_true(lab_dones + lab_drops <= 30);
}

/*
 * worker.h: the end may come while connections are on their way: each ends, with a
 * goodbye or cut off, and nothing leaks (LeakSanitizer, lab_destroy()).
 */
static void test_worker_ends_while_connections_move(void **state)
{
	struct lab *lab = *state;
	FILE *clients[60];
	char line[64];

	lab_start_workers(lab);
	for (unsigned i = 0; i < 60; i++) {
		clients[i] = lab_connect(lab, i % LAB_WORKERS);
	}
	for (unsigned i = 0; i < 60; i++) {
		char move[] = "move 0\nmove 1\nmove 2\nmove 0\n";

		assert_int_equal(send(fileno(clients[i]), move, sizeof(move) - 1, 0),
		                 sizeof(move) - 1);
		if (i == 40) {
			lab_end_workers(lab);
		}
	}
	for (unsigned i = 0; i < 60; i++) {
		while (fgets(line, sizeof(line), clients[i]) != NULL) {}
		(void)fclose(clients[i]);
	}
}

/* One over the limit of its address is refused by whichever worker it comes to. */
static void test_worker_counts_addresses_with_the_others(void **state)
{
	struct lab *lab = *state;
	FILE *clients[100];
	char byte;
	int refused;

	lab_start_workers(lab);
	for (unsigned i = 0; i < 100; i++) {
		clients[i] = lab_connect(lab, i % LAB_WORKERS);
	}
	assert_places(lab, 100);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		refused = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(refused, (struct sockaddr *)&lab->names[i].address,
		                         lab->names[i].length),
		                 0);
		assert_int_equal(recv(refused, &byte, 1, 0), 0);
		(void)close(refused);
		assert_int_equal(
		    metric_read(&lab->status.workers[i].metrics.connections_refused_address), 1);
	}
	for (unsigned i = 0; i < 100; i++) {
		(void)fclose(clients[i]);
	}
	lab_end_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_join(lab->workers[i]);
	}
	assert_places(lab, 0);
}

/* worker.h: a mailbox that is full has no room; on_room() comes when the worker has taken what
 * waits. */
static void test_worker_tells_when_it_has_room_again(void **state)
{
	struct lab *lab = *state;
	unsigned next = 1;

	while (worker_has_room(lab->workers[0])) {
		hand_over(lab, next, next + 999);
		next += 1000;
	}
	assert_int_equal(status_queued(&lab->status), next - 1);
	assert_int_equal(lab->rooms, 0);
	lab_start_workers(lab);
	while (lab->rooms == 0) {
		(void)uv_run(&lab->loop, UV_RUN_ONCE);
	}
	lab_end_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_join(lab->workers[i]);
	}
	assert_int_equal(status_queued(&lab->status), 0);
	assert_int_equal(metric_read(&lab->status.workers[1].metrics.changes_received), next - 1);
}

/* worker.h: one that never ran is destroyed with all that waits for it. */
static void test_worker_that_never_ran_is_destroyed(void **state)
{
	struct lab *lab = *state;
	struct migrant migrant = {.descriptor = socket(AF_INET, SOCK_STREAM, 0)};
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	enum close_reason reason;

	hand_over(lab, 1, 10);
	migrant.place = address_limits_enter(lab->addresses, &peer, &reason);
	assert_non_null(migrant.place);
	migrant.cargo = mem_copy_text("cargo", 5);
	buffer_append_text(&migrant.unread, "unread");
	atomic_fetch_add(&lab_cargoes, 1);
	worker_move(lab->workers[1], 0, &migrant);
	worker_destroy(NULL);
}

/* worker.h: NULL with a sentence when a socket cannot be listened on; it is taken over all the
 * same. */
static void test_worker_is_not_made_of_a_bad_socket(void **state)
{
	struct lab *lab = *state;
	struct worker_socket sockets[2] = {{.descriptor = dup(0)}, {.descriptor = dup(0)}};
	struct worker_options options = {
	    .conf = lab->conf,
	    .status = &lab->status,
	    .all = lab->workers,
	    .sockets = sockets,
	    .socket_count = 2,
	};
	struct error error = {""};
	struct stat unused;

	assert_null(worker_create(&options, &error));
	assert_non_null(strstr(error.text, "cannot listen: "));
	assert_int_equal(fstat(sockets[0].descriptor, &unused), -1);
	assert_int_equal(fstat(sockets[1].descriptor, &unused), -1);
}

/* worker.h: another configuration reaches every worker; the one of before is let go of. */
static void test_worker_changes_over_to_another_configuration(void **state)
{
	struct lab *lab = *state;
	unsigned before = atomic_load(&lab_confs);
	struct buffer errors = {0};
	const struct conf *next = conf_parse("test", CONFIGURATION, strlen(CONFIGURATION), &errors);
	FILE *client;

	lab_start_workers(lab);
	client = lab_connect(lab, 1);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		worker_change(lab->workers[i], next);
	}
	conf_destroy(next); /* theirs alone from now on */
	while (atomic_load(&lab_confs) < before + LAB_WORKERS) {
		uv_sleep(1);
	}
	hand_over(lab, 1, 3);
	lab_expect_changes(client, 1, 3);
	(void)fclose(client);
}

/* status.h: the beat is of late while the loop turns, also when nothing else happens. */
static void test_worker_beats(void **state)
{
	struct lab *lab = *state;

	lab_start_workers(lab);
	for (unsigned i = 0; i < LAB_WORKERS; i++) {
		metric *beat_ms = &lab->status.workers[i].beat_ms;
		uint64_t first_ms;

		while ((first_ms = metric_read(beat_ms)) == 0) {
			uv_sleep(1);
		}
		while (metric_read(beat_ms) < first_ms + 200) {
			uv_sleep(1);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_worker_delivers_what_is_handed_over),
	    TEST(test_worker_moves_connections),
	    TEST(test_worker_ends_while_connections_move),
	    TEST(test_worker_has_errands_visit_all),
	    TEST(test_worker_ends_while_errands_are_under_way),
	    TEST(test_worker_counts_addresses_with_the_others),
	    TEST(test_worker_tells_when_it_has_room_again),
	    TEST(test_worker_changes_over_to_another_configuration),
	    TEST(test_worker_beats),
	    TEST(test_worker_that_never_ran_is_destroyed),
	    TEST(test_worker_is_not_made_of_a_bad_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
