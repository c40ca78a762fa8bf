/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/ingest: the table of sources, and what all of them do alike. */
#include "test/ingest/rig.h"

/* source.h: each type of the configuration has its constant, complete. */
static void test_ingest_finds_a_source_by_its_type(void **state)
{
	static const char *const types[] = {"rc2udp", "rcfeed-udp", "redis", "redis-stream",
	                                    "replay"};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct source_type *type = source_type_find(types[i]);

		assert_non_null(type);
		assert_string_equal(type->type, types[i]);
		assert_true(type->start != NULL && type->pause != NULL && type->resume != NULL);
		assert_true(type->stop != NULL && type->destroy != NULL);
		type->destroy(NULL);
	}
	assert_null(source_type_find("rc2ud"));
	assert_null(source_type_find(""));
}

/* source.h: a drop is counted by its reason. */
static void test_ingest_counts_drops_by_reason(void **state)
{
	struct source_stats stats = {0};
	struct source_env env = {.stats = &stats, .log = {.name = "test"}};

	(void)state;
	source_drop(&env, DROP_NO_TAB);
	source_drop(&env, DROP_NO_TAB);
	source_drop(&env, DROP_NOT_UTF8);
	assert_int_equal(metric_read(&stats.dropped[DROP_NO_TAB]), 2);
	assert_int_equal(metric_read(&stats.dropped[DROP_NOT_UTF8]), 1);
	assert_int_equal(metric_read(&stats.dropped[DROP_TRUNCATED]), 0);
}

/* source.h: a canary event is counted, and counts as the last that was seen of the source. */
static void test_ingest_takes_a_canary_for_a_sign_of_life(void **state)
{
	struct source_stats stats = {0};
	struct source_env env = {.stats = &stats, .log = {.name = "test"}};
	struct clock before;

	(void)state;
	clock_update(&before);
	source_drop(&env, DROP_NO_TAB);
	assert_int_equal(metric_read(&stats.last_change_ms), 0);
	source_drop(&env, DROP_CANARY);
	assert_int_equal(metric_read(&stats.dropped[DROP_CANARY]), 1);
	assert_true(metric_read(&stats.last_change_ms) >= before.wall_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ingest_finds_a_source_by_its_type),
	    cmocka_unit_test(test_ingest_counts_drops_by_reason),
	    cmocka_unit_test(test_ingest_takes_a_canary_for_a_sign_of_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
