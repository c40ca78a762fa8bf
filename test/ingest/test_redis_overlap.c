/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_overlap.h"

#include "test/ingest/rig.h"

static bool is_first(struct redis_overlap *overlap, size_t pattern, const char *channel,
                     const char *payload)
{
	return redis_overlap_is_first(overlap, pattern, (struct text){channel, strlen(channel)},
	                              (struct text){payload, strlen(payload)});
}

/* Redis sends it once for each pattern that matches, one behind the other. */
static void test_overlap_takes_once_what_several_patterns_match(void **state)
{
	struct redis_overlap overlap = {0};

	(void)state;
	assert_true(is_first(&overlap, 0, "rc.enwiki", "a"));
	assert_false(is_first(&overlap, 63, "rc.enwiki", "a"));
	assert_false(is_first(&overlap, 1, "rc.enwiki", "a"));
	assert_true(is_first(&overlap, 0, "rc.enwiki", "b"));
	assert_false(is_first(&overlap, 1, "rc.enwiki", "b"));
	redis_overlap_finish(&overlap);
}

/* The same pattern again: someone published the same again, and that is another change. */
static void test_overlap_takes_what_was_published_twice_twice(void **state)
{
	struct redis_overlap overlap = {0};

	(void)state;
	assert_true(is_first(&overlap, 0, "rc", "a"));
	assert_true(is_first(&overlap, 0, "rc", "a"));
	assert_false(is_first(&overlap, 1, "rc", "a"));
	assert_true(is_first(&overlap, 1, "rc", "a"));
	assert_false(is_first(&overlap, 0, "rc", "a"));
	redis_overlap_finish(&overlap);
}

/* Neither another channel nor another cut of the same bytes is the same. */
static void test_overlap_compares_channel_and_payload(void **state)
{
	struct redis_overlap overlap = {0};

	(void)state;
	assert_true(is_first(&overlap, 0, "rc", "ab"));
	assert_true(is_first(&overlap, 1, "rca", "b"));
	assert_true(is_first(&overlap, 2, "rd", "ab"));
	assert_true(is_first(&overlap, 3, "rd", "abc"));
	assert_true(is_first(&overlap, 4, "", ""));
	assert_false(is_first(&overlap, 5, "", ""));
	redis_overlap_finish(&overlap);
}

static void test_overlap_forgets_what_another_connection_sent(void **state)
{
	struct redis_overlap overlap = {0};

	(void)state;
	assert_true(is_first(&overlap, 0, "rc", "a"));
	redis_overlap_reset(&overlap);
	assert_true(is_first(&overlap, 1, "rc", "a"));
	redis_overlap_finish(&overlap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_overlap_takes_once_what_several_patterns_match),
	    cmocka_unit_test(test_overlap_takes_what_was_published_twice_twice),
	    cmocka_unit_test(test_overlap_compares_channel_and_payload),
	    cmocka_unit_test(test_overlap_forgets_what_another_connection_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
