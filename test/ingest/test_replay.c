/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/replay: a file of changes, played at a rate. */
#include "ingest/replay.h"

#include <fcntl.h>
#include <jansson.h>

#include "test/ingest/rig.h"

static char file[] = "/tmp/test_replay_XXXXXX";

static void write_file(const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static struct rig *create(const char *options)
{
	char entry[512];

	(void)snprintf(entry, sizeof(entry), "{type: replay, file: \"%s\", %s}", file, options);
	return rig_create(entry);
}

#define LINE(n) "{\"id\":" #n ",\"server_name\":\"en.wikipedia.org\"}\n"

/* The id of a published change. */
static long long id_of(const struct change *change)
{
	json_t *object = json_loadb(change_json(change).bytes, change_json(change).length, 0, NULL);
	long long id = json_integer_value(json_object_get(object, "id"));

	json_decref(object);
	return id;
}

/* Let the clock pass and the timer run; real time is only the timer's. */
static void play_for(struct rig *rig, uint64_t ms)
{
	rig->clock.now_ms += ms;
	rig_turn(rig, 60, SIZE_MAX);
}

/* replay.c: as many lines as the clock says are due by now, however late the timer is. */
static void test_replay_keeps_its_rate(void **state)
{
	struct error error = {""};
	struct rig *rig;

	(void)state;
	write_file(LINE(1) LINE(2) LINE(3));
	rig = create("rate: 50, loop: true");
	assert_true(rig_start(rig, &error));
	play_for(rig, 0);
	assert_int_equal(rig->count, 0);
	play_for(rig, 19);
	assert_int_equal(rig->count, 0);
	play_for(rig, 1);
	assert_int_equal(rig->count, 1);
	play_for(rig, 980);
	assert_int_equal(rig->count, 50);
	for (size_t i = 0; i < rig->count; i++) {
		assert_int_equal(id_of(rig->changes[i]), i % 3 + 1);
	}
	assert_int_equal(metric_read(&rig->stats.received), 50);
	rig_destroy(rig);
}

/* replay.h: without `loop` it ends with the file, whatever its last line ends with. */
static void test_replay_ends_with_the_file(void **state)
{
	static const char *const texts[] = {
	    LINE(1) LINE(2), LINE(1) "{\"id\":2,\"server_name\":\"en.wikipedia.org\"}",
	    "\n\n" LINE(1) "\n\r\n" LINE(2) "\n\n"};
	struct error error = {""};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig *rig;

		write_file(texts[i]);
		rig = create("rate: 1000, loop: false");
		assert_true(rig_start(rig, &error));
		play_for(rig, 100);
		assert_int_equal(rig->count, 2);
		/* A pause does not begin it again. */
		rig->type->pause(rig->source);
		rig->type->resume(rig->source);
		play_for(rig, 100);
		assert_int_equal(rig->count, 2);
		rig_destroy(rig);
	}
}

/* source.h: nothing is published while it pauses, and what was due then is not owed after. */
static void test_replay_pauses(void **state)
{
	struct error error = {""};
	struct rig *rig;

	(void)state;
	write_file(LINE(1));
	rig = create("rate: 100, loop: true");
	assert_true(rig_start(rig, &error));
	play_for(rig, 100);
	assert_int_equal(rig->count, 10);
	rig->type->pause(rig->source);
	play_for(rig, 1000);
	assert_int_equal(rig->count, 10);
	rig->type->resume(rig->source);
	play_for(rig, 50);
	assert_int_equal(rig->count, 15);
	rig_destroy(rig);
}

/* replay.h: `refresh` gives the present time as `timestamp` and ids that count on through the
 * rounds. */
static void test_replay_refreshes(void **state)
{
	struct error error = {""};
	struct rig *rig;

	(void)state;
	write_file(
	    "{\"id\":7,\"timestamp\":1,\"server_name\":\"en.wikipedia.org\",\"a\":\"\\u00e9\"}\n"
	    "{\"id\":null,\"server_name\":\"en.wikipedia.org\"}\n");
	rig = create("rate: 1000, loop: true, refresh: true");
	rig->clock.wall_ms = UINT64_C(1700000000123);
	assert_true(rig_start(rig, &error));
	play_for(rig, 4);
	assert_int_equal(rig->count, 4);
	assert_string_equal(
	    change_json(rig->changes[0]).bytes,
	    "{\"id\":1,\"timestamp\":1700000000,\"server_name\":\"en.wikipedia.org\","
	    "\"a\":\"\\u00E9\"}");
	assert_string_equal(change_json(rig->changes[1]).bytes,
	                    "{\"id\":null,\"server_name\":\"en.wikipedia.org\","
	                    "\"timestamp\":1700000000}");
	assert_int_equal(id_of(rig->changes[2]), 2);
	rig_destroy(rig);
}

/* source.h: a line that is no change is counted by its reason, and takes its turn in the rate. */
static void test_replay_counts_what_it_cannot_read(void **state)
{
	struct error error = {""};

	(void)state;
	write_file("nonsense\n" LINE(1) "[]\n");
	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = create(i == 0 ? "rate: 1000, loop: true"
		                                : "rate: 1000, loop: true, refresh: true");

		assert_true(rig_start(rig, &error));
		play_for(rig, 6);
		assert_int_equal(rig->count, 2);
		assert_int_equal(metric_read(&rig->stats.received), 6);
		assert_int_equal(rig_dropped(rig, DROP_JSON_SYNTAX), 2);
		assert_int_equal(rig_dropped(rig, DROP_NOT_AN_OBJECT), 2);
		rig_destroy(rig);
	}
}

/* replay.h: a file that is missing, a folder or without a line is told at the start. */
static void test_replay_refuses_a_file_without_changes(void **state)
{
	static const char *const texts[] = {"", "\n", "\n\n\n"};
	struct error error = {""};
	struct rig *rig;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		write_file(texts[i]);
		rig = create("loop: true");
		assert_false(rig_start(rig, &error));
		assert_non_null(strstr(error.text, ": is empty"));
		rig_destroy(rig);
	}
	rig = rig_create("{type: replay, file: /nonexistent}");
	assert_false(rig_start(rig, &error));
	assert_string_equal(error.text, "/nonexistent: No such file or directory");
	rig_destroy(rig);
	rig = rig_create("{type: replay, file: /tmp}");
	assert_false(rig_start(rig, &error));
	assert_non_null(strstr(error.text, "/tmp: "));
	rig_destroy(rig);
}

static int create_file(void **state)
{
	int descriptor = mkstemp(file);

	(void)state;
	return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replay_keeps_its_rate),
	    cmocka_unit_test(test_replay_ends_with_the_file),
	    cmocka_unit_test(test_replay_pauses),
	    cmocka_unit_test(test_replay_refreshes),
	    cmocka_unit_test(test_replay_counts_what_it_cannot_read),
	    cmocka_unit_test(test_replay_refuses_a_file_without_changes),
	};

	return cmocka_run_group_tests(tests, create_file, remove_file);
}
