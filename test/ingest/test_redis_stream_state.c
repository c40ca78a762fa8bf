/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_state.h"

#include <sys/stat.h>

#include "test/ingest/rig.h"

static const char *names_items[] = {"rc.enwiki", "a \"b\"\\"};
static const struct conf_strings names = {.items = names_items, .count = 2};
static const struct log_scope scope = {.name = "test"};

struct place {
	char folder[32];
	char file[64];
	uv_loop_t loop;
	struct redis_stream_position positions[2];
	struct error error;
};

static void place_init(struct place *place)
{
	*place = (struct place){.folder = "/tmp/rcstreamd-XXXXXX"};
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->file, sizeof(place->file), "%s/state.json", place->folder);
	assert_int_equal(uv_loop_init(&place->loop), 0);
}

static void place_finish(struct place *place)
{
	(void)uv_run(&place->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&place->loop), 0);
	(void)unlink(place->file);
	assert_int_equal(rmdir(place->folder), 0); /* no other file is left */
}

static void write_text(const char *file, const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static void assert_text(const char *file, const char *expected)
{
	char text[512] = "";
	FILE *stream = fopen(file, "r");

	assert_non_null(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text, expected);
}

static struct redis_stream_state *create(struct place *place)
{
	return redis_stream_state_create(place->file, &names, place->positions, &place->error);
}

static void turn(struct place *place, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		(void)uv_run(&place->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
}

/* redis_stream_state.h: a file that is not there is an empty one; it is made at once. */
static void test_state_begins_empty(void **state)
{
	struct redis_stream_state *kept;
	struct place place;

	(void)state;
	place_init(&place);
	kept = create(&place);
	assert_non_null(kept);
	assert_false(place.positions[0].is_known || place.positions[1].is_known);
	assert_text(place.file, "{}");
	redis_stream_state_destroy(kept);
	place_finish(&place);
}

/* What was written is read back, streams of any name, with and without the count. */
static void test_state_is_read_back(void **state)
{
	static const char text[] =
	    "{\n \"rc.enwiki\": {\n  \"id\": \"12-3\",\n  \"entries\": 4\n },\n"
	    " \"a \\\"b\\\"\\\\\": {\n  \"id\": \"0-1\"\n }\n}";
	struct redis_stream_state *kept;
	struct place place;

	(void)state;
	place_init(&place);
	write_text(place.file, text);
	kept = create(&place);
	assert_non_null(kept);
	assert_true(place.positions[0].is_known && place.positions[0].id.ms == 12);
	assert_true(place.positions[0].id.sequence == 3);
	assert_true(place.positions[0].has_entries && place.positions[0].entries == 4);
	assert_true(place.positions[1].is_known && place.positions[1].id.sequence == 1);
	assert_false(place.positions[1].has_entries);
	assert_text(place.file, text);
	redis_stream_state_destroy(kept);
	place_finish(&place);
}

/* At most once a second, by a thread; what is touched meanwhile is in the next one. */
static void test_state_is_written_within_a_second(void **state)
{
	struct redis_stream_state *kept;
	struct place place;

	(void)state;
	place_init(&place);
	kept = create(&place);
	redis_stream_state_start(kept, &place.loop, &scope);
	for (uint64_t i = 1; i <= 20; i++) {
		place.positions[0] = (struct redis_stream_position){.is_known = true, .id = {i, 0}};
		redis_stream_state_touch(kept);
		turn(&place, 20);
	}
	assert_text(place.file, "{}");
	turn(&place, 1200);
	assert_text(place.file, "{\n \"rc.enwiki\": {\n  \"id\": \"20-0\"\n }\n}");
	place.positions[0].id.ms = 21;
	redis_stream_state_touch(kept);
	turn(&place, 1500);
	assert_text(place.file, "{\n \"rc.enwiki\": {\n  \"id\": \"21-0\"\n }\n}");
	redis_stream_state_stop(kept);
	(void)uv_run(&place.loop, UV_RUN_DEFAULT);
	redis_stream_state_destroy(kept);
	place_finish(&place);
}

/* The last position is in the file when the process ends, also when a thread is writing. */
static void test_state_is_written_at_the_end(void **state)
{
	(void)state;
	for (unsigned wait_ms = 0; wait_ms < 1100; wait_ms += 1000) {
		struct redis_stream_state *kept;
		struct place place;

		place_init(&place);
		kept = create(&place);
		redis_stream_state_start(kept, &place.loop, &scope);
		place.positions[1] = (struct redis_stream_position){.is_known = true, .id = {1, 0}};
		redis_stream_state_touch(kept);
		if (wait_ms > 0) {
			uv_sleep(wait_ms + 10);
			(void)uv_run(&place.loop, UV_RUN_NOWAIT); /* the timer: a thread begins */
		}
		place.positions[1].id.ms = 2;
		redis_stream_state_touch(kept);
		redis_stream_state_stop(kept);
		(void)uv_run(&place.loop, UV_RUN_DEFAULT);
		assert_text(place.file, "{\n \"a \\\"b\\\"\\\\\": {\n  \"id\": \"2-0\"\n }\n}");
		redis_stream_state_destroy(kept);
		place_finish(&place);
	}
}

/* To begin anew without a word would be to lose one's place. */
static void test_state_that_is_none_is_refused_and_kept(void **state)
{
	static const char *const texts[] = {
	    "",
	    "{",
	    "[]",
	    "{\"rc.enwiki\": {}}",
	    "{\"rc.enwiki\": {\"id\": 1}}",
	    "{\"rc.enwiki\": {\"id\": \"x\"}}",
	    "{\"rc.enwiki\": {\"id\": \"1\"}, \"rc.enwiki\": {\"id\": \"2\"}}",
	};
	struct place place;

	(void)state;
	place_init(&place);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(place.file, texts[i]);
		assert_null(create(&place));
		assert_non_null(strstr(place.error.text, "is no state of redis-stream"));
		assert_text(place.file, texts[i]);
	}
	place_finish(&place);
	redis_stream_state_destroy(NULL);
}

/* A folder that is not there shows at the start, not an hour later. */
static void test_state_that_cannot_be_written_is_refused(void **state)
{
	struct place place;

	(void)state;
	place_init(&place);
	(void)snprintf(place.file, sizeof(place.file), "%s/no/state.json", place.folder);
	assert_null(create(&place));
	assert_non_null(strstr(place.error.text, "state_file: "));
	assert_non_null(strstr(place.error.text, "No such file or directory"));
	place_finish(&place);
}

/* Once started it goes on without the file, and writes it as soon as that can be done. */
static void test_state_is_written_when_it_can_be_again(void **state)
{
	struct redis_stream_state *kept;
	struct place place;

	(void)state;
	place_init(&place);
	kept = create(&place);
	redis_stream_state_start(kept, &place.loop, &scope);
	(void)unlink(place.file);
	assert_int_equal(rmdir(place.folder), 0);
	place.positions[0] = (struct redis_stream_position){.is_known = true, .id = {7, 0}};
	redis_stream_state_touch(kept);
	turn(&place, 1300);
	assert_int_equal(mkdir(place.folder, 0700), 0);
	turn(&place, 1300);
	assert_text(place.file, "{\n \"rc.enwiki\": {\n  \"id\": \"7-0\"\n }\n}");
	redis_stream_state_stop(kept);
	(void)uv_run(&place.loop, UV_RUN_DEFAULT);
	redis_stream_state_destroy(kept);
	place_finish(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_state_begins_empty),
	    cmocka_unit_test(test_state_is_read_back),
	    cmocka_unit_test(test_state_is_written_within_a_second),
	    cmocka_unit_test(test_state_is_written_at_the_end),
	    cmocka_unit_test(test_state_that_is_none_is_refused_and_kept),
	    cmocka_unit_test(test_state_that_cannot_be_written_is_refused),
	    cmocka_unit_test(test_state_is_written_when_it_can_be_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
