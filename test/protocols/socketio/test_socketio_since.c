/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_since.h"

#include "test/protocols/socketio/world.h"

static bool read_since(const char *json, struct socketio_since *since)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	bool is_read;

	assert_non_null(value);
	is_read = socketio_since_read(value, since);
	json_decref(value);
	return is_read;
}

static void assert_time(const char *json, uint64_t time_ms)
{
	struct socketio_since since;

	assert_true(read_since(json, &since));
	assert_int_equal(since.kind, SOCKETIO_SINCE_TIME);
	assert_int_equal(since.time_ms, time_ms);
}

/* What is written is read again, to the ends of what an id may be. */
static void test_a_position_is_read_as_it_was_written(void **state)
{
	static const uint64_t numbers[] = {0, 1, 4711, UINT64_C(0x19c0a5b2d10), UINT64_MAX};
	const size_t count = sizeof(numbers) / sizeof(numbers[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char position[SOCKETIO_POSITION_MAX];
		char json[SOCKETIO_POSITION_MAX + 2];
		struct socketio_since since;

		socketio_position_write(UINT64_C(0x19c0a5b2d10), numbers[i], position);
		(void)snprintf(json, sizeof(json), "\"%s\"", position);
		assert_true(read_since(json, &since));
		assert_int_equal(since.kind, SOCKETIO_SINCE_POSITION);
		assert_int_equal(since.run_ms, UINT64_C(0x19c0a5b2d10));
		assert_true(since.id == numbers[i]);
	}
}

/* ISO 8601 in UTC, and Unix time in seconds or, from 10^11 on, in milliseconds. */
static void test_a_time_is_read_in_every_form(void **state)
{
	(void)state;
	assert_time("\"2026-05-01T12:00:00Z\"", UINT64_C(1777636800000));
	assert_time("\"2026-05-01T12:00:00.25Z\"", UINT64_C(1777636800250));
	assert_time("\"2026-05-01T12:00:00.2509999Z\"", UINT64_C(1777636800250));
	assert_time("\"2024-02-29T23:59:60Z\"", UINT64_C(1709251200000));
	assert_time("\"1970-01-01T00:00:00Z\"", 0);
	assert_time("1777636800", UINT64_C(1777636800000));
	assert_time("1777636800.25", UINT64_C(1777636800250));
	assert_time("1777636800250", UINT64_C(1777636800250));
	assert_time("99999999999", UINT64_C(99999999999000));
	assert_time("100000000000", UINT64_C(100000000000));
	assert_time("0", 0);
}

/* Nothing else is a place to go on from, and nothing is guessed. */
static void test_anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "\"\"",
	    "null",
	    "true",
	    "[]",
	    "{}",
	    "-1",
	    "1e15",
	    "1e300",
	    "\"1777636800\"",
	    "\"yesterday\"",
	    "\"2026-05-01\"",
	    "\"2026-05-01T12:00:00\"",
	    "\"2026-05-01T12:00:00+00:00\"",
	    "\"2026-05-01 12:00:00Z\"",
	    "\"2026-05-01T12:00:00.Z\"",
	    "\"2026-05-01T12:00:00Zx\"",
	    "\"2026-02-31T12:00:00Z\"",
	    "\"2026-00-01T12:00:00Z\"",
	    "\"2026-13-01T12:00:00Z\"",
	    "\"2026-05-01T24:00:00Z\"",
	    "\"2026-05-01T12:60:00Z\"",
	    "\"1969-12-31T12:00:00Z\"",
	    "\"19c0a5b2d10\"",
	    "\"19c0a5b2d10-\"",
	    "\"19c0a5b2d10-01\"",
	    "\"19c0a5b2d10--1\"",
	    "\"19c0a5b2d10-1 \"",
	    "\"19C0A5B2D10-1\"",
	    "\"-1\"",
	    "\"19c0a5b2d10-18446744073709551616\"",
	    "\"11111111111111111-1\"",
	    "\"19c0a5b2d10-1\\u0000\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct socketio_since since;

		if (read_since(wrong[i], &since)) {
			fail_msg("%s was read", wrong[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_position_is_read_as_it_was_written),
	    cmocka_unit_test(test_a_time_is_read_in_every_form),
	    cmocka_unit_test(test_anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
