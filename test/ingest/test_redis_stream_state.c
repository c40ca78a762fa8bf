/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/redis_stream_state: how far each stream was read. */
#include "ingest/redis_stream_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *names_items[] = {"rc.enwiki", "a \"b\"\\"};
static const struct conf_strings names = {.items = names_items, .count = 2};

static void assert_makes(const struct redis_stream_position *positions, const char *expected)
{
	struct buffer content = {0};

	redis_stream_state_make(&content, &names, positions);
	buffer_append_byte(&content, '\0');
	assert_string_equal(content.bytes, expected);
	buffer_finish(&content);
}

static bool parse(const char *content, struct redis_stream_position *positions)
{
	return redis_stream_state_parse((struct text){content, strlen(content)}, &names, positions);
}

/* redis_stream_state.h: a stream whose position is not known has no part in it. */
static void test_unknown_positions_make_an_empty_object(void **state)
{
	struct redis_stream_position positions[2] = {{0}};

	(void)state;
	assert_makes(positions, "{}");
	assert_true(parse("{}", positions));
	assert_false(positions[0].is_known || positions[1].is_known);
}

/* What was made is parsed: streams of any name, with and without the count. */
static void test_what_was_made_is_parsed(void **state)
{
	static const char content[] =
	    "{\n \"rc.enwiki\": {\n  \"id\": \"12-3\",\n  \"entries\": 4\n },\n"
	    " \"a \\\"b\\\"\\\\\": {\n  \"id\": \"0-1\"\n }\n}";
	struct redis_stream_position positions[2] = {{0}};

	(void)state;
	assert_true(parse(content, positions));
	assert_true(positions[0].is_known && positions[0].id.ms == 12);
	assert_true(positions[0].id.sequence == 3);
	assert_true(positions[0].has_entries && positions[0].entries == 4);
	assert_true(positions[1].is_known && positions[1].id.sequence == 1);
	assert_false(positions[1].has_entries);
	assert_makes(positions, content);
}

/* redis_stream_state.h: what the file does not have stays as it is; others' streams go. */
static void test_other_streams_are_passed_over(void **state)
{
	struct redis_stream_position positions[2] = {{.is_known = true, .id = {5, 0}}};

	(void)state;
	assert_true(parse("{\"rc.dewiki\": {\"id\": \"9-9\"}}", positions));
	assert_makes(positions, "{\n \"rc.enwiki\": {\n  \"id\": \"5-0\"\n }\n}");
}

/* To begin anew without a word would be to lose one's place. */
static void test_what_is_no_state_is_refused(void **state)
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

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct redis_stream_position positions[2] = {{0}};

		assert_false(parse(texts[i], positions));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unknown_positions_make_an_empty_object),
	    cmocka_unit_test(test_what_was_made_is_parsed),
	    cmocka_unit_test(test_other_streams_are_passed_over),
	    cmocka_unit_test(test_what_is_no_state_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
